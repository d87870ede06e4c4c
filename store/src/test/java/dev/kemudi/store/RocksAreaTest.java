package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RocksAreaTest extends AreaRules {
    @TempDir Path directory;

    @Override
    Store open(Limits limits, ManualTime time, PrometheusRegistry registry) {
        try {
            return KemudiStore.open(directory, limits, time, registry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void areasAreThereAfterReopening() {
        change("auth", 0, "user", "1");
        change("members", 0, "m", "1");
        change("members", 1, "n", "2");
        store.close();
        store = open(Limits.defaults(), time, new PrometheusRegistry());
        assertThat(store.area("auth").rows()).containsExactly(Map.entry(b("user"), b("1")));
        assertThat(store.area("members").revision()).isEqualTo(2);
        assertThat(store.area("members").rows()).hasSize(2);
    }
}
