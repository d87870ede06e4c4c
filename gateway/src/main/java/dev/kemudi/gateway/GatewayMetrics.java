package dev.kemudi.gateway;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * What the gateway counts. Cardinality is bounded: routes by a limit, codes by HTTP. Safe for use
 * by many threads.
 */
final class GatewayMetrics {
    private final Limits limits;
    private final ConcurrentMap<String, RouteMetrics> routes = new ConcurrentHashMap<>();
    private final Counter requests;
    private final Histogram seconds;
    final Gauge connections;
    final Gauge upstreamConnections;
    final Counter connectionsRefused;
    final Counter ejections;
    final Counter snapshots;
    final Histogram snapshotSeconds;
    final CounterDataPoint connectRetries;
    final CounterDataPoint lostRetries;
    final CounterDataPoint refusedRetries;
    final CounterDataPoint connected;
    final CounterDataPoint connectFailed;
    private final RouteMetrics none;

    GatewayMetrics(PrometheusRegistry registry, Limits limits) {
        this.limits = limits;
        requests =
                Counter.builder()
                        .name("kemudi_gateway_requests_total")
                        .help(
                                "Requests answered, by HTTPRoute and status code; 499: the client left")
                        .labelNames("route", "code")
                        .register(registry);
        seconds =
                Histogram.builder()
                        .name("kemudi_gateway_request_duration_seconds")
                        .help("From the end of the request head to the end of the response")
                        .labelNames("route")
                        .classicOnly()
                        .classicUpperBounds(
                                0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
                                2.5, 5, 10)
                        .register(registry);
        connections = gauge(registry, "kemudi_gateway_connections", "Client connections open");
        upstreamConnections =
                gauge(
                        registry,
                        "kemudi_gateway_upstream_connections",
                        "Connections to endpoints open");
        connectionsRefused =
                counter(
                        registry,
                        "kemudi_gateway_connections_refused_total",
                        "Clients refused at connectionsMax");
        ejections =
                counter(
                        registry,
                        "kemudi_gateway_ejections_total",
                        "Endpoints set aside for refusing connections");
        snapshots =
                counter(
                        registry,
                        "kemudi_gateway_snapshots_total",
                        "Route tables built and swapped in");
        snapshotSeconds =
                Histogram.builder()
                        .name("kemudi_gateway_snapshot_build_duration_seconds")
                        .help("Time to build a route table")
                        .classicOnly()
                        .classicUpperBounds(0.0001, 0.001, 0.01, 0.1, 1)
                        .register(registry);
        Counter retries =
                Counter.builder()
                        .name("kemudi_gateway_upstream_retries_total")
                        .help("Requests tried again elsewhere, by reason; denied: no budget left")
                        .labelNames("reason")
                        .register(registry);
        connectRetries = retries.labelValues("connect");
        lostRetries = retries.labelValues("lost");
        refusedRetries = retries.labelValues("denied");
        Counter connects =
                Counter.builder()
                        .name("kemudi_gateway_upstream_connects_total")
                        .help("Connections opened to endpoints, by result")
                        .labelNames("result")
                        .register(registry);
        connected = connects.labelValues("connected");
        connectFailed = connects.labelValues("failed");
        none = create("none");
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help) {
        return Counter.builder().name(name).help(help).register(registry);
    }

    private static Gauge gauge(PrometheusRegistry registry, String name, String help) {
        return Gauge.builder().name(name).help(help).register(registry);
    }

    /** For requests that matched no route or were refused before matching. */
    RouteMetrics none() {
        return none;
    }

    RouteMetrics route(String route) {
        if (routes.size() >= limits.routeSeriesMax() && !routes.containsKey(route)) {
            return routes.computeIfAbsent("other", this::create);
        }
        return routes.computeIfAbsent(route, this::create);
    }

    private RouteMetrics create(String route) {
        return new RouteMetrics(requests, seconds.labelValues(route), route);
    }
}
