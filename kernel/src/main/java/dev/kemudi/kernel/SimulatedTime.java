package dev.kemudi.kernel;

import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A clock that a test owns: it stands still until {@link #advance} moves it. Sleepers wake in the
 * order of their deadlines, those with the same deadline in the order in which they went to sleep,
 * and each has left {@link #sleep} before the next one wakes. Safe for use by many threads.
 */
public final class SimulatedTime implements TimeSource {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final PriorityQueue<Sleeper> sleepers =
            new PriorityQueue<>(
                    Comparator.comparingLong(Sleeper::wakeNanos)
                            .thenComparingLong(Sleeper::arrival));
    private final List<Runnable> moveListeners = new CopyOnWriteArrayList<>();
    private long nanos;
    private long wallOffsetNanos;
    private long arrivals;

    /**
     * @param startEpochMillis where the wall clock begins; the monotonic clock begins at 0
     */
    public SimulatedTime(long startEpochMillis) {
        wallOffsetNanos = TimeUnit.MILLISECONDS.toNanos(startEpochMillis);
    }

    @Override
    public long nanoTime() {
        lock.lock();
        try {
            return nanos;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long epochMillis() {
        lock.lock();
        try {
            return Math.floorDiv(nanos + wallOffsetNanos, 1_000_000);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void sleep(long millis) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (millis <= 0) {
                return;
            }
            Sleeper self = new Sleeper(nanos + TimeUnit.MILLISECONDS.toNanos(millis), arrivals++);
            sleepers.add(self);
            changed.signalAll();
            try {
                while (!self.woken) {
                    changed.await();
                }
            } finally {
                sleepers.remove(self);
                self.gone = true;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Moves both clocks forward, waking on the way all whose time comes. */
    public void advance(long millis) {
        lock.lock();
        try {
            long target = nanos + TimeUnit.MILLISECONDS.toNanos(millis);
            for (Sleeper next = sleepers.peek();
                    next != null && next.wakeNanos <= target;
                    next = sleepers.peek()) {
                sleepers.poll();
                nanos = Math.max(nanos, next.wakeNanos);
                next.woken = true;
                changed.signalAll();
                while (!next.gone) {
                    changed.awaitUninterruptibly();
                }
            }
            nanos = Math.max(nanos, target);
        } finally {
            lock.unlock();
        }
        moveListeners.forEach(Runnable::run);
    }

    /** Moves the wall clock alone, forward or back, as an operator or a time server does. */
    public void jumpWallClock(long millis) {
        lock.lock();
        try {
            wallOffsetNanos += TimeUnit.MILLISECONDS.toNanos(millis);
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

    /**
     * Blocks until at least {@code count} threads sleep on this clock: then {@link #advance} is
     * sure to meet them.
     */
    public void awaitSleepers(int count) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (sleepers.size() < count) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** How many threads sleep on this clock now. */
    public int sleepers() {
        lock.lock();
        try {
            return sleepers.size();
        } finally {
            lock.unlock();
        }
    }

    private static final class Sleeper {
        private final long wakeNanos;
        private final long arrival;
        private boolean woken;
        private boolean gone;

        Sleeper(long wakeNanos, long arrival) {
            this.wakeNanos = wakeNanos;
            this.arrival = arrival;
        }

        long wakeNanos() {
            return wakeNanos;
        }

        long arrival() {
            return arrival;
        }
    }
}
