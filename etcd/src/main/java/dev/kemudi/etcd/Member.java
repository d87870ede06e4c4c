package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.ResponseHeader;
import dev.kemudi.store.Store;
import java.util.function.Supplier;

/**
 * Who answers: ids for the head of every answer.
 *
 * @param address host and port for clients
 */
record Member(Store store, long clusterId, long memberId, Supplier<String> address) {
    static final String NAME = "kemudi";

    /** The version of etcd's API that is followed; clients switch features by it. */
    static final String API_VERSION = "3.5.13";

    static final String CLUSTER_VERSION = "3.5.0";

    static Member of(Store store, Supplier<String> address) {
        return new Member(
                store, store.membership().clusterId(), store.membership().self(), address);
    }

    ResponseHeader header(long revision) {
        return ResponseHeader.newBuilder()
                .setClusterId(clusterId)
                .setMemberId(memberId)
                .setRevision(revision)
                .setRaftTerm(store.standing().term())
                .build();
    }
}
