package dev.kemudi.store;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

class RocksClusterTest extends ClusterRules {
    @Override
    Store open(FakeCluster cluster, Identity identity, Path directory) {
        try {
            return KemudiStore.open(
                    directory,
                    cluster.opener(identity.self()),
                    identity,
                    Limits.defaults(),
                    time,
                    new PrometheusRegistry());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
