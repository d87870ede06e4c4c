package dev.kemudi.store;

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
     * Runs a transaction.
     *
     * @return {@link Answer.Txn} or {@link Answer.Refused}; fails with {@code LogRefusedException}
     *     when not accepted
     */
    CompletableFuture<Answer> txn(Op.Txn txn);

    /**
     * Writes one key.
     *
     * @return {@link Answer.Put} or {@link Answer.Refused}
     */
    CompletableFuture<Answer> put(Op.Put put);

    /**
     * Deletes a range of keys.
     *
     * @return {@link Answer.Deleted} or {@link Answer.Refused}
     */
    CompletableFuture<Answer> delete(Op.Delete delete);

    /**
     * Forgets what was superseded before {@code revision}; space is reclaimed in the background in
     * small steps.
     */
    CompletableFuture<Answer> compact(long revision);

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

    /** What is known of a lease; empty when there is none. */
    java.util.Optional<Lease> lease(long id);

    List<Long> leases();

    /** Where everything stands. */
    Stats stats();

    @Override
    void close();

    /** A lease as it stands: an expired one is revoked, never reported. */
    record Lease(long id, long grantedTtlSeconds, long remainingSeconds, List<Bytes> keys) {}

    /**
     * Where the store stands.
     *
     * @param bytesOnDisk log and state together; an estimate
     */
    record Stats(
            long revision,
            long compactedRevision,
            long appliedIndex,
            long bytesOnDisk,
            int watchers,
            int leases) {}
}
