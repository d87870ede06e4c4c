package dev.kemudi.apiserver;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.IntSupplier;

/**
 * What the API server counts. Labels come from what is served, never from what is asked for: an
 * unknown resource is counted as {@code other}, so that no client can make series.
 */
final class Metrics {
    private static final double[] BOUNDS = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30
    };

    private final Histogram requests;
    private final Counter refused;
    private final Counter audited;

    Metrics(PrometheusRegistry registry, IntSupplier watches) {
        requests =
                Histogram.builder()
                        .name("kemudi_apiserver_request_duration_seconds")
                        .help(
                                "From the request's headers to the end of its answer; watches are not in it.")
                        .classicOnly()
                        .classicUpperBounds(BOUNDS)
                        .labelNames("verb", "resource", "code")
                        .register(registry);
        refused =
                Counter.builder()
                        .name("kemudi_apiserver_requests_refused_total")
                        .help("Requests answered 429 because their level of priority had no room.")
                        .labelNames("priority_level")
                        .register(registry);
        audited =
                Counter.builder()
                        .name("kemudi_apiserver_audit_events_total")
                        .help("Events of the audit log: written, or dropped because it was full.")
                        .labelNames("outcome")
                        .register(registry);
        GaugeWithCallback.builder()
                .name("kemudi_apiserver_watches")
                .help("Open watches over HTTP.")
                .callback(gauge -> gauge.call(watches.getAsInt()))
                .register(registry);
    }

    void answered(String verb, String resource, int code, double seconds) {
        requests.labelValues(verb, resource, Integer.toString(code)).observe(seconds);
    }

    void audited(String outcome) {
        audited.labelValues(outcome).inc();
    }

    void refused(String level) {
        refused.labelValues(level).inc();
    }
}
