package dev.kemudi.log;

/**
 * What the log holds and waits for.
 *
 * @param commandBytesMax 4_194_304: an API object of 3 MiB and its envelope fit; one record is held
 *     in memory whole
 * @param batchBytesMax 4_194_304: one write and one fsync; more per fsync gains nothing, and it is
 *     a direct buffer
 * @param batchCommandsMax 4_096: entries given to the state machine at once, which bounds its write
 *     batch
 * @param queueCommandsMax 16_384: accepted and not yet answered; two seconds of the busiest load
 *     seen from one machine
 * @param queueBytesMax 67_108_864: the same in bytes, so that a queue of large commands cannot fill
 *     the heap
 * @param barriersMax 65_536: linearizable reads that wait at once; each is one small object
 * @param segmentBytes 33_554_432: one file; zero-filled ahead in about 50 ms by a thread of its own
 * @param logBytesMax 134_217_728: beyond it the state machine is flushed and what it holds is
 *     dropped; read again at a start after a crash in well under a second
 * @param diskProbeMillis 500: how often a full disk is asked whether it has room again
 */
public record Limits(
        int commandBytesMax,
        int batchBytesMax,
        int batchCommandsMax,
        int queueCommandsMax,
        long queueBytesMax,
        int barriersMax,
        long segmentBytes,
        long logBytesMax,
        int diskProbeMillis) {
    public static Limits defaults() {
        return new Limits(
                4 << 20, 4 << 20, 4_096, 16_384, 64L << 20, 65_536, 32L << 20, 128L << 20, 500);
    }

    Proposals.Bounds bounds() {
        return new Proposals.Bounds(
                commandBytesMax, batchBytesMax, batchCommandsMax, queueCommandsMax, queueBytesMax);
    }
}
