package dev.kemudi.controller;

import dev.kemudi.api.ObjectKey;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/*
 * How a slow handler stays bounded
 * --------------------------------
 * Notifications wait in a plain queue, every one of them, in order. When the queue is full the handler has
 * fallen behind: what waits is folded to one notification per object (older state from the first, newer from
 * the last), and new ones are folded in as they come, until the handler has taken everything; then the plain
 * queue serves again.
 *
 * What holds always: offering never blocks; per object the handler hears a subsequence of the true states, in
 * order, ending with the newest; deletions of objects it heard of are never lost; objects that came and went
 * unheard stay unheard; at most one notification waits per object that exists or that the handler still
 * believes to exist.
 *
 * Refused: dropping and relisting the handler. It would need a second memory of what the handler had heard.
 */
final class HandlerQueue {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition notEmpty = lock.newCondition();
    private final ArrayDeque<Notification> waiting = new ArrayDeque<>();
    private final Map<ObjectKey, Notification> folded = new LinkedHashMap<>();
    private final int capacity;
    private final int batchMax;
    private boolean folding;
    private long foldings;
    private boolean closed;

    HandlerQueue(int capacity, int batchMax) {
        this.capacity = capacity;
        this.batchMax = batchMax;
    }

    /** Never blocks. */
    void offer(List<Notification> notifications) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            for (Notification notification : notifications) {
                offerOne(notification);
            }
            notEmpty.signal();
        } finally {
            lock.unlock();
        }
    }

    private void offerOne(Notification notification) {
        if (!folding && waiting.size() >= capacity) {
            folding = true;
            foldings++;
            waiting.forEach(this::foldIn);
            waiting.clear();
        }
        if (folding) {
            foldIn(notification);
        } else {
            waiting.add(notification);
        }
    }

    private void foldIn(Notification newer) {
        Notification older = folded.get(newer.key());
        if (older == null) {
            folded.put(newer.key(), newer);
            return;
        }
        Notification.fold(older, newer)
                .ifPresentOrElse(
                        both -> folded.put(newer.key(), both), () -> folded.remove(newer.key()));
    }

    /** Blocks for what comes next; empty once closed. */
    List<Notification> take() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (size() == 0 && !closed) {
                folding = false;
                notEmpty.await();
            }
            List<Notification> batch = new ArrayList<>(Math.min(size(), batchMax));
            if (closed) {
                return batch;
            }
            while (batch.size() < batchMax && !waiting.isEmpty()) {
                batch.add(waiting.remove());
            }
            var iterator = folded.values().iterator();
            while (batch.size() < batchMax && iterator.hasNext()) {
                batch.add(iterator.next());
                iterator.remove();
            }
            if (folded.isEmpty()) {
                folding = false;
            }
            return batch;
        } finally {
            lock.unlock();
        }
    }

    private int size() {
        return waiting.size() + folded.size();
    }

    int pending() {
        lock.lock();
        try {
            return size();
        } finally {
            lock.unlock();
        }
    }

    long foldings() {
        lock.lock();
        try {
            return foldings;
        } finally {
            lock.unlock();
        }
    }

    /** Forgets what waits and wakes the handler's thread to end. */
    void close() {
        lock.lock();
        try {
            closed = true;
            waiting.clear();
            folded.clear();
            notEmpty.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
