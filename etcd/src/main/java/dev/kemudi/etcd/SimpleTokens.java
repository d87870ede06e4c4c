package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.User;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Bytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/*
 * Tokens without a table
 * ----------------------
 * etcd sends every token through Raft, so that all members know it, and forgets all of them at a restart.
 * Here a token carries its user and time and is signed with a secret that lies among the accounts, so every
 * member can check it at once and authenticating writes nothing. The signature covers the user's stored
 * password hash too: whoever changes the password or deletes the user makes the tokens void, and switching
 * the accounts off and on again makes a new secret.
 *
 * As in etcd a token lives for its time to live after its last use on the member that sees it. Only those
 * last uses are held in memory, a bounded number of them; a token pushed out counts from its issue again.
 */
/** etcd's token type "simple". Safe for use by many threads. */
final class SimpleTokens implements Tokens {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int HEAD_BYTES = Long.BYTES + Long.BYTES;

    private final TimeSource time;
    private final long ttlMillis;
    private final int usesMax;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, Long> uses = new ConcurrentHashMap<>();

    SimpleTokens(TimeSource time, long ttlMillis, int usesMax) {
        this.time = time;
        this.ttlMillis = ttlMillis;
        this.usesMax = usesMax;
    }

    @Override
    public String issue(String user, Accounts now) {
        byte[] name = user.getBytes(StandardCharsets.UTF_8);
        byte[] payload =
                ByteBuffer.allocate(HEAD_BYTES + name.length)
                        .putLong(time.epochMillis())
                        .putLong(random.nextLong())
                        .put(name)
                        .array();
        return encode(payload) + "." + encode(sign(payload, user, now));
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] sign(byte[] payload, String user, Accounts now) {
        Bytes secret = now.secret();
        if (secret.isEmpty()) {
            throw Errors.AUTH_NOT_ENABLED.asRuntimeException();
        }
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret.array(), ALGORITHM));
            mac.update(now.user(user).map(User::getPassword).orElseThrow().toByteArray());
            return mac.doFinal(payload);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has " + ALGORITHM, e);
        }
    }

    @Override
    public Optional<Identity> verify(String token, Accounts now) {
        int dot = token.indexOf('.');
        if (dot < 0 || now.secret().isEmpty()) {
            return Optional.empty();
        }
        byte[] payload;
        byte[] signature;
        try {
            payload = Base64.getUrlDecoder().decode(token.substring(0, dot));
            signature = Base64.getUrlDecoder().decode(token.substring(dot + 1));
        } catch (IllegalArgumentException _) {
            return Optional.empty(); // not one of ours
        }
        if (payload.length < HEAD_BYTES) {
            return Optional.empty();
        }
        String user =
                new String(
                        payload, HEAD_BYTES, payload.length - HEAD_BYTES, StandardCharsets.UTF_8);
        if (now.user(user).isEmpty()
                || !MessageDigest.isEqual(signature, sign(payload, user, now))) {
            return Optional.empty();
        }
        return used(token, ByteBuffer.wrap(payload).getLong())
                ? Optional.of(new Identity(user, now.revision()))
                : Optional.empty();
    }

    private boolean used(String token, long issuedMillis) {
        long now = time.epochMillis();
        if (now - uses.getOrDefault(token, issuedMillis) > ttlMillis) {
            uses.remove(token);
            return false;
        }
        if (uses.size() >= usesMax && !uses.containsKey(token)) {
            uses.values().removeIf(last -> now - last > ttlMillis);
        }
        if (uses.size() < usesMax || uses.containsKey(token)) {
            uses.put(token, now);
        }
        return true;
    }
}
