package dev.kemudi.store;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.datapoints.GaugeDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.Supplier;

/** What the store counts; every child is bound once. */
record StoreMetrics(
        DistributionDataPoint writeSeconds,
        CounterDataPoint refused,
        CounterDataPoint reads,
        GaugeDataPoint watchers,
        CounterDataPoint events,
        CounterDataPoint slowWatches,
        CounterDataPoint leasesExpired,
        CounterDataPoint rowsReclaimed) {
    private static final double[] WRITE_BOUNDS = {
        0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5
    };

    static StoreMetrics register(PrometheusRegistry registry) {
        return new StoreMetrics(
                Histogram.builder()
                        .name("kemudi_store_write_seconds")
                        .help("From offering a command to its durable answer.")
                        .classicOnly()
                        .classicUpperBounds(WRITE_BOUNDS)
                        .register(registry),
                counter(
                        registry,
                        "kemudi_store_writes_refused_total",
                        "Commands answered with a refusal."),
                counter(
                        registry,
                        "kemudi_store_reads_total",
                        "Ranges and scans outside transactions."),
                Gauge.builder()
                        .name("kemudi_store_watchers")
                        .help("Open watches.")
                        .register(registry),
                counter(
                        registry,
                        "kemudi_store_watch_events_total",
                        "Events delivered to watches."),
                counter(
                        registry,
                        "kemudi_store_slow_watches_total",
                        "Times a watch fell behind its buffer and went on reading from disk."),
                counter(registry, "kemudi_store_leases_expired_total", "Leases that ran out."),
                counter(
                        registry,
                        "kemudi_store_compacted_rows_total",
                        "History rows reclaimed by compaction."));
    }

    private static CounterDataPoint counter(PrometheusRegistry registry, String name, String help) {
        return Counter.builder().name(name).help(help).register(registry);
    }

    /** What is asked for when scraped. */
    static void watch(PrometheusRegistry registry, Supplier<Store.Stats> stats) {
        gauge(
                registry,
                "kemudi_store_revision",
                "The newest revision.",
                () -> stats.get().revision());
        gauge(
                registry,
                "kemudi_store_compacted_revision",
                "Revisions below are gone.",
                () -> stats.get().compactedRevision());
        gauge(registry, "kemudi_store_leases", "Leases alive.", () -> stats.get().leases());
        gauge(
                registry,
                "kemudi_store_disk_bytes",
                "Log and state on disk.",
                () -> stats.get().bytesOnDisk());
    }

    private static void gauge(
            PrometheusRegistry registry, String name, String help, Supplier<Number> value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.get().doubleValue()))
                .register(registry);
    }
}
