package dev.kemudi.workloads;

import dev.kemudi.kernel.TimeSource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The machine's clock and as much more as a test has added. */
final class MovableTime implements TimeSource {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private final List<Runnable> moveListeners = new CopyOnWriteArrayList<>();
    private volatile long addedNanos;

    void advance(Duration by) {
        lock.lock();
        try {
            addedNanos = Math.addExact(addedNanos, by.toNanos());
            moved.signalAll();
        } finally {
            lock.unlock();
        }
        moveListeners.forEach(Runnable::run);
    }

    @Override
    public void addMoveListener(Runnable listener) {
        moveListeners.add(listener);
    }

    @Override
    public void removeMoveListener(Runnable listener) {
        moveListeners.remove(listener);
    }

    @Override
    public long nanoTime() {
        return System.nanoTime() + addedNanos;
    }

    @Override
    public long epochMillis() {
        return System.currentTimeMillis() + TimeUnit.NANOSECONDS.toMillis(addedNanos);
    }

    @Override
    public void sleep(long millis) throws InterruptedException {
        long untilNanos = nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        lock.lockInterruptibly();
        try {
            for (long left = untilNanos - nanoTime(); left > 0; left = untilNanos - nanoTime()) {
                moved.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }
}
