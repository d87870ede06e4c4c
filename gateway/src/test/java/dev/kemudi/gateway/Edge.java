package dev.kemudi.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.function.UnaryOperator;

/** The data path on a free port in front of given endpoints, for tests. */
final class Edge implements AutoCloseable {
    final PrometheusRegistry registry = new PrometheusRegistry();
    final Limits limits;
    final GatewayMetrics metrics;
    final Proxy proxy;
    final Backend backend;
    final int port;

    Edge(Limits limits, Tracer tracer, UnaryOperator<Rule> change, int... origins)
            throws IOException {
        this.limits = limits;
        metrics = new GatewayMetrics(registry, limits);
        proxy = new Proxy(limits, metrics, tracer, TimeSource.system(), IoTransport.best());
        backend = Tables.backend(proxy.lanes(), origins);
        proxy.swap(
                new RouteTable.Builder()
                        .add(
                                80,
                                "",
                                "",
                                Match.prefix("/", change.apply(Tables.rule(metrics, backend))))
                        .build());
        port = proxy.bind(80, "127.0.0.1", 0);
    }

    Edge(int... origins) throws IOException {
        this(Limits.defaults(), Tracer.NONE, rule -> rule, origins);
    }

    Wire wire() throws IOException {
        return new Wire(port);
    }

    @Override
    public void close() {
        proxy.close();
        assertThat(proxy.pinnedBytes()).as("bytes in buffers that were never released").isZero();
    }
}
