package dev.kemudi.store;

import static dev.kemudi.store.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.log.LogRefusedException;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksStoreTest extends StoreRules {
    @TempDir Path directory;

    @Override
    Store open(Limits limits, ManualTime time, PrometheusRegistry registry) {
        try {
            return KemudiStore.open(directory, limits, time, registry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void reopen() {
        store.close();
        store = open(Limits.defaults(), time, new PrometheusRegistry());
    }

    @Test
    void everythingIsThereAfterReopening() {
        put("a", "1");
        put("a", "2");
        store.leaseGrant(9, 30).join();
        store.put(new Op.Put(b("b"), b("1"), 9, false, false, false)).join();
        store.compact(3).join();
        time.pass(20);
        reopen();
        assertThat(store.revision()).isEqualTo(4);
        assertThat(store.compactedRevision()).isEqualTo(3);
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 0)).containsExactly("a=2", "b=1");
        assertThat(store.lease(9).join().orElseThrow())
                .isEqualTo(new Store.Lease(9, 30, 30, List.of(b("b"))));
        time.pass(20);
        assertThat(store.leases()).containsExactly(9L);
        Collected seen = new Collected();
        try (Watcher watcher = store.watch(KeyRange.prefix(Bytes.EMPTY), 3, false, seen)) {
            eventually(() -> assertThat(seen.seen()).containsExactly("+a=2@3", "+b=1@4"));
            watcher.requestProgress();
        }
        time.pass(11);
        eventually(() -> assertThat(store.revision()).isEqualTo(5));
    }

    @Test
    void whatIsInUseFallsWithCompactionAndTheDiskFollows() {
        for (int i = 0; i < 400; i++) {
            put("k" + i % 4, "v".repeat(10_000));
        }
        long before = store.bytesInUse();
        assertThat(before).isGreaterThan(4_000_000);
        store.compact(store.revision(), true).join();
        long after = store.bytesInUse();
        assertThat(after).isLessThan(100_000);
        store.defragment().join();
        assertThat(store.bytesInUse()).isEqualTo(after);
        reopen();
        assertThat(store.bytesInUse()).isEqualTo(after);
        assertThat(keys(KeyRange.prefix(b("k")), 0)).hasSize(4);
    }

    @Test
    void aDirectoryInUseIsRefusedWithOneClearSentence() {
        assertThatThrownBy(() ->
                        KemudiStore.open(
                                directory, Limits.defaults(), time, new PrometheusRegistry()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot be opened")
                .hasMessageContaining("another process");
    }

    @Test
    void aFullDiskRefusesWritesAndGoesOnReading() throws IOException {
        put("a", "1");
        store.close();
        PrometheusRegistry registry = new PrometheusRegistry();
        store = open(withReserve(Long.MAX_VALUE), time, registry);
        CompletableFuture<Answer> refused = store.put(Op.Put.of(b("a"), b("2")));
        assertThatThrownBy(refused::join)
                .cause()
                .isInstanceOfSatisfying(
                        LogRefusedException.class,
                        e ->
                                assertThat(e.reason())
                                        .isEqualTo(LogRefusedException.Reason.DISK_FULL));
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 0)).containsExactly("a=1");
        store.close();
        store = open(Limits.defaults(), time, registry);
        assertThat(put("a", "3")).isEqualTo(new Answer.Put(3, List.of()));
    }

    private static Limits withReserve(long diskReserveBytes) {
        Limits small = CrashWriter.limits();
        return new Limits(
                small.requestBytesMax(),
                small.txnOpsMax(),
                small.leaseTtlSecondsMin(),
                small.leaseTtlSecondsMax(),
                small.leaseRevokesPerTickMax(),
                small.leaseTickMillis(),
                small.watchersMax(),
                small.watchBufferEvents(),
                small.watchBufferBytes(),
                small.watchBufferBytesTotal(),
                small.hubRevisionsMax(),
                small.hubBytesMax(),
                small.catchUpEventsMax(),
                small.catchUpBytesMax(),
                small.catchUpsMax(),
                small.compactionRowsPerStep(),
                small.compactionPauseMillis(),
                small.flushBytesMax(),
                small.backendWriteBufferBytes(),
                small.backendCacheBytes(),
                diskReserveBytes,
                small.areaBytesMax(),
                small.sortBytesMax(),
                small.recentBytesMax());
    }
}
