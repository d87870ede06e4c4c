package dev.kemudi.store;

/**
 * A key with its value and history, as etcd's {@code mvccpb.KeyValue}.
 *
 * @param createRevision revision of the put that created the key
 * @param modRevision revision of its last put
 * @param version number of puts since it was created; 0 in the tombstone of a delete event
 * @param lease the lease it is attached to, 0 for none
 */
public record KeyValue(
        Bytes key, long createRevision, long modRevision, long version, Bytes value, long lease) {}
