package dev.kemudi.gateway;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for a condition, never for a time. */
final class Eventually {
    private static final long PATIENCE_NANOS = Duration.ofSeconds(20).toNanos();

    private Eventually() {}

    /** Repeats {@code assertion} until it holds; its last failure is the test's. */
    static void holds(Callable<?> assertion) throws Exception {
        long until = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            try {
                assertion.call();
                return;
            } catch (AssertionError | Exception e) {
                if (System.nanoTime() > until) {
                    throw e;
                }
                LockSupport.parkNanos(5_000_000);
            }
        }
    }
}
