package dev.kemudi.scheduler;

import java.util.function.BooleanSupplier;

/** Waits for a condition, never for a time. */
final class Eventually {
    private static final long AT_MOST_NANOS = 20_000_000_000L;

    private Eventually() {}

    static void eventually(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + AT_MOST_NANOS;
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("expected within 20 s: " + what);
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }
}
