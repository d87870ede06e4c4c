package dev.kemudi.store;

import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/*
 * How events reach watches
 * ------------------------
 * applier --(bounded ring)--> dispatcher --> offered to the listener of each watch, or else
 *                                        --(bounded buffer per watch)--> a virtual thread --> listener
 *
 * The dispatcher takes all that is in the ring as one: when little happens that is one revision, when it
 * cannot keep up with the watches that is many, and they cost hardly more. What the revisions have for one
 * range is one delivery, shared by all watches of it, however many: so an edge can encode it once. Each
 * watch is offered it; who cannot take it without waiting gets it through a buffer and a virtual thread of
 * its own.
 *
 * A watch is either synced, then the dispatcher hands it what matches, or it reads the LOG rows by itself,
 * in chunks, from a view of its own, until it has caught up and joins. It begins unsynced, and it becomes
 * unsynced again when its buffer is full: so memory is bounded, nobody waits for a slow watch, and no event
 * is lost; a slow watch only pays with reads. The dispatcher itself is such a reader: when the ring
 * overflowed it fetches the missing revisions from LOG. When many watches are behind at once, it is the
 * machine that is slow: then the dispatcher gives them a few milliseconds, and what gathers meanwhile is one
 * delivery.
 *
 * What always holds: revisions are dispatched in order without a gap; a watch joins only at a place the
 * dispatcher has not passed (both under the hub's lock, which no reader of the store and not the applier
 * takes); one revision goes to a watch in one piece; no listener is called under a lock of the hub or the
 * watch, and of one watch by one thread at a time. What is dispatched is on its way, what is delivered has
 * been offered or buffered: progress is told of the latter. A watch that nothing happens to has no thread
 * and no buffer.
 *
 * Refused: letting the applier offer to watches directly; a thousand watchers would be paid for by every
 * write.
 */
/** Fans events out. Safe for use by many threads. */
final class WatchHub implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(WatchHub.class.getName());
    private static final int BEHIND_SHARE = 4;
    private static final int BEHIND_MIN = 16;
    private static final int WAITS_MAX = 10;
    private static final long WAIT_NANOS = 500_000;

    private final Backend backend;
    private final Limits limits;
    private final StoreMetrics metrics;
    private final Semaphore catchUps;
    private final AtomicLong bufferedBytes = new AtomicLong();

    /** Watches whose buffer is not empty. */
    private final AtomicInteger behind = new AtomicInteger();

    private final ReentrantLock ringLock = new ReentrantLock();
    private final Condition ringFilled = ringLock.newCondition();
    private final Deque<Machine.Revision> ring = new ArrayDeque<>();
    private long ringBytes;

    private final ReentrantLock lock = new ReentrantLock();
    private final WatchIndex index = new WatchIndex();
    private final Condition dispatchedMoved = lock.newCondition();
    private volatile int open;
    private int progressWaiters;
    private long dispatched;
    private volatile long delivered;
    private volatile boolean closed;
    private final Thread dispatcher;

    WatchHub(Backend backend, Limits limits, StoreMetrics metrics, long revision) {
        this.backend = backend;
        this.limits = limits;
        this.metrics = metrics;
        this.catchUps = new Semaphore(limits.catchUpsMax());
        this.dispatched = revision;
        this.delivered = revision;
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

    AtomicInteger behind() {
        return behind;
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
            while (delivered < visible && !closed) {
                dispatchedMoved.await();
            }
        } finally {
            progressWaiters--;
            lock.unlock();
        }
        return delivered;
    }

    int watchers() {
        lock.lock();
        try {
            return open;
        } finally {
            lock.unlock();
        }
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
                ringBytes += Delivery.bytesOf(revision.events());
            }
            while (ring.size() > limits.hubRevisionsMax()
                    || (ringBytes > limits.hubBytesMax() && ring.size() > 1)) {
                ringBytes -= Delivery.bytesOf(ring.remove().events());
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
                for (int at = 0; at < batch.size() && !closed; ) {
                    at = dispatchSome(batch, at);
                    awaitThoseBehind();
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

    /** Dispatches revisions from {@code at} on as one, as many as a message should have. */
    private int dispatchSome(List<Machine.Revision> batch, int at) {
        long first = batch.get(at).revision();
        if (first > reached() + 1) {
            fetch(first - 1);
        }
        long after = reached();
        int end = at;
        int events = 0;
        long bytes = 0;
        List<Machine.Revision> some = new ArrayList<>();
        for (; end < batch.size(); end++) {
            Machine.Revision next = batch.get(end);
            if (next.revision() <= after) {
                continue;
            }
            boolean gap = next.revision() > after + 1;
            boolean full = events >= limits.catchUpEventsMax() || bytes >= limits.catchUpBytesMax();
            if (gap || full) {
                break;
            }
            some.add(next);
            after = next.revision();
            events += next.events().size();
            bytes += Delivery.bytesOf(next.events());
        }
        if (!some.isEmpty()) {
            dispatch(some, after);
        }
        return end;
    }

    private long reached() {
        lock.lock();
        try {
            return dispatched;
        } finally {
            lock.unlock();
        }
    }

    private void awaitThoseBehind() {
        for (int i = 0; i < WAITS_MAX && !closed; i++) {
            if (behind.get() <= Math.max(BEHIND_MIN, open / BEHIND_SHARE)) {
                return;
            }
            LockSupport.parkNanos(WAIT_NANOS);
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
        for (long from = reached() + 1; from <= through && !closed; from = reached() + 1) {
            LogChunk chunk;
            long compacted;
            try (View view = backend.view()) {
                compacted = view.mark().compacted();
                chunk = LogChunk.read(view, Math.max(from, compacted), key -> true, true, limits);
            }
            if (from < compacted) {
                unsyncAll();
                moveTo(compacted - 1);
            }
            dispatch(chunk.revisions(), chunk.through());
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
        watch.fallBack(delivered + 1);
    }

    private void dispatch(List<Machine.Revision> revisions, long through) {
        List<WatchIndex.Parcel> parcels = new ArrayList<>(2);
        lock.lock();
        try {
            List<WatchIndex.Group> groups = new ArrayList<>(2);
            for (Machine.Revision revision : revisions) {
                for (Watcher.Event event : revision.events()) {
                    index.match(event.kv().key(), group -> add(groups, group, event));
                }
            }
            groups.forEach(group -> parcels.add(group.pack(through)));
            dispatched = Math.max(dispatched, through);
        } finally {
            lock.unlock();
        }
        for (WatchIndex.Parcel parcel : parcels) {
            for (Watch watch : parcel.members()) {
                if (!watch.hand(parcel.delivery())) {
                    full(watch);
                }
            }
        }
        moveTo(through);
    }

    private static void add(
            List<WatchIndex.Group> groups, WatchIndex.Group group, Watcher.Event event) {
        if (group.matched.isEmpty()) {
            group.matched = new ArrayList<>();
            groups.add(group);
        }
        group.matched.add(event);
    }

    /** This watch has no room: from here on it reads by itself. */
    private void full(Watch watch) {
        metrics.slowWatches().inc();
        lock.lock();
        try {
            if (watch.slot >= 0) {
                unsync(watch);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Never back: what is under way when the state is replaced by a newer one comes too late. */
    private void moveTo(long revision) {
        lock.lock();
        try {
            dispatched = Math.max(dispatched, revision);
            delivered = Math.max(delivered, revision);
            if (progressWaiters > 0) {
                dispatchedMoved.signalAll();
            }
        } finally {
            lock.unlock();
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
