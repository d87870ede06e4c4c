package dev.kemudi.etcd;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.kemudi.kernel.TimeSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * etcd's token type "jwt": signed with a key that every member is given, so nothing needs to be
 * remembered. A token speaks of the revision of the accounts it was made under and is void when
 * they change. Safe for use by many threads.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7519">RFC 7519</a>, <a
 *     href="https://www.rfc-editor.org/rfc/rfc7518">RFC 7518</a>
 */
final class JwtTokens implements Tokens {
    private static final int PARTS = 3;
    private static final long MILLIS_PER_SECOND = 1_000;

    private final Method method;
    private final Optional<Key> signing;
    private final Key verifying;
    private final long ttlMillis;
    private final TimeSource time;

    /** How to sign: RFC 7518 §3.1. */
    private record Method(String name, String family, String bits) {
        static Method of(String name) {
            if (name.equals("EdDSA")) {
                return new Method(name, name, "");
            }
            String family = name.length() == 5 ? name.substring(0, 2) : "";
            String bits = name.substring(Math.min(2, name.length()));
            if (!java.util.Set.of("RS", "PS", "ES", "HS").contains(family)
                    || !java.util.Set.of("256", "384", "512").contains(bits)) {
                throw new IllegalArgumentException(
                        "sign-method should be RS256, PS256, ES256, HS256 (or 384, 512) or EdDSA, not \""
                                + name
                                + "\"");
            }
            return new Method(name, family, bits);
        }

        boolean isSecret() {
            return family.equals("HS");
        }

        Signature signature() throws GeneralSecurityException {
            return switch (family) {
                case "RS" -> Signature.getInstance("SHA" + bits + "withRSA");
                case "ES" -> Signature.getInstance("SHA" + bits + "withECDSAinP1363Format");
                case "PS" -> {
                    Signature pss = Signature.getInstance("RSASSA-PSS");
                    pss.setParameter(
                            new PSSParameterSpec(
                                    "SHA-" + bits,
                                    "MGF1",
                                    new MGF1ParameterSpec("SHA-" + bits),
                                    Integer.parseInt(bits) / Byte.SIZE,
                                    PSSParameterSpec.TRAILER_FIELD_BC));
                    yield pss;
                }
                default -> Signature.getInstance("Ed25519");
            };
        }
    }

    private JwtTokens(
            Method method, Optional<Key> signing, Key verifying, long ttlMillis, TimeSource time) {
        this.method = method;
        this.signing = signing;
        this.verifying = verifying;
        this.ttlMillis = ttlMillis;
        this.time = time;
    }

    /**
     * @param options what follows {@code jwt,} in etcd's {@code --auth-token}
     * @throws IOException naming the key file that cannot be used
     */
    static JwtTokens of(Map<String, String> options, TimeSource time) throws IOException {
        Method method = Method.of(options.getOrDefault("sign-method", ""));
        long ttlMillis = GoDuration.millis(options.getOrDefault("ttl", "5m"));
        Optional<Path> priv = Optional.ofNullable(options.get("priv-key")).map(Path::of);
        Optional<Path> pub = Optional.ofNullable(options.get("pub-key")).map(Path::of);
        if (priv.isEmpty() && (pub.isEmpty() || method.isSecret())) {
            throw new IllegalArgumentException(
                    "auth-token jwt with sign-method="
                            + method.name()
                            + " needs priv-key or pub-key");
        }
        try {
            if (method.isSecret()) {
                Key secret =
                        new SecretKeySpec(
                                Files.readAllBytes(priv.orElseThrow()), "HmacSHA" + method.bits());
                return new JwtTokens(method, Optional.of(secret), secret, ttlMillis, time);
            }
            Optional<Key> signing =
                    priv.isPresent() ? Optional.of(Pem.privateKey(priv.get())) : Optional.empty();
            Key verifying =
                    pub.isPresent()
                            ? Pem.publicKey(pub.get())
                            : Pem.publicOf((PrivateKey) signing.orElseThrow());
            return new JwtTokens(method, signing, verifying, ttlMillis, time);
        } catch (GeneralSecurityException e) {
            throw new IOException(
                    "auth-token jwt: keys " + priv + " and " + pub + " cannot be used: " + e, e);
        }
    }

    @Override
    public String issue(String user, Accounts now) {
        if (signing.isEmpty()) {
            throw Errors.VERIFY_ONLY.asRuntimeException();
        }
        String head = "{\"alg\":\"" + method.name() + "\",\"typ\":\"JWT\"}";
        String claims =
                "{\"exp\":%d,\"revision\":%d,\"username\":%s}"
                        .formatted(
                                (time.epochMillis() + ttlMillis) / MILLIS_PER_SECOND,
                                now.revision(),
                                JsonGateway.quoted(user));
        String text = encode(head) + "." + encode(claims);
        return text + "." + encode(sign(text, signing.get()));
    }

    private static String encode(String text) {
        return encode(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private byte[] sign(String text, Key key) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        try {
            if (method.isSecret()) {
                Mac mac = Mac.getInstance(key.getAlgorithm());
                mac.init(key);
                return mac.doFinal(bytes);
            }
            Signature signature = method.signature();
            signature.initSign((PrivateKey) key);
            signature.update(bytes);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("a token cannot be signed with " + method.name(), e);
        }
    }

    @Override
    public Optional<Identity> verify(String token, Accounts now) {
        String[] parts = token.split("\\.", -1);
        if (parts.length != PARTS) {
            return Optional.empty();
        }
        try {
            boolean ours = text(json(parts[0]), "alg").equals(method.name());
            if (!ours || !isSigned(parts[0] + "." + parts[1], decode(parts[2]))) {
                return Optional.empty();
            }
            Struct claims = json(parts[1]);
            String user = text(claims, "username");
            boolean fresh = number(claims, "exp") * MILLIS_PER_SECOND > time.epochMillis();
            return fresh && !user.isEmpty()
                    ? Optional.of(new Identity(user, (long) number(claims, "revision")))
                    : Optional.empty();
        } catch (IllegalArgumentException | InvalidProtocolBufferException _) {
            return Optional.empty(); // not a token at all
        }
    }

    private static String text(Struct json, String field) {
        return json.getFieldsOrDefault(field, Value.getDefaultInstance()).getStringValue();
    }

    private static double number(Struct json, String field) {
        return json.getFieldsOrDefault(field, Value.getDefaultInstance()).getNumberValue();
    }

    private static byte[] decode(String part) {
        return Base64.getUrlDecoder().decode(part);
    }

    private static Struct json(String part) throws InvalidProtocolBufferException {
        Struct.Builder json = Struct.newBuilder();
        JsonFormat.parser().merge(new String(decode(part), StandardCharsets.UTF_8), json);
        return json.build();
    }

    private boolean isSigned(String text, byte[] signature) {
        if (method.isSecret()) {
            return MessageDigest.isEqual(sign(text, verifying), signature);
        }
        try {
            Signature verifier = method.signature();
            verifier.initVerify((PublicKey) verifying);
            verifier.update(text.getBytes(StandardCharsets.US_ASCII));
            return verifier.verify(signature);
        } catch (GeneralSecurityException _) {
            return false; // of another length or form
        }
    }
}
