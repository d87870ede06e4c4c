package dev.kemudi.apiserver;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts threads that hang in a read or write for too long. On a virtual thread an interrupt
 * closes the socket it is blocked on, which is exactly what a client that never finishes deserves.
 */
final class Watchdog implements AutoCloseable {
    private final ScheduledThreadPoolExecutor timer =
            new ScheduledThreadPoolExecutor(
                    1, Thread.ofVirtual().name("apiserver-watchdog").factory());

    Watchdog() {
        timer.setRemoveOnCancelPolicy(true);
    }

    /** Covers one blocking stretch of the calling thread. */
    interface Guard extends AutoCloseable {
        @Override
        void close();
    }

    Guard guard(long millis) {
        Thread guarded = Thread.currentThread();
        ScheduledFuture<?> alarm =
                timer.schedule(guarded::interrupt, millis, TimeUnit.MILLISECONDS);
        return () -> {
            if (!alarm.cancel(false)) {
                Thread.interrupted(); // it went off at the last moment: the flag is not for what
                // comes next
            }
        };
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
