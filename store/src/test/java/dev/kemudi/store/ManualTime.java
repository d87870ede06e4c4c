package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that a test moves; what sleeps on it wakes up at once and looks again. */
final class ManualTime implements TimeSource {
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
        Thread.sleep(1);
    }

    void pass(long seconds) {
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
        wallMillis.addAndGet(TimeUnit.SECONDS.toMillis(seconds));
    }

    void jumpWallClock(long seconds) {
        wallMillis.addAndGet(TimeUnit.SECONDS.toMillis(seconds));
    }
}
