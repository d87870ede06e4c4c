package dev.kemudi.server;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for a condition, never for a time. */
final class Eventually {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(90);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private Eventually() {}

    /** What {@code condition} throws counts as not yet. */
    static void holds(String what, Callable<Boolean> condition) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        Exception last = null;
        while (System.nanoTime() < end) {
            try {
                if (condition.call()) {
                    return;
                }
                last = null;
            } catch (Exception e) {
                last = e;
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        throw new AssertionError("never came true: " + what, last);
    }
}
