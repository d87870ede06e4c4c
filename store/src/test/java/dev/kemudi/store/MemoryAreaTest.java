package dev.kemudi.store;

import io.prometheus.metrics.model.registry.PrometheusRegistry;

class MemoryAreaTest extends AreaRules {
    @Override
    Store open(Limits limits, ManualTime time, PrometheusRegistry registry) {
        return KemudiStore.inMemory(limits, time, registry);
    }
}
