package dev.kemudi.node;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.IntSupplier;

/** What a node tells Prometheus. Safe for use by many threads. */
final class NodeMetrics {
    private static final double[] SECONDS = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

    private final PrometheusRegistry registry;
    private final Counter starts;
    private final Counter restarts;
    private final Counter logBytes;
    private final Counter swept;
    private final Counter probes;
    private final CounterDataPoint startsBound;
    private final Histogram startLatency;
    private final Histogram exitVisible;

    NodeMetrics(PrometheusRegistry registry) {
        this.registry = registry;
        this.starts = counter("kemudi_node_container_starts", "Containers started.");
        this.startsBound = starts.labelValues();
        this.restarts = counter("kemudi_node_container_restarts", "Containers started again.");
        this.logBytes = counter("kemudi_node_container_log_bytes", "Bytes printed by containers.");
        this.swept =
                counter(
                        "kemudi_node_processes_swept",
                        "SIGKILLs sent to what containers left behind.");
        this.probes =
                Counter.builder()
                        .name("kemudi_node_probe_failures")
                        .help("Probes that failed.")
                        .labelNames("probe")
                        .register(registry);
        this.startLatency =
                histogram(
                        "kemudi_node_pod_start_latency_seconds",
                        "From seeing a pod to all containers started.");
        this.exitVisible =
                histogram(
                        "kemudi_node_exit_visible_latency_seconds",
                        "From a process's end to it in the API.");
    }

    private Counter counter(String name, String help) {
        return Counter.builder().name(name).help(help).register(registry);
    }

    private Histogram histogram(String name, String help) {
        return Histogram.builder()
                .name(name)
                .help(help)
                .classicOnly()
                .classicUpperBounds(SECONDS)
                .register(registry);
    }

    void pods(IntSupplier count) {
        var _ =
                GaugeWithCallback.builder()
                        .name("kemudi_node_pods")
                        .help("Pods that this node looks after.")
                        .callback(callback -> callback.call(count.getAsInt()))
                        .register(registry);
    }

    void started(boolean again) {
        startsBound.inc();
        if (again) {
            restarts.inc();
        }
    }

    void logBytes(long bytes) {
        logBytes.inc(bytes);
    }

    void swept(int processes) {
        swept.inc(processes);
    }

    void probeFailed(String probe) {
        probes.labelValues(probe).inc();
    }

    void podStarted(long nanos) {
        startLatency.observe(nanos / 1e9);
    }

    void exitVisible(long nanos) {
        exitVisible.observe(nanos / 1e9);
    }
}
