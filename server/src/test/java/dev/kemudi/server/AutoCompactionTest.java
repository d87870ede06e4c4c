package dev.kemudi.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.SimulatedTime;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class AutoCompactionTest {
    private final SimulatedTime time = new SimulatedTime(0);
    private final Store store = KemudiStore.inMemory(TimeSource.system(), new PrometheusRegistry());

    @AfterEach
    void close() {
        store.close();
    }

    private AutoCloseable start(String mode, String retention) {
        return AutoCompaction.start(
                EtcdSettings.read(
                        List.of(
                                "--auto-compaction-mode=" + mode,
                                "--auto-compaction-retention=" + retention),
                        Map.of()),
                store,
                time);
    }

    private long put(int times) {
        for (int i = 0; i < times; i++) {
            store.put(Op.Put.of(Bytes.utf8("key"), Bytes.utf8("value " + i))).join();
        }
        return store.revision();
    }

    /** Time passes, and what it woke has slept again. */
    private void pass(long minutes) throws InterruptedException {
        time.awaitSleepers(1);
        time.advance(TimeUnit.MINUTES.toMillis(minutes));
        time.awaitSleepers(1);
    }

    @Test
    void inRevisionModeTheNewestSoManyRevisionsStay() throws Exception {
        try (AutoCloseable compaction = start("revision", "10")) {
            assertThat(compaction).isNotNull();
            long newest = put(25);
            pass(4);
            assertThat(store.compactedRevision()).isLessThanOrEqualTo(0);
            pass(1);
            assertThat(store.compactedRevision()).isEqualTo(newest - 10);
            pass(5);
            assertThat(store.compactedRevision()).isEqualTo(newest - 10);
        }
    }

    @Test
    void inPeriodicModeWhatIsYoungerThanTheRetentionStays() throws Exception {
        try (AutoCloseable compaction = start("periodic", "60m")) {
            assertThat(compaction).isNotNull();
            long old = put(5);
            pass(6);
            put(5);
            for (int minutes = 12; minutes <= 60; minutes += 6) {
                pass(6);
            }
            assertThat(store.compactedRevision()).isLessThanOrEqualTo(0);
            pass(6);
            assertThat(store.compactedRevision()).isEqualTo(old);
        }
    }

    @Test
    void nothingIsCompactedUnasked() throws Exception {
        start("periodic", "0").close();
        start("revision", "0").close();
        assertThat(time.sleepers()).isZero();
    }

    @Test
    void whatCannotBeUnderstoodIsRefused() {
        assertThatThrownBy(() -> start("sometimes", "1"))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("--auto-compaction-mode");
        assertThatThrownBy(() -> start("revision", "1h"))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("a number of revisions");
        assertThatThrownBy(() -> start("periodic", "long"))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("a duration");
    }
}
