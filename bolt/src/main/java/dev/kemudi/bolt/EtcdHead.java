package dev.kemudi.bolt;

/**
 * Where the store stood when a snapshot was taken.
 *
 * @param consistentIndex the last log entry that the state holds
 * @param term that entry's term; 0 when unknown, as in etcd 3.4
 * @param compactedRevision below it nothing is retained; 0 when nothing was ever compacted
 * @param scheduledCompaction up to where a compaction was asked for that may not be done: what lies
 *     below it may still be there
 * @param authEnabled whether permissions are asked
 * @param authRevision how often users or roles were changed; 0: never
 * @param clusterVersion as etcd agreed on, "3.5.0"; empty when unknown
 */
public record EtcdHead(
        long consistentIndex,
        long term,
        long compactedRevision,
        long scheduledCompaction,
        boolean authEnabled,
        long authRevision,
        String clusterVersion) {
    /** A store without users. */
    public static EtcdHead of(long consistentIndex, long term, long compactedRevision) {
        return new EtcdHead(
                consistentIndex, term, compactedRevision, compactedRevision, false, 0, "");
    }

    /** Below it what is retained may not be whole: as good as compacted. */
    public long floor() {
        return Math.max(compactedRevision, scheduledCompaction);
    }

    public EtcdHead withAuth(boolean enabled, long revision) {
        return new EtcdHead(
                consistentIndex,
                term,
                compactedRevision,
                scheduledCompaction,
                enabled,
                revision,
                clusterVersion);
    }

    public EtcdHead withClusterVersion(String version) {
        return new EtcdHead(
                consistentIndex,
                term,
                compactedRevision,
                scheduledCompaction,
                authEnabled,
                authRevision,
                version);
    }
}
