package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.ResponseHeader;
import java.util.function.Supplier;

/**
 * Who answers.
 *
 * @param address host and port for clients
 */
record Member(long clusterId, long memberId, Supplier<String> address) {
    static final String NAME = "kemudi";

    /** The version of etcd's API that is followed; clients switch features by it. */
    static final String API_VERSION = "3.5.13";

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    /**
     * A single node is its own cluster; its ids follow from its name, so they survive a restart on
     * another port.
     */
    static Member single(Supplier<String> address) {
        return new Member(id("cluster/" + NAME), id("member/" + NAME), address);
    }

    /** FNV-1a; never negative, because some clients print ids as signed numbers. */
    private static long id(String text) {
        long hash = FNV_OFFSET;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * FNV_PRIME;
        }
        return hash & Long.MAX_VALUE;
    }

    ResponseHeader header(long revision) {
        return ResponseHeader.newBuilder()
                .setClusterId(clusterId)
                .setMemberId(memberId)
                .setRevision(revision)
                .setRaftTerm(1)
                .build();
    }
}
