package dev.kemudi.store;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/*
 * How events reach watches
 * ------------------------
 * applier --(bounded ring)--> dispatcher --(bounded buffer per watch)--> a virtual thread --> listener
 *
 * A watch is either synced, then the dispatcher hands it what matches, or it reads the LOG rows by itself, in
 * chunks, from a view of its own, until it has caught up and joins. It begins unsynced, and it becomes
 * unsynced again when its buffer is full: so memory is bounded, nobody waits for a slow watch, and no event
 * is lost; a slow watch only pays with reads. The dispatcher itself is such a reader: when the ring
 * overflowed it fetches the missing revisions from LOG.
 *
 * What always holds: revisions are dispatched one by one without a gap; a watch joins only at a place the
 * dispatcher has not passed (both under the hub's lock, which no reader of the store and not the applier
 * takes); one revision goes to a watch in one piece. A watch that nothing happens to has no thread and no
 * buffer.
 *
 * Refused: letting the applier offer to watches directly; a thousand watchers would be paid for by every
 * write.
 */
/** Fans events out. Safe for use by many threads. */
final class WatchHub implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(WatchHub.class.getName());
    private static final int EVENT_OVERHEAD_BYTES = 128;

    private final Backend backend;
    private final Limits limits;
    private final StoreMetrics metrics;
    private final Semaphore catchUps;
    private final AtomicLong bufferedBytes = new AtomicLong();

    private final ReentrantLock ringLock = new ReentrantLock();
    private final Condition ringFilled = ringLock.newCondition();
    private final Deque<Machine.Revision> ring = new ArrayDeque<>();
    private long ringBytes;

    private final ReentrantLock lock = new ReentrantLock();
    private final WatchIndex index = new WatchIndex();
    private final Condition dispatchedMoved = lock.newCondition();
    private int open;
    private int progressWaiters;
    private volatile long dispatched;
    private volatile boolean closed;
    private final Thread dispatcher;

    WatchHub(Backend backend, Limits limits, StoreMetrics metrics, long revision) {
        this.backend = backend;
        this.limits = limits;
        this.metrics = metrics;
        this.catchUps = new Semaphore(limits.catchUpsMax());
        this.dispatched = revision;
        this.dispatcher = Thread.ofVirtual().name("store-watch-hub").start(this::run);
    }

    Limits limits() {
        return limits;
    }

    StoreMetrics metrics() {
        return metrics;
    }

    Backend backend() {
        return backend;
    }

    Semaphore catchUps() {
        return catchUps;
    }

    AtomicLong bufferedBytes() {
        return bufferedBytes;
    }

    long dispatched() {
        return dispatched;
    }

    /**
     * Blocks until everything that is visible now has been dispatched: a reader that saw a revision
     * and then asks for progress is told of that revision, not of an earlier one.
     */
    long awaitVisibleDispatched() throws InterruptedException {
        long visible;
        try (View view = backend.view()) {
            visible = view.mark().revision();
        }
        lock.lockInterruptibly();
        try {
            progressWaiters++;
            while (dispatched < visible && !closed) {
                dispatchedMoved.await();
            }
        } finally {
            progressWaiters--;
            lock.unlock();
        }
        return dispatched;
    }

    int watchers() {
        lock.lock();
        try {
            return open;
        } finally {
            lock.unlock();
        }
    }

    static long bytesOf(List<Watcher.Event> events) {
        long bytes = 0;
        for (Watcher.Event event : events) {
            bytes += EVENT_OVERHEAD_BYTES + event.kv().key().length() + event.kv().value().length();
        }
        return bytes;
    }

    /**
     * Called by the applier after the revisions are visible; never blocks for longer than a copy.
     */
    void offer(List<Machine.Revision> revisions) {
        if (revisions.isEmpty()) {
            return;
        }
        ringLock.lock();
        try {
            for (Machine.Revision revision : revisions) {
                ring.add(revision);
                ringBytes += bytesOf(revision.events());
            }
            while (ring.size() > limits.hubRevisionsMax()
                    || (ringBytes > limits.hubBytesMax() && ring.size() > 1)) {
                ringBytes -= bytesOf(ring.remove().events());
            }
            ringFilled.signal();
        } finally {
            ringLock.unlock();
        }
    }

    Watch watch(KeyRange range, long next, boolean prevKv, Watcher.Listener listener) {
        Watch watch = new Watch(this, range, next, prevKv, listener);
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the store is closed");
            }
            if (open >= limits.watchersMax()) {
                throw new IllegalStateException(
                        "there are " + open + " watches, watchersMax is " + limits.watchersMax());
            }
            open++;
            if (!join(watch)) {
                watch.schedule();
            }
        } finally {
            lock.unlock();
        }
        metrics.watchers().inc();
        return watch;
    }

    /** True when from now on the dispatcher delivers to {@code watch} all it has not seen. */
    boolean join(Watch watch) {
        lock.lock();
        try {
            if (watch.next() <= dispatched || !watch.becomeSynced()) {
                return false;
            }
            index.add(watch);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Takes a closed watch out. */
    void leave(Watch watch) {
        lock.lock();
        try {
            if (watch.slot >= 0) {
                index.remove(watch);
            }
            open--;
        } finally {
            lock.unlock();
        }
        metrics.watchers().dec();
    }

    private void run() {
        List<Machine.Revision> batch = new ArrayList<>();
        try {
            while (!closed) {
                take(batch);
                for (Machine.Revision revision : batch) {
                    if (revision.revision() > dispatched + 1) {
                        fetch(revision.revision() - 1);
                    }
                    if (revision.revision() == dispatched + 1) {
                        dispatch(revision);
                    }
                }
                batch.clear();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            if (!closed) {
                LOG.log(Level.ERROR, "watches get no more events until restart", e);
            }
        }
    }

    private void take(List<Machine.Revision> batch) throws InterruptedException {
        ringLock.lockInterruptibly();
        try {
            while (ring.isEmpty()) {
                ringFilled.await();
            }
            batch.addAll(ring);
            ring.clear();
            ringBytes = 0;
        } finally {
            ringLock.unlock();
        }
    }

    /** Dispatches from LOG what the ring had no room for. */
    private void fetch(long through) {
        while (dispatched < through) {
            LogChunk chunk;
            try (View view = backend.view()) {
                if (dispatched + 1 < view.mark().compacted()) {
                    unsyncAll();
                    moveTo(view.mark().compacted() - 1);
                }
                chunk = LogChunk.read(view, dispatched + 1, key -> true, true, limits);
            }
            for (Machine.Revision revision : chunk.revisions()) {
                dispatch(revision);
            }
            moveTo(Math.max(dispatched, chunk.through()));
        }
    }

    /** The dispatcher has lost its place: each watch finds its own, or that it is gone. */
    private void unsyncAll() {
        lock.lock();
        try {
            index.all().forEach(this::unsync);
        } finally {
            lock.unlock();
        }
    }

    /** The state was replaced by a newer one: each watch finds its own place in it. */
    void replaced(long revision) {
        lock.lock();
        try {
            unsyncAll();
            moveTo(revision);
        } finally {
            lock.unlock();
        }
    }

    private void unsync(Watch watch) {
        index.remove(watch);
        watch.fallBack();
    }

    private void dispatch(Machine.Revision revision) {
        List<WatchIndex.Group> groups = new ArrayList<>(2);
        List<Watch> full = new ArrayList<>(0);
        lock.lock();
        try {
            for (Watcher.Event event : revision.events()) {
                index.match(
                        event.kv().key(),
                        group -> {
                            if (group.matched.isEmpty()) {
                                group.matched = new ArrayList<>(1);
                                groups.add(group);
                            }
                            group.matched.add(event);
                        });
            }
            for (WatchIndex.Group group : groups) {
                Delivery delivery = new Delivery(revision.revision(), group.matched);
                group.matched = List.of();
                for (Watch watch : group.members) {
                    if (!watch.offer(delivery)) {
                        full.add(watch);
                    }
                }
            }
            full.forEach(index::remove);
            moveTo(revision.revision());
        } finally {
            lock.unlock();
        }
    }

    /** Never back: what is under way when the state is replaced by a newer one comes too late. */
    private void moveTo(long revision) {
        lock.lock();
        try {
            dispatched = Math.max(dispatched, revision);
            if (progressWaiters > 0) {
                dispatchedMoved.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** What one revision has for the watches of one range; shared by all of them. */
    static final class Delivery {
        final long revision;
        final long bytes;
        private final List<Watcher.Event> events;
        private volatile List<Watcher.Event> stripped = List.of();

        Delivery(long revision, List<Watcher.Event> events) {
            this.revision = revision;
            this.events = events;
            this.bytes = bytesOf(events);
        }

        int size() {
            return events.size();
        }

        List<Watcher.Event> events(boolean prevKv) {
            if (prevKv) {
                return events;
            }
            List<Watcher.Event> without = stripped;
            if (without.isEmpty()) {
                without =
                        events.stream()
                                .map(event ->
                                        event.previous().isEmpty()
                                                ? event
                                                : new Watcher.Event(
                                                        event.type(), event.kv(), List.of()))
                                .toList();
                stripped = without;
            }
            return without;
        }
    }

    @Override
    public void close() {
        List<Watch> synced;
        lock.lock();
        try {
            closed = true;
            dispatchedMoved.signalAll();
            synced = index.all();
        } finally {
            lock.unlock();
        }
        dispatcher.interrupt();
        synced.forEach(Watch::end);
        try {
            dispatcher.join();
            // Nobody may still be reading from the backend when it closes.
            catchUps.acquire(limits.catchUpsMax());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    boolean isClosed() {
        return closed;
    }
}
