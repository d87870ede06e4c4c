package dev.kemudi.store;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The multi-version key space: every write makes one new revision, every retained revision can be
 * read and watched. Writes go through the log and are answered after they are durable; reads never
 * lock and never wait for writes. Safe for use by many threads.
 */
public interface Store extends AutoCloseable {
    /** The newest visible revision; 1 for an empty store, as in etcd. */
    long revision();

    /** Revisions below this are gone; 0 when nothing was ever compacted. */
    long compactedRevision();

    /**
     * Reads one snapshot without locks.
     *
     * @return {@link Answer.Ranged} or {@link Answer.Refused}
     */
    Answer range(Op.Range range);

    /**
     * Visits matching pairs of one snapshot in key order without holding them all in memory.
     *
     * @return {@link Answer.Ranged} without pairs, count being the number visited, or {@link
     *     Answer.Refused}
     */
    Answer scan(Op.Range range, java.util.function.Predicate<KeyValue> visitor);

    /**
     * Completes with the newest revision once everything that was committed before this call can be
     * read here: a {@link #range} after it is linearizable. On a single node that is at once; with
     * peers it costs a question to a majority, shared by all who ask at the same time, but no
     * entry. Fails with {@code LogRefusedException} ({@code NOT_LEADER}) when there is no leader.
     */
    CompletableFuture<Long> readBarrier();

    /** The {@link #staleness} of a store that has proved nothing yet. */
    Duration STALENESS_UNKNOWN = Duration.ofSeconds(Long.MAX_VALUE);

    /**
     * Completes with the newest revision here once a {@link #range} shows what was committed {@code
     * bound} ago or later: at once while {@link #staleness} is within the bound, else after a
     * {@link #readBarrier}, and fails as that one does. So a member answers within the bound or not
     * at all, and asks a majority at most once in that time. Relies on the rate of this node's
     * clock, and on no other clock.
     *
     * @param bound not negative; zero makes it a {@link #readBarrier}
     */
    CompletableFuture<Long> readBarrier(Duration bound);

    /**
     * How old what is read here may be: the time since the last {@link #readBarrier} that was
     * reached was asked for. Zero on a single node; {@link #STALENESS_UNKNOWN} before the first.
     */
    Duration staleness();

    /**
     * Writes. A transaction that cannot write is answered after a {@link #readBarrier} without an
     * entry.
     *
     * @return {@link Answer.Put}, {@link Answer.Deleted}, {@link Answer.Txn} by what {@code op} is,
     *     or {@link Answer.Refused}; fails with {@code LogRefusedException} when not accepted
     */
    CompletableFuture<Answer> write(Op op, Origin origin);

    /** As {@link #write} without an origin. */
    default CompletableFuture<Answer> txn(Op.Txn txn) {
        return write(txn, Origin.NONE);
    }

    /** As {@link #write} without an origin. */
    default CompletableFuture<Answer> put(Op.Put put) {
        return write(put, Origin.NONE);
    }

    /** As {@link #write} without an origin. */
    default CompletableFuture<Answer> delete(Op.Delete delete) {
        return write(delete, Origin.NONE);
    }

    /**
     * Forgets what was superseded before {@code revision}; space is reclaimed in the background in
     * small steps.
     *
     * @param physical answer only when the space has been reclaimed on this node
     */
    CompletableFuture<Answer> compact(long revision, boolean physical);

    default CompletableFuture<Answer> compact(long revision) {
        return compact(revision, false);
    }

    /** The rows of an area as they are now; empty with revision 0 when it was never changed. */
    Area area(String name);

    /**
     * Changes an area.
     *
     * @return {@link Answer.AreaChanged} or {@link Answer.Refused}
     */
    CompletableFuture<Answer> change(AreaChange change);

    /**
     * Calls {@code listener} with the area now and after each change, in order, on the applier's
     * thread: it must be quick.
     */
    void onChange(String area, java.util.function.Consumer<Area> listener);

    /** Where this node stands among its peers. */
    dev.kemudi.log.Standing standing();

    /** Who belongs to the cluster. */
    Membership membership();

    /**
     * A checksum of all keys and retained revisions up to {@code revision}; equal on all nodes.
     *
     * @param revision 0 for the newest
     * @return {@link Answer.Hashed} or {@link Answer.Refused}
     */
    Answer hash(long revision);

    /**
     * Visits every retained change up to the newest revision, in the order of revisions, upon one
     * snapshot: for copies of the store. Does not hold up writers.
     *
     * @return the newest revision of the snapshot
     */
    long history(java.util.function.Consumer<Watcher.Event> visitor);

    /**
     * Lets {@code reader} see everything of one moment, however long it takes: for copies of the
     * store, whose parts must belong together. Does not hold up writers.
     */
    <T> T snapshot(java.util.function.Function<Snapshot, T> reader);

    /** One moment of the whole store; valid while its reader runs, used by one thread. */
    interface Snapshot {
        long revision();

        long compactedRevision();

        /** With their full times to live. */
        List<Lease> leases();

        /** Every area that was ever changed. */
        List<Area> areas();

        /** As {@link Store#history}. */
        void history(java.util.function.Consumer<Watcher.Event> visitor);

        /** As {@link Store#hash}. */
        Answer hash(long revision);
    }

    /** The leases of one snapshot, with their full times to live. */
    List<Lease> allLeases();

    /**
     * Opens a watch on {@code range} that begins with the events of {@code startRevision} (0: with
     * what comes next). A start below the compacted revision ends at once with {@link
     * Watcher.Listener#ended}; a future one waits.
     */
    Watcher watch(KeyRange range, long startRevision, boolean prevKv, Watcher.Listener listener);

    /**
     * Makes a lease.
     *
     * @param id 0 lets the store choose
     */
    CompletableFuture<Answer> leaseGrant(long id, long ttlSeconds);

    CompletableFuture<Answer> leaseRevoke(long id);

    CompletableFuture<Answer> leaseKeepAlive(long id);

    /** What the leader knows of a lease; empty when there is none. */
    CompletableFuture<java.util.Optional<Lease>> lease(long id);

    List<Long> leases();

    /** Where everything stands. Asks the files for their sizes: not for every request. */
    Stats stats();

    /** {@link Stats#bytesInUse} alone, at the cost of reading a field. */
    long bytesInUse();

    /**
     * Gives what compaction reclaimed back to the disk, which happens by itself sooner or later.
     * Writes go on. Completes when done.
     */
    default CompletableFuture<Void> defragment() {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    void close();

    /** A lease as it stands: an expired one is revoked, never reported. */
    record Lease(long id, long grantedTtlSeconds, long remainingSeconds, List<Bytes> keys) {}

    /**
     * Where the store stands.
     *
     * @param bytesOnDisk log and state together; an estimate
     * @param bytesInUse keys and retained revisions, exact, whatever the disk still holds: what a
     *     quota should be about; falls while a compaction reclaims
     */
    record Stats(
            long revision,
            long compactedRevision,
            long appliedIndex,
            long bytesOnDisk,
            long bytesInUse,
            int watchers,
            int leases) {}
}
