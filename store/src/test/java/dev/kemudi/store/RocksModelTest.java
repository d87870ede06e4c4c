package dev.kemudi.store;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class RocksModelTest extends ModelRules {
    @TempDir Path directory;

    @Override
    Store open(Limits limits, ManualTime time, PrometheusRegistry registry) {
        try {
            return KemudiStore.open(directory, limits, time, registry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    boolean survivesReopening() {
        return true;
    }
}
