package dev.kemudi.etcd;

/**
 * Everything the etcd edge bounds.
 *
 * @param requestBytesMax 1_572_864: etcd's default; a larger request is refused with etcd's own
 *     error
 * @param messageBytesMax 2_097_152: what the transport takes in at all, as in etcd: the request and
 *     its framing
 * @param callsMax 1_024: unary calls and waits for locks at the same time; more are told to come
 *     again
 * @param callsPerConnectionMax 1_000: streams of one connection, so that one client cannot take
 *     everything
 * @param watchesPerStreamMax 10_000: an API server with every resource watched takes a few hundred
 * @param fragmentBytesMax 1_572_864: where a watch answer is cut for clients that asked for
 *     fragments
 * @param progressNotifyMillis 600_000: etcd's ten minutes
 * @param eventLoopThreads 1: reading and writing frames; a second one pays from four cores on
 * @param keepAliveFloorMillis 5_000: clients that ping more often are sent away, as in etcd
 * @param stopMillis 2_000: how long calls may finish when the server stops
 */
public record Limits(
        int requestBytesMax,
        int messageBytesMax,
        int callsMax,
        int callsPerConnectionMax,
        int watchesPerStreamMax,
        int fragmentBytesMax,
        int progressNotifyMillis,
        int eventLoopThreads,
        int keepAliveFloorMillis,
        int stopMillis) {
    public static Limits defaults() {
        return new Limits(
                1_572_864, 2_097_152, 1_024, 1_000, 10_000, 1_572_864, 600_000, 1, 5_000, 2_000);
    }
}
