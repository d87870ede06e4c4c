package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The process that {@link CrashTest} kills: each of its threads writes a pair of keys per
 * transaction and says so once it is acknowledged. Small buffers make it flush, cut its log and
 * compact all the time.
 */
final class CrashWriter {
    static final int THREADS = 4;
    private static final int COMPACT_EVERY = 50;

    private CrashWriter() {}

    static Limits limits() {
        Limits d = Limits.defaults();
        return new Limits(
                d.requestBytesMax(),
                d.txnOpsMax(),
                d.leaseTtlSecondsMin(),
                d.leaseTtlSecondsMax(),
                d.leaseRevokesPerTickMax(),
                10,
                d.watchersMax(),
                d.watchBufferEvents(),
                d.watchBufferBytes(),
                d.watchBufferBytesTotal(),
                d.hubRevisionsMax(),
                d.hubBytesMax(),
                d.catchUpEventsMax(),
                d.catchUpBytesMax(),
                d.catchUpsMax(),
                20,
                1,
                32_768,
                262_144,
                d.backendCacheBytes(),
                0,
                d.areaBytesMax(),
                d.sortBytesMax(),
                d.recentBytesMax());
    }

    public static void main(String[] arguments) throws IOException {
        Store store =
                KemudiStore.open(
                        Path.of(arguments[0]),
                        limits(),
                        TimeSource.system(),
                        new PrometheusRegistry());
        for (int i = 0; i < THREADS; i++) {
            int thread = i;
            Thread.ofPlatform().start(() -> write(store, thread));
        }
    }

    static Bytes left(int thread) {
        return Bytes.utf8("left/" + thread);
    }

    static Bytes right(int thread) {
        return Bytes.utf8("right/" + thread);
    }

    private static void write(Store store, int thread) {
        Answer.Ranged last =
                (Answer.Ranged) store.range(Op.Range.of(KeyRange.single(left(thread))));
        long n = last.kvs().isEmpty() ? 0 : number(last.kvs().getFirst());
        while (true) {
            n++;
            Bytes value = Bytes.utf8(n + " " + "x".repeat((int) (n % 500)));
            Op.Txn both =
                    new Op.Txn(
                            List.of(),
                            List.of(
                                    Op.Put.of(left(thread), value),
                                    Op.Put.of(right(thread), value)),
                            List.of());
            Answer answer = store.txn(both).join();
            if (!(answer instanceof Answer.Txn done)) {
                throw new IllegalStateException("refused: " + answer);
            }
            acknowledge(thread, n, done.revision());
            if (n % COMPACT_EVERY == 0) {
                store.compact(Math.max(1, done.revision() - COMPACT_EVERY)).join();
            }
        }
    }

    /** One write call per line, so that a line is there whole or not at all. */
    private static void acknowledge(int thread, long n, long revision) {
        byte[] line =
                (thread + " " + n + " " + revision + "\n")
                        .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        synchronized (CrashWriter.class) {
            System.out.write(line, 0, line.length);
            System.out.flush();
        }
    }

    static long number(KeyValue kv) {
        return Long.parseLong(kv.value().toString().split(" ")[0]);
    }
}
