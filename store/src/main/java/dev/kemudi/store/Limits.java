package dev.kemudi.store;

/**
 * Everything the store bounds.
 *
 * @param requestBytesMax 4_194_304: the largest command; Kubernetes objects reach 3 MiB, etcd's own
 *     1.5 MiB is enforced at the etcd edge
 * @param txnOpsMax 128: operations per branch of a transaction, etcd's default
 * @param leaseTtlSecondsMin 2: etcd's floor with its default election time; shorter grants are
 *     raised to it
 * @param leaseTtlSecondsMax 9_000_000_000: etcd's own ceiling
 * @param leaseRevokesPerTickMax 1_000: so that a mass expiry does not crowd client writes out, as
 *     in etcd
 * @param leaseTickMillis 200: how late past its time an expiry is noticed
 * @param watchersMax 100_000: at about 1 KB each, 100 MB at the very worst
 * @param watchBufferEvents 1_024: a burst of one second; a slower watcher reads on from disk
 * @param watchBufferBytes 2_097_152: per watcher, events are shared so that this rarely is memory
 *     of its own
 * @param watchBufferBytesTotal 67_108_864: over all watchers; past it the slower ones read from
 *     disk
 * @param hubRevisionsMax 8_192: revisions between applier and fan-out; past it the fan-out reads
 *     from disk
 * @param hubBytesMax 16_777_216: the same in bytes
 * @param catchUpEventsMax 512: events read in one catch-up step (one revision is never split, so
 *     one may exceed it)
 * @param catchUpBytesMax 1_048_576: the same in bytes
 * @param catchUpsMax 4: catch-up reads at the same time, so that 10,000 resuming watchers do not
 *     starve readers
 * @param compactionRowsPerStep 500: a write that comes meanwhile waits a millisecond
 * @param compactionPauseMillis 3: between steps at least, or as long as a step took; 150,000
 *     revisions a second at most
 * @param flushBytesMax 33_554_432: applied bytes after which state is flushed and the log cut:
 *     replay is a second at most
 * @param backendWriteBufferBytes 33_554_432: memory of rows not yet on disk, all column families
 *     together, taken as rows come; twice as much as 16 MiB so that history is merged half as often
 * @param backendCacheBytes 67_108_864: blocks, indexes and filters of the tables, taken as they are
 *     read: those of 12 million keys of 1 KiB fit
 * @param diskReserveBytes 67_108_864: below this much room writes are refused, so that flush and
 *     compaction still fit
 * @param areaBytesMax 8_388_608: the rows of one area; ten thousand users with their roles take two
 *     million, and all areas lie in memory
 * @param sortBytesMax 16_777_216: rows held while old history is put in the order of revisions; the
 *     rest waits in runs on disk
 * @param recentBytesMax 16_777_216: rows written lately, kept at hand: the last 50,000 small ones,
 *     which is what most loads write and read again and again; taken as they are written
 */
public record Limits(
        int requestBytesMax,
        int txnOpsMax,
        long leaseTtlSecondsMin,
        long leaseTtlSecondsMax,
        int leaseRevokesPerTickMax,
        int leaseTickMillis,
        int watchersMax,
        int watchBufferEvents,
        int watchBufferBytes,
        long watchBufferBytesTotal,
        int hubRevisionsMax,
        int hubBytesMax,
        int catchUpEventsMax,
        int catchUpBytesMax,
        int catchUpsMax,
        int compactionRowsPerStep,
        int compactionPauseMillis,
        int flushBytesMax,
        int backendWriteBufferBytes,
        int backendCacheBytes,
        long diskReserveBytes,
        int areaBytesMax,
        int sortBytesMax,
        int recentBytesMax) {

    public static Limits defaults() {
        return new Limits(
                4_194_304,
                128,
                2,
                9_000_000_000L,
                1_000,
                200,
                100_000,
                1_024,
                2_097_152,
                67_108_864,
                8_192,
                16_777_216,
                512,
                1_048_576,
                4,
                500,
                3,
                33_554_432,
                33_554_432,
                67_108_864,
                67_108_864,
                8_388_608,
                16_777_216,
                16_777_216);
    }
}
