package dev.kemudi.controller;

import dev.kemudi.api.ObjectKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The first-in-first-out queue between a reflector and its cache: every event in arrival order
 * across all keys, none folded (client-go's RealFIFO, with its atomic events). Bounded: {@link
 * #put} waits. One thread takes.
 */
final class EventQueue {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition notEmpty = lock.newCondition();
    private final Condition notFull = lock.newCondition();
    private final ArrayDeque<Delta> deltas = new ArrayDeque<>();
    private final int capacity;
    private final int batchMax;
    private boolean closed;

    EventQueue(int capacity, int batchMax) {
        this.capacity = capacity;
        this.batchMax = batchMax;
    }

    /** Blocks while full; false when closed. */
    boolean put(Delta delta) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (deltas.size() >= capacity && !closed) {
                notFull.await();
            }
            if (closed) {
                return false;
            }
            deltas.add(delta);
            if (deltas.size() == 1) {
                notEmpty.signal();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Blocks for the next events: either one atomic event, or single-object events with no key
     * twice. Empty once closed and drained.
     */
    List<Delta> take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (deltas.isEmpty() && !closed) {
                notEmpty.await();
            }
            List<Delta> batch = batch();
            if (!batch.isEmpty()) {
                notFull.signalAll();
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private List<Delta> batch() {
        List<Delta> batch = new ArrayList<>(Math.min(deltas.size(), batchMax));
        Set<ObjectKey> keys = new HashSet<>();
        while (batch.size() < batchMax && deltas.peek() instanceof Delta next) {
            boolean joins =
                    switch (next) {
                        case Delta.Upsert upsert -> keys.add(upsert.object().key());
                        case Delta.Delete delete -> keys.add(delete.last().key());
                        case Delta.ReplacedAll all -> batch.isEmpty();
                        case Delta.SyncAll all -> batch.isEmpty();
                        case Delta.Bookmark bookmark -> true;
                    };
            if (!joins) {
                break;
            }
            batch.add(deltas.remove());
            if (next instanceof Delta.ReplacedAll || next instanceof Delta.SyncAll) {
                break;
            }
        }
        return batch;
    }

    int size() {
        lock.lock();
        try {
            return deltas.size();
        } finally {
            lock.unlock();
        }
    }

    /** Wakes everyone; what is queued can still be taken. */
    void close() {
        lock.lock();
        try {
            closed = true;
            notEmpty.signalAll();
            notFull.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
