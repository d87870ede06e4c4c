package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class UnusedKindsTest {
    @TempDir Path pki;

    @Test
    void aKindThatNobodyReadsIsNotWatchedAndTwoVersionsAreWatchedOnce() {
        try (RunningServer running = new RunningServer(pki, Limits.defaults(), 0)) {
            double atStart = watched(running);
            assertThat(atStart).isLessThan(10); // namespaces, roles, bindings, definitions
            ApiClient client = running.server.client("reader");
            client.list(Resource.STORAGE_CLASSES, "", ListOptions.ALL);
            assertThat(watched(running)).isEqualTo(atStart + 1);
            client.list(Resource.EVENTS, "", ListOptions.ALL);
            client.list(Resource.NEW_EVENTS, "", ListOptions.ALL);
            assertThat(watched(running)).isEqualTo(atStart + 2);
        }
    }

    private static double watched(RunningServer running) {
        return running.metrics.scrape(name -> name.equals("kemudi_store_watchers")).stream()
                .map(GaugeSnapshot.class::cast)
                .flatMap(gauge -> gauge.getDataPoints().stream())
                .mapToDouble(GaugeSnapshot.GaugeDataPointSnapshot::getValue)
                .sum();
    }
}
