package dev.kemudi.node;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Waits for an assertion to hold. */
final class Eventually {
    private Eventually() {}

    @FunctionalInterface
    interface Assertion {
        void check() throws Exception;
    }

    static void within(int seconds, Assertion assertion) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (true) {
            try {
                assertion.check();
                return;
            } catch (AssertionError | RuntimeException e) {
                if (System.nanoTime() - until > 0) {
                    throw e;
                }
                LockSupport.parkNanos(5_000_000);
            }
        }
    }
}
