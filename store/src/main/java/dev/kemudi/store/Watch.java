package dev.kemudi.store;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One watch; see {@link WatchHub} for the whole. What it waits for costs a virtual thread only
 * while it happens.
 */
final class Watch implements Watcher {
    private static final System.Logger LOG = System.getLogger(Watch.class.getName());

    private final WatchHub hub;
    private final KeyRange range;
    private final boolean prevKv;
    private final Listener listener;

    /** Place in its group of the index, -1 outside; guarded by the hub's lock. */
    int slot = -1;

    // All below are guarded by this watch's monitor.
    private long next;
    private @Nullable Deque<WatchHub.Delivery> buffer;
    private int bufferedEvents;
    private long bufferedBytes;
    private boolean synced;
    private boolean running;
    private boolean progressWanted;
    private boolean closed;

    Watch(WatchHub hub, KeyRange range, long next, boolean prevKv, Listener listener) {
        this.hub = hub;
        this.range = range;
        this.next = next;
        this.prevKv = prevKv;
        this.listener = listener;
    }

    KeyRange range() {
        return range;
    }

    /**
     * The first revision not yet delivered or buffered; asked by whoever joins, while nothing else
     * moves it.
     */
    synchronized long next() {
        return next;
    }

    synchronized boolean becomeSynced() {
        synced = !closed;
        return synced;
    }

    /** Called by the dispatcher; false: there was no room, this watch reads on by itself. */
    synchronized boolean offer(WatchHub.Delivery delivery) {
        if (closed || !synced) {
            return false;
        }
        if (delivery.revision < next) {
            return true;
        }
        Limits limits = hub.limits();
        boolean full =
                bufferedEvents > 0
                        && (bufferedEvents + delivery.size() > limits.watchBufferEvents()
                                || bufferedBytes + delivery.bytes > limits.watchBufferBytes()
                                || hub.bufferedBytes().get() > limits.watchBufferBytesTotal());
        if (full) {
            synced = false;
            hub.metrics().slowWatches().inc();
            return false;
        }
        if (buffer == null) {
            buffer = new ArrayDeque<>(4);
        }
        buffer.add(delivery);
        bufferedEvents += delivery.size();
        bufferedBytes += delivery.bytes;
        hub.bufferedBytes().addAndGet(delivery.bytes);
        schedule();
        return true;
    }

    /** Sees to it that the drain runs. */
    synchronized void schedule() {
        if (!running && !closed) {
            running = true;
            Thread.ofVirtual().name("store-watch").start(this::drain);
        }
    }

    /** The dispatcher lost its place: this watch must find its own. */
    synchronized void fallBack() {
        synced = false;
        schedule();
    }

    @Override
    public synchronized void requestProgress() {
        progressWanted = true;
        schedule();
    }

    private void drain() {
        try {
            while (step()) {
                // until there is nothing to do
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            if (!hub.isClosed()) {
                LOG.log(
                        Level.WARNING,
                        "a watch of " + range + " ends: its listener or its read failed",
                        e);
            }
            end();
        }
    }

    /**
     * Does one thing; false when there was nothing to do, and then a later event starts a new
     * drain.
     */
    private boolean step() throws InterruptedException {
        // First, because whatever was dispatched up to here is in the buffer by now.
        boolean asked = wantsProgress();
        long complete = asked ? hub.awaitVisibleDispatched() : 0;
        Deque<WatchHub.Delivery> taken;
        boolean progress = false;
        synchronized (this) {
            if (closed) {
                return false;
            }
            taken = takeBuffer();
            if (taken == null && synced) {
                if (!progressWanted) {
                    running = false;
                    return false;
                }
                progress = asked;
                progressWanted = !asked;
                if (!asked) {
                    return true; // asked for a moment ago: look again at what is visible now
                }
            }
        }
        if (taken != null) {
            deliver(taken);
        } else if (progress) {
            listener.progress(complete);
        } else {
            catchUp();
        }
        return true;
    }

    private synchronized boolean wantsProgress() {
        return progressWanted && synced && !closed;
    }

    private @Nullable Deque<WatchHub.Delivery> takeBuffer() {
        Deque<WatchHub.Delivery> taken = buffer;
        if (taken != null) {
            buffer = null;
            hub.bufferedBytes().addAndGet(-bufferedBytes);
            bufferedEvents = 0;
            bufferedBytes = 0;
            next = taken.getLast().revision + 1;
        }
        return taken;
    }

    private void deliver(Deque<WatchHub.Delivery> taken) {
        long through = taken.getLast().revision;
        List<Event> events;
        if (taken.size() == 1) {
            events = taken.getFirst().events(prevKv);
        } else {
            events = new ArrayList<>();
            for (WatchHub.Delivery delivery : taken) {
                events.addAll(delivery.events(prevKv));
            }
        }
        listener.events(events, through);
        hub.metrics().events().inc(events.size());
    }

    private void catchUp() throws InterruptedException {
        LogChunk chunk;
        long from = next();
        long compacted;
        hub.catchUps().acquire();
        try {
            if (hub.isClosed()) {
                throw new IllegalStateException("the store is closed");
            }
            try (View view = hub.backend().view()) {
                compacted = view.mark().compacted();
                chunk =
                        from < compacted || from > view.mark().revision()
                                ? new LogChunk(List.of(), from - 1)
                                : LogChunk.read(view, from, range::contains, prevKv, hub.limits());
            }
        } finally {
            hub.catchUps().release();
        }
        if (from < compacted) {
            end(compacted);
            return;
        }
        List<Event> events = new ArrayList<>();
        chunk.revisions().forEach(revision -> events.addAll(revision.events()));
        if (!events.isEmpty() && !isClosed()) {
            listener.events(events, chunk.through());
            hub.metrics().events().inc(events.size());
        }
        synchronized (this) {
            next = chunk.through() + 1;
        }
        hub.join(this);
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    /** Ends without the listener having asked for it. */
    void end() {
        end(0);
    }

    private void end(long compactRevision) {
        if (shut()) {
            listener.ended(compactRevision);
        }
    }

    /** Ends the watch; a call of the listener that is under way is not waited for. */
    @Override
    public void close() {
        shut();
    }

    private boolean shut() {
        synchronized (this) {
            if (closed) {
                return false;
            }
            closed = true;
            synced = false;
            takeBuffer();
        }
        hub.leave(this);
        return true;
    }
}
