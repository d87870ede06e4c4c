package dev.kemudi.store;

import java.util.List;

/** The store's answer to one {@link Op} or command. */
public sealed interface Answer {
    /**
     * What a range read found.
     *
     * @param revision the store's revision when read: the snapshot this is part of
     * @param more whether the limit cut keys off
     * @param count all keys in the range, whatever the limit
     */
    record Ranged(long revision, List<KeyValue> kvs, boolean more, long count) implements Answer {}

    /**
     * A put was done.
     *
     * @param previous at most one: what the put replaced, when asked for
     */
    record Put(long revision, List<KeyValue> previous) implements Answer {}

    record Deleted(long revision, long count, List<KeyValue> previous) implements Answer {}

    /**
     * A transaction was done.
     *
     * @param revision the revision after the transaction: a new one only if something was written
     */
    record Txn(long revision, boolean succeeded, List<Answer> answers) implements Answer {}

    record Compacted(long revision) implements Answer {}

    record LeaseGranted(long revision, long id, long ttlSeconds) implements Answer {}

    record LeaseRevoked(long revision) implements Answer {}

    /**
     * A lease lives on.
     *
     * @param ttlSeconds the full time to live, counted anew
     */
    record LeaseRenewed(long revision, long id, long ttlSeconds) implements Answer {}

    /** An {@link Area} is now at {@code areaRevision}. */
    record AreaChanged(long revision, long areaRevision) implements Answer {}

    /**
     * A checksum of what the store holds.
     *
     * @param hashedRevision up to where
     */
    record Hashed(long revision, long compactRevision, long hashedRevision, int hash)
            implements Answer {}

    /** A refusal by the store's rules; nothing was changed. */
    record Refused(Reason reason, long revision) implements Answer {}

    /** Why the store refused; {@code etcd} maps each to etcd's own code and message. */
    enum Reason {
        COMPACTED,
        FUTURE_REVISION,
        KEY_NOT_FOUND,
        EMPTY_KEY,
        DUPLICATE_KEY,
        TOO_MANY_OPS,
        LEASE_NOT_FOUND,
        LEASE_EXISTS,
        LEASE_TTL_TOO_LARGE,
        TOO_LARGE,
        /** The {@link Area} moved on since: look again and retry. */
        GUARD_STALE
    }
}
