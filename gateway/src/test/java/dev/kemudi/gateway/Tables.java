package dev.kemudi.gateway;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** Route tables for tests that need no declared objects. */
final class Tables {
    private Tables() {}

    static GatewayMetrics metrics() {
        return new GatewayMetrics(new PrometheusRegistry(), Limits.defaults());
    }

    static Backend backend(int lanes, int... ports) {
        Backend backend = new Backend("test");
        Endpoint[] endpoints = new Endpoint[ports.length];
        for (int i = 0; i < ports.length; i++) {
            endpoints[i] = new Endpoint(new InetSocketAddress("127.0.0.1", ports[i]), lanes);
        }
        backend.endpoints(endpoints);
        return backend;
    }

    static Rule rule(GatewayMetrics metrics, Backend backend) {
        return Rule.forwarding(
                metrics.route("test"), List.of(new Rule.Choice(Optional.of(backend), 1)));
    }

    /** Every request on listener 80 goes to {@code backend}. */
    static RouteTable everything(GatewayMetrics metrics, Backend backend) {
        return new RouteTable.Builder()
                .add(80, "", "", Match.prefix("/", rule(metrics, backend)))
                .build();
    }
}
