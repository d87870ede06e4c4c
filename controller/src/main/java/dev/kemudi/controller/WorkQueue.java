package dev.kemudi.controller;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.GaugeDataPoint;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/*
 * How a key is worked on once
 * ---------------------------
 * dirty: keys that need work. processing: keys that a worker holds. ready: dirty keys that no worker holds,
 * in order. Adding a key that is dirty does nothing; adding one in processing makes it dirty only, and done()
 * puts it into ready.
 *
 * What holds always: a key is in ready at most once, and only while it is dirty and not in processing; so no
 * two workers hold one key, and whatever was added while a worker held it is worked on exactly once more.
 * Delayed keys wait in a heap by deadline; a key has one deadline, the earliest asked for. Workers that wait
 * for keys wait for the first deadline as well, so that no thread is spent on time; when somebody moves the
 * clock, they look at it again.
 */

/**
 * Keys that wait for workers: each at most once, never with two workers, with delays and back-off.
 * Safe for use by many threads. Source: client-go util/workqueue.
 */
public final class WorkQueue<K> {
    private record Delayed<K>(K key, long deadlineNanos) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition notFull = lock.newCondition();
    private final Condition idle = lock.newCondition();
    private final ArrayDeque<K> ready = new ArrayDeque<>();
    private final Set<K> dirty = new HashSet<>();
    private final Set<K> processing = new HashSet<>();
    private final PriorityQueue<Delayed<K>> delayed;
    private final Map<K, Delayed<K>> deadlines = new HashMap<>();
    private final RateLimiter<K> limiter;
    private final TimeSource time;
    private final int keysMax;
    private final GaugeDataPoint depth;
    private final CounterDataPoint adds;
    private final CounterDataPoint retries;
    private final Runnable clockMoved = this::wake;
    private boolean closed;

    /**
     * @param name what the meters call it
     */
    public WorkQueue(String name, TimeSource time, Limits limits, ControllerMetrics metrics) {
        this.time = time;
        this.limiter = new RateLimiter<>(time);
        this.keysMax = limits.workQueueKeys();
        this.delayed =
                new PriorityQueue<>((a, b) -> Long.signum(a.deadlineNanos - b.deadlineNanos));
        this.depth = metrics.depth.labelValues(name);
        this.adds = metrics.adds.labelValues(name);
        this.retries = metrics.retries.labelValues(name);
        time.addMoveListener(clockMoved);
    }

    private void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Asks for work on {@code key}; nothing when that was asked already. Blocks while the queue is
     * full, so workers themselves add with {@link #addAfter} only.
     */
    public void add(K key) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (dirty.size() >= keysMax && !dirty.contains(key) && !closed) {
                notFull.await();
            }
            addNow(key);
        } finally {
            lock.unlock();
        }
    }

    private void addNow(K key) {
        if (closed || !dirty.add(key)) {
            return;
        }
        adds.inc();
        if (!processing.contains(key)) {
            ready.add(key);
            depth.set(ready.size());
            changed.signal();
        }
    }

    /** Asks for work on {@code key} later; the earliest of several times counts. Never blocks. */
    public void addAfter(K key, long millis) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (millis <= 0) {
                addNow(key);
                return;
            }
            Delayed<K> later =
                    new Delayed<>(key, time.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
            Delayed<K> sooner = deadlines.get(key);
            if (sooner != null && sooner.deadlineNanos - later.deadlineNanos <= 0) {
                return;
            }
            if (sooner != null) {
                delayed.remove(sooner);
            }
            deadlines.put(key, later);
            delayed.add(later);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Asks for work on a key that failed, after its back-off. Never blocks. */
    public void addRateLimited(K key) {
        long millis;
        lock.lock();
        try {
            retries.inc();
            millis = limiter.nextDelayMillis(key);
        } finally {
            lock.unlock();
        }
        addAfter(key, millis);
    }

    /** The key is well: its back-off starts anew. */
    public void forget(K key) {
        lock.lock();
        try {
            limiter.forget(key);
        } finally {
            lock.unlock();
        }
    }

    /** How often in a row the key was added by {@link #addRateLimited}. */
    public int failures(K key) {
        lock.lock();
        try {
            return limiter.failures(key);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Blocks for a key, which the caller then holds until {@link #done}; empty once shut down and
     * empty.
     */
    public Optional<K> take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                long waitNanos = releaseDue();
                K key = ready.poll();
                if (key != null) {
                    dirty.remove(key);
                    processing.add(key);
                    depth.set(ready.size());
                    notFull.signal();
                    return Optional.of(key);
                }
                if (closed) {
                    return Optional.empty();
                }
                if (waitNanos > 0) {
                    changed.awaitNanos(waitNanos);
                } else {
                    changed.await();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Moves what is due to ready; nanoseconds until the next is due, 0 when none waits. */
    private long releaseDue() {
        while (delayed.peek() instanceof Delayed<K> first) {
            long left = first.deadlineNanos - time.nanoTime();
            if (left > 0) {
                return left;
            }
            delayed.remove();
            deadlines.remove(first.key);
            addNow(first.key);
        }
        return 0;
    }

    /** Gives back a key from {@link #take}; when it was added meanwhile it is ready again. */
    public void done(K key) {
        lock.lock();
        try {
            processing.remove(key);
            if (dirty.contains(key)) {
                ready.add(key);
                depth.set(ready.size());
                changed.signal();
            } else if (processing.isEmpty()) {
                idle.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Keys ready for a worker. */
    public int size() {
        lock.lock();
        try {
            return ready.size();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Refuses new keys and forgets delayed ones; workers get what is ready, then the end. Returns
     * at once.
     */
    public void shutdown() {
        time.removeMoveListener(clockMoved);
        lock.lock();
        try {
            closed = true;
            delayed.clear();
            deadlines.clear();
            changed.signalAll();
            notFull.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Like {@link #shutdown}, then blocks until every key is done; false when {@code millis} passed
     * first.
     */
    public boolean shutdownWithDrain(long millis) throws InterruptedException {
        shutdown();
        long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
        lock.lockInterruptibly();
        try {
            while (!processing.isEmpty() || !ready.isEmpty()) {
                if (nanos <= 0) {
                    return false;
                }
                nanos = idle.awaitNanos(nanos);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }
}
