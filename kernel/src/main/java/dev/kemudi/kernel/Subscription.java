package dev.kemudi.kernel;

import dev.kemudi.kernel.EventBroker.Item;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * One reader's place in an {@link EventBroker}. Meant for one reading thread; closing is safe from
 * any thread.
 *
 * @param <E> the broker's events
 */
public final class Subscription<E> implements AutoCloseable {
    private final long startSequence;
    private final int eventsMax;
    private final Consumer<Subscription<E>> leave;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition arrived = lock.newCondition();
    private final ArrayDeque<Item.Event<E>> buffer = new ArrayDeque<>();
    private boolean behind;
    private boolean ended;

    Subscription(long startSequence, int eventsMax, Consumer<Subscription<E>> leave) {
        this.startSequence = startSequence;
        this.eventsMax = eventsMax;
        this.leave = leave;
    }

    /** Number of the last event published before this subscription began. */
    public long startSequence() {
        return startSequence;
    }

    /**
     * The next item; blocks until there is one. After {@link Item.Ended} it answers that for ever.
     */
    public Item<E> take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (buffer.isEmpty() && !ended) {
                arrived.await();
            }
            return next();
        } finally {
            lock.unlock();
        }
    }

    /** As {@link #take()}, empty when nothing came within the time. */
    public Optional<Item<E>> poll(long timeoutMillis) throws InterruptedException {
        long left = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
        lock.lockInterruptibly();
        try {
            while (buffer.isEmpty() && !ended) {
                if (left <= 0) {
                    return Optional.empty();
                }
                left = arrived.awaitNanos(left);
            }
            return Optional.of(next());
        } finally {
            lock.unlock();
        }
    }

    private Item<E> next() {
        if (behind) {
            behind = false;
            return new Item.Resync<>(buffer.getFirst().sequence());
        }
        Item<E> next = buffer.poll();
        return next == null ? new Item.Ended<>() : next;
    }

    /**
     * @return whether the reader fell behind just now
     */
    boolean offer(Item.Event<E> item) {
        lock.lock();
        try {
            if (ended) {
                return false;
            }
            boolean full = buffer.size() >= eventsMax;
            if (full) {
                buffer.clear();
                behind = true;
            }
            buffer.add(item);
            arrived.signal();
            return full;
        } finally {
            lock.unlock();
        }
    }

    void end() {
        lock.lock();
        try {
            ended = true;
            arrived.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Leaves the broker and drops what was not read; a reader who waits gets {@link Item.Ended}.
     */
    @Override
    public void close() {
        leave.accept(this);
        lock.lock();
        try {
            buffer.clear();
            behind = false;
        } finally {
            lock.unlock();
        }
        end();
    }
}
