package dev.kemudi.store;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;

class MemoryClusterTest extends ClusterRules {
    @Override
    Store open(FakeCluster cluster, Identity identity, Path directory) {
        return KemudiStore.on(
                new MemoryBackend(),
                cluster.opener(identity.self()),
                identity,
                Limits.defaults(),
                time,
                new PrometheusRegistry());
    }
}
