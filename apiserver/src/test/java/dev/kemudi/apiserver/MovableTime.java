package dev.kemudi.apiserver;

import dev.kemudi.kernel.TimeSource;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** The machine's clock, set forward by as much as a test likes. */
final class MovableTime implements TimeSource {
    private final AtomicLong aheadMillis = new AtomicLong();

    void advance(Duration by) {
        aheadMillis.addAndGet(by.toMillis());
    }

    @Override
    public long nanoTime() {
        return System.nanoTime() + aheadMillis.get() * 1_000_000;
    }

    @Override
    public long epochMillis() {
        return System.currentTimeMillis() + aheadMillis.get();
    }

    @Override
    public void sleep(long millis) throws InterruptedException {
        TimeSource.system().sleep(millis);
    }
}
