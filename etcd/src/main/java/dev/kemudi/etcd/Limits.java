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
 * @param inlineKeysMax 200: a range with no more keys is read by the event loop that it came by;
 *     longer ones by a thread of their own, so that nobody waits for them
 * @param progressNotifyMillis 600_000: etcd's ten minutes
 * @param eventLoopThreads 1: reading and writing frames; a second one pays from four cores on
 * @param keepAliveFloorMillis 5_000: clients that ping more often are sent away, as in etcd
 * @param stopMillis 2_000: how long calls may finish when the server stops
 * @param helloMillis 10_000: until a connection has shaken hands and said what it speaks
 * @param pipelinedMax 16: HTTP requests of one connection that wait for the one before; browsers
 *     send six
 * @param barrierMillis 1_000: how long a health check waits for a majority, as in etcd
 * @param passwordsAtATime 1: each costs tens of milliseconds of a core, which the store needs too
 * @param tokenUsesMax 100_000: tokens whose last use is remembered, 200 bytes each; those beyond
 *     live from their issue on
 * @param answersBytesMax 32_768: short answers of one connection that leave as one buffer; what
 *     Netty's per-thread cache keeps
 * @param snapshotsMax 2: each takes the size of the data on disk while it is sent
 * @param snapshotChunkBytes 32_768: a piece of a snapshot, as in etcd
 * @param leaderlessMillis 3_000: streams that want a leader are ended when none was known for so
 *     long; etcd waits three elections
 * @param lookMillis 200: how often the leader, and once in a while certificates, are looked at
 */
public record Limits(
        int requestBytesMax,
        int messageBytesMax,
        int callsMax,
        int callsPerConnectionMax,
        int watchesPerStreamMax,
        int fragmentBytesMax,
        int inlineKeysMax,
        int progressNotifyMillis,
        int eventLoopThreads,
        int keepAliveFloorMillis,
        int stopMillis,
        int helloMillis,
        int pipelinedMax,
        int barrierMillis,
        int passwordsAtATime,
        int tokenUsesMax,
        int answersBytesMax,
        int snapshotsMax,
        int snapshotChunkBytes,
        int leaderlessMillis,
        int lookMillis) {
    public static Limits defaults() {
        return new Limits(
                1_572_864, 2_097_152, 1_024, 1_000, 10_000, 1_572_864, 200, 600_000, 1, 5_000,
                2_000, 10_000, 16, 1_000, 1, 100_000, 32_768, 2, 32_768, 3_000, 200);
    }
}
