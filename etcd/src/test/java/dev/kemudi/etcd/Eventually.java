package dev.kemudi.etcd;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Waits for a condition. */
final class Eventually {
    private static final long PATIENCE_SECONDS = 20;

    private Eventually() {}

    static void eventually(ThrowingCallable assertion) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            try {
                assertion.call();
                return;
            } catch (Throwable failure) {
                if (System.nanoTime() > end) {
                    throw failure instanceof Error error ? error : new AssertionError(failure);
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
            }
        }
    }
}
