package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A clock that a test moves. What sleeps on it wakes up when it moves, and soon anyway:
 * housekeeping that waits for no clock goes on.
 */
final class ManualTime implements TimeSource {
    private final Semaphore moved = new Semaphore(0);
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicLong wallMillis = new AtomicLong(1_000_000);

    @Override
    public long nanoTime() {
        return nanos.get();
    }

    @Override
    public long epochMillis() {
        return wallMillis.get();
    }

    @Override
    public void sleep(long millis) throws InterruptedException {
        moved.tryAcquire(1, TimeUnit.MILLISECONDS);
    }

    void pass(long seconds) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
        wallMillis.addAndGet(TimeUnit.SECONDS.toMillis(seconds));
        moved.release();
    }

    void jumpWallClock(long seconds) {
        wallMillis.addAndGet(TimeUnit.SECONDS.toMillis(seconds));
    }
}
