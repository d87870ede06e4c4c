package dev.kemudi.logratis;

import dev.kemudi.log.Proposals;

/**
 * What the replicated log holds and waits for.
 *
 * @param commandBytesMax 4_194_304: an API object of 3 MiB and its envelope fit; held in memory
 *     whole on every member
 * @param batchBytesMax 4_194_304: one entry of the log; followers write and sync it at once
 * @param batchCommandsMax 4_096: commands given to the state machine at once, which bounds its
 *     write batch
 * @param queueCommandsMax 16_384: accepted and not yet answered on this node; two seconds of the
 *     busiest load seen
 * @param queueBytesMax 67_108_864: the same in bytes, so that a queue of large commands cannot fill
 *     the heap
 * @param barriersMax 65_536: linearizable reads that wait at once; each is one small object
 * @param questionsMax 1_024: questions under way to the leader; more means that it does not answer
 * @param segmentBytes 8_388_608: one file of the log; what is purged goes by whole files
 * @param cachedSegments 2: closed files whose entries stay in memory for followers that are a
 *     little behind
 * @param snapshotEveryBytes 33_554_432: entries applied before the state machine is copied; the log
 *     on disk stays within three times as much, unless a follower is being sent a copy
 * @param snapshotChunkBytes 1_048_576: one message of a copy that is sent to a follower
 * @param proposeMillis 5_000: how long a batch looks for a leader, longer than an election; then
 *     its commands fail
 * @param barrierMillis 5_000: the same for a read barrier and a question
 * @param reconfigureMillis 30_000: how long a new member may take to catch up
 * @param entriesPerMessageMax 512: what a follower that is behind gets at once; each message must
 *     be synced and answered well within a second
 */
public record Limits(
        int commandBytesMax,
        int batchBytesMax,
        int batchCommandsMax,
        int queueCommandsMax,
        long queueBytesMax,
        int barriersMax,
        int questionsMax,
        int segmentBytes,
        int cachedSegments,
        long snapshotEveryBytes,
        int snapshotChunkBytes,
        int proposeMillis,
        int barrierMillis,
        int reconfigureMillis,
        int entriesPerMessageMax) {
    private static final int ENVELOPE_BYTES = 256 << 10;

    public static Limits defaults() {
        return new Limits(
                4 << 20, 4 << 20, 4_096, 16_384, 64L << 20, 65_536, 1_024, 8 << 20, 2, 32L << 20,
                1 << 20, 5_000, 5_000, 30_000, 512);
    }

    Proposals.Bounds bounds() {
        return new Proposals.Bounds(
                commandBytesMax, batchBytesMax, batchCommandsMax, queueCommandsMax, queueBytesMax);
    }

    /** The largest entry: a command of the largest size alone, or a full batch, and its frame. */
    int entryBytesMax() {
        return Math.max(commandBytesMax, batchBytesMax) + ENVELOPE_BYTES;
    }
}
