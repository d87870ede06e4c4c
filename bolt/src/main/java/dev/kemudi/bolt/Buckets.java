package dev.kemudi.bolt;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** The buckets of etcd 3.4 and 3.5 and the rows that have names. */
final class Buckets {
    static final String KEY = "key";
    static final String META = "meta";
    static final String LEASE = "lease";
    static final String ALARM = "alarm";
    static final String AUTH = "auth";
    static final String AUTH_USERS = "authUsers";
    static final String AUTH_ROLES = "authRoles";
    static final String MEMBERS = "members";
    static final String MEMBERS_REMOVED = "members_removed";
    static final String CLUSTER = "cluster";

    static final List<String> ALL =
            List.of(
                    KEY,
                    META,
                    LEASE,
                    ALARM,
                    AUTH,
                    AUTH_USERS,
                    AUTH_ROLES,
                    MEMBERS,
                    MEMBERS_REMOVED,
                    CLUSTER);

    static final byte[] CONSISTENT_INDEX = utf8("consistent_index");
    static final byte[] TERM = utf8("term");
    static final byte[] SCHEDULED_COMPACTION = utf8("scheduledCompactRev");
    static final byte[] FINISHED_COMPACTION = utf8("finishedCompactRev");
    static final byte[] AUTH_ENABLED = utf8("authEnabled");
    static final byte[] AUTH_REVISION = utf8("authRevision");
    static final byte[] CLUSTER_VERSION = utf8("clusterVersion");

    private Buckets() {}

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
