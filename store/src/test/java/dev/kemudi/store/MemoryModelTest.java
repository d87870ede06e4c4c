package dev.kemudi.store;

import io.prometheus.metrics.model.registry.PrometheusRegistry;

class MemoryModelTest extends ModelRules {
    @Override
    Store open(Limits limits, ManualTime time, PrometheusRegistry registry) {
        return KemudiStore.inMemory(limits, time, registry);
    }

    @Override
    boolean survivesReopening() {
        return false;
    }
}
