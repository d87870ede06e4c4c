package dev.kemudi.store;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One watch; see {@link WatchHub} for the whole. What it waits for costs a virtual thread only
 * while it happens.
 */
final class Watch implements Watcher {
    private static final System.Logger LOG = System.getLogger(Watch.class.getName());

    private static final int SHARED_MAX = 8;

    private final WatchHub hub;
    private final KeyRange range;
    private final boolean prevKv;
    private final Listener listener;

    /** Place in its group of the index, -1 outside; guarded by the hub's lock. */
    int slot = -1;

    // All below are guarded by this watch's monitor.
    private long next;
    private @Nullable Deque<Delivery> buffer;
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

    /**
     * Called by the dispatcher, without a lock; false: there was no room, and the dispatcher has to
     * make this watch fall back.
     */
    boolean hand(Delivery delivery) {
        Optional<EventBatch> batch;
        synchronized (this) {
            if (closed || !synced || delivery.through() < next) {
                return true;
            }
            if (running || buffer != null || progressWanted) {
                return buffered(delivery);
            }
            batch = delivery.batch(prevKv, next);
            running = true;
        }
        boolean taken = batch.isEmpty() || offered(batch.get());
        synchronized (this) {
            running = false;
            if (taken) {
                next = Math.max(next, delivery.through() + 1);
            }
            boolean fits = taken || closed || !synced || buffered(delivery);
            if (progressWanted || !synced) {
                schedule();
            }
            return fits;
        }
    }

    private boolean offered(EventBatch batch) {
        try {
            boolean taken = listener.offer(batch);
            if (taken) {
                hub.metrics().events().inc(batch.events().size());
            }
            return taken;
        } catch (RuntimeException e) {
            failed(e);
            return true;
        }
    }

    /** Puts it into the buffer if there is room. Called under the monitor. */
    private boolean buffered(Delivery delivery) {
        Limits limits = hub.limits();
        boolean full =
                bufferedEvents > 0
                        && (bufferedEvents + delivery.size() > limits.watchBufferEvents()
                                || bufferedBytes + delivery.bytes() > limits.watchBufferBytes()
                                || hub.bufferedBytes().get() > limits.watchBufferBytesTotal());
        if (full) {
            return false;
        }
        if (buffer == null) {
            buffer = new ArrayDeque<>(4);
            hub.behind().incrementAndGet();
        }
        buffer.add(delivery);
        bufferedEvents += delivery.size();
        bufferedBytes += delivery.bytes();
        hub.bufferedBytes().addAndGet(delivery.bytes());
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

    /** From here on this watch must find its place by itself; before {@code after} it had all. */
    synchronized void fallBack(long after) {
        synced = false;
        if (buffer == null) {
            next = Math.max(next, after);
        }
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
            failed(e);
        }
    }

    private void failed(RuntimeException e) {
        if (!hub.isClosed()) {
            LOG.log(
                    Level.WARNING,
                    "a watch of " + range + " ends: its listener or its read failed",
                    e);
        }
        end();
    }

    /**
     * Does one thing; false when there was nothing to do, and then a later event starts a new
     * drain.
     */
    private boolean step() throws InterruptedException {
        // First, because whatever was dispatched up to here is in the buffer by now.
        boolean asked = wantsProgress();
        long complete = asked ? hub.awaitVisibleDispatched() : 0;
        Deque<Delivery> taken;
        long from;
        boolean progress = false;
        synchronized (this) {
            if (closed) {
                return false;
            }
            from = next;
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
            deliver(taken, from);
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

    private @Nullable Deque<Delivery> takeBuffer() {
        Deque<Delivery> taken = buffer;
        if (taken != null) {
            buffer = null;
            hub.behind().decrementAndGet();
            hub.bufferedBytes().addAndGet(-bufferedBytes);
            bufferedEvents = 0;
            bufferedBytes = 0;
            next = Math.max(next, taken.getLast().through() + 1);
        }
        return taken;
    }

    private void deliver(Deque<Delivery> taken, long from) {
        List<EventBatch> batches = new ArrayList<>(taken.size());
        for (Delivery delivery : taken) {
            delivery.batch(prevKv, from).ifPresent(batches::add);
        }
        // A few are shared with others; of many a message each would cost more than sharing saves.
        for (EventBatch batch :
                batches.size() > SHARED_MAX ? List.of(EventBatch.merged(batches)) : batches) {
            if (!isClosed()) {
                listener.events(batch);
                hub.metrics().events().inc(batch.events().size());
            }
        }
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
            listener.events(new EventBatch(events, chunk.through()));
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
