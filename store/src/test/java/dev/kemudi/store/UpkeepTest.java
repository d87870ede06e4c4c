package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.log.LogEntry;
import dev.kemudi.log.MemoryLog;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class UpkeepTest {
    private final ManualTime time = new ManualTime();
    private final Backend backend = new MemoryBackend();
    private final Machine machine = new Machine(backend, outcome -> {});
    private long index;

    private void apply(Command command) {
        machine.apply(List.of(new LogEntry(++index, 1, 0, "", command.encode())));
    }

    private List<Long> revisions(Family family) {
        List<Long> revisions = new ArrayList<>();
        try (View view = backend.view();
                Rows.Cursor cursor = view.cursor(family, new byte[0])) {
            for (; cursor.valid(); cursor.next()) {
                revisions.add(
                        family == Family.LOG
                                ? RowFormat.revisionOf(cursor.key())
                                : RowFormat.modOfOld(cursor.key()));
            }
        }
        return revisions;
    }

    @Test
    void compactionReclaimsExactlyWhatWasSupersededInAsManyStepsAsItTakes() throws Exception {
        for (int i = 0; i < 30; i++) {
            apply(new Command.Apply(Op.Put.of(Bytes.utf8("k" + i % 3), Bytes.utf8("v" + i))));
        }
        apply(new Command.Apply(new Op.Delete(KeyRange.single(Bytes.utf8("k0")), false)));
        PrometheusRegistry registry = new PrometheusRegistry();
        StoreMetrics metrics = new StoreMetrics(registry);
        MemoryLog<Answer> log =
                new MemoryLog<>(machine, dev.kemudi.log.Limits.defaults(), time, registry);
        int[] steps = {0};

        Upkeep upkeep =
                new Upkeep(
                        backend,
                        log,
                        CrashWriter.limits(),
                        time,
                        metrics,
                        () -> steps[0]++,
                        () -> true);
        apply(new Command.Compact(29));
        upkeep.reclaim();
        assertThat(revisions(Family.LOG)).containsExactly(29L, 30L, 31L, 32L);
        // k0 of 29 until its delete, k1 of 27 and k2 of 28 until 30 and 31.
        assertThat(revisions(Family.OLD)).containsExactly(29L, 27L, 28L);
        assertThat(steps[0]).isGreaterThan(1);
        try (View view = backend.view()) {
            assertThat(backend.bytesInUse()).isPositive().isEqualTo(CensusTest.retained(view));
        }
        apply(new Command.Compact(32));
        upkeep.reclaim();
        assertThat(revisions(Family.LOG)).containsExactly(32L);
        assertThat(revisions(Family.OLD)).isEmpty();
        try (View view = backend.view()) {
            assertThat(view.mark().reclaimed()).isEqualTo(32);
            assertThat(backend.bytesInUse()).isEqualTo(CensusTest.retained(view));
        }
        log.close();
    }
}
