package dev.kemudi.etcd;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;

/**
 * Passwords as bcrypt hashes. Each one costs tens of milliseconds of a core by design, so only so
 * many are worked on at a time: guessing passwords must not stop the store. Blocks; safe for use by
 * many threads.
 */
final class Passwords {
    private static final int BYTES_MAX = 72;

    private final int cost;
    private final Semaphore permits;

    Passwords(int cost, int atATimeMax) {
        this.cost = cost;
        this.permits = new Semaphore(atATimeMax);
    }

    ByteString hash(String password) {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > BYTES_MAX) {
            throw Errors.PASSWORD_TOO_LONG.asRuntimeException();
        }
        return ByteString.copyFrom(bounded(() -> BCrypt.withDefaults().hash(cost, bytes)));
    }

    boolean matches(String password, ByteString hash) {
        byte[] bytes = password.getBytes(StandardCharsets.UTF_8);
        return bytes.length <= BYTES_MAX
                && bounded(() -> BCrypt.verifyer().verify(bytes, hash.toByteArray()).verified);
    }

    private <T> T bounded(Supplier<T> work) {
        permits.acquireUninterruptibly();
        try {
            return work.get();
        } finally {
            permits.release();
        }
    }
}
