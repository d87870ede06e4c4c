package dev.kemudi.apiserver;

import dev.kemudi.api.ApiObject;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bounded queue between a watch cache and one watcher. The cache never waits: a watcher whose
 * queue is full is cut, its reader is woken (and interrupted when it hangs in a write), and the
 * client resumes by resourceVersion.
 */
final class WatchFeed {
    private final WatchFilter filter;
    private final int eventsMax;
    private final long bytesMax;
    private final WatchCache cache;
    private final List<ApiObject> initial;
    private int initialAt;
    private final ArrayDeque<Notice> queue = new ArrayDeque<>(2);
    private long queuedBytes;
    private long deliveredRevision;
    private boolean ended;
    private boolean cut;
    private @Nullable Thread reader;

    WatchFeed(
            WatchCache cache,
            WatchFilter filter,
            List<ApiObject> initial,
            long revision,
            int eventsMax,
            long bytesMax) {
        this.cache = cache;
        this.filter = filter;
        this.initial = initial;
        this.deliveredRevision = revision;
        this.eventsMax = eventsMax;
        this.bytesMax = bytesMax;
    }

    /** Called by the cache's one delivering thread, in revision order. */
    void offer(Change change) {
        var seen = change.through(filter);
        if (seen.isEmpty()) {
            return;
        }
        Thread hanging = null;
        synchronized (this) {
            if (ended) {
                return;
            }
            if (full(seen.get())) {
                ended = true;
                cut = true;
                queue.clear();
                queuedBytes = 0;
                hanging = reader;
            } else {
                queue.add(seen.get());
                queuedBytes += seen.get().bytes();
            }
            notifyAll();
        }
        if (hanging != null) {
            hanging.interrupt();
        }
    }

    /** One event always fits, however large: otherwise nobody could watch a kind that has it. */
    private boolean full(Notice next) {
        return queue.size() >= eventsMax
                || (!queue.isEmpty() && queuedBytes + next.bytes() > bytesMax);
    }

    /**
     * The thread to interrupt when this feed is cut while that thread hangs in a write to a client
     * that never reads.
     */
    synchronized void readBy(Thread thread) {
        reader = thread;
    }

    /** The next event; null when {@code waitMillis} passed without one or the feed has ended. */
    synchronized @Nullable Notice poll(long waitMillis) throws InterruptedException {
        if (initialAt < initial.size()) {
            return new Notice(Notice.Type.ADDED, initial.get(initialAt++), 0);
        }
        long deadline = System.nanoTime() + waitMillis * 1_000_000;
        while (queue.isEmpty() && !ended) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return null;
            }
            wait(left);
        }
        Notice next = queue.poll();
        if (next != null) {
            queuedBytes -= next.bytes();
        }
        return next;
    }

    synchronized boolean initialDone() {
        return initialAt >= initial.size();
    }

    /** The revision the initial state was taken at. */
    long initialRevision() {
        return deliveredRevision;
    }

    synchronized boolean idle() {
        return queue.isEmpty() && initialAt >= initial.size();
    }

    synchronized boolean ended() {
        return ended && queue.isEmpty();
    }

    /** Whether the feed ended because its reader fell behind. */
    synchronized boolean cut() {
        return cut;
    }

    /** Ends the feed from the cache's side: what is queued can still be read. */
    synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Ends the feed from the reader's side. */
    void close() {
        cache.remove(this);
        end();
    }

    /**
     * A revision up to which the reader has everything, when it has: every event up to the cache's
     * revision was offered before that revision was published, so an empty queue read afterwards is
     * proof.
     */
    long safeRevision() {
        long revision = cache.revision();
        return idle() ? revision : -1;
    }
}
