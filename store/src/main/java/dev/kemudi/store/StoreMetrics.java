package dev.kemudi.store;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.datapoints.GaugeDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * What the store counts; taken out of the registry at close, so that one registry may see it opened
 * again.
 */
final class StoreMetrics implements AutoCloseable {
    private static final double[] WRITE_BOUNDS = {
        0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5
    };

    private static final double NANOS_A_SECOND = 1e9;

    private final PrometheusRegistry registry;
    private final List<Collector> registered = new ArrayList<>();
    private final DistributionDataPoint writeSeconds;
    private final CounterDataPoint refused;
    private final CounterDataPoint reads;
    private final CounterDataPoint puts;
    private final CounterDataPoint deletes;
    private final CounterDataPoint transactions;
    private final GaugeDataPoint watchers;
    private final CounterDataPoint events;
    private final CounterDataPoint slowWatches;
    private final CounterDataPoint leasesExpired;
    private final CounterDataPoint rowsReclaimed;
    private final CounterDataPoint statesInstalled;

    StoreMetrics(PrometheusRegistry registry) {
        this.registry = registry;
        writeSeconds =
                kept(
                        Histogram.builder()
                                .name("kemudi_store_write_seconds")
                                .help("From offering a command to its durable answer.")
                                .classicOnly()
                                .classicUpperBounds(WRITE_BOUNDS)
                                .register(registry));
        watchers =
                kept(
                        Gauge.builder()
                                .name("kemudi_store_watchers")
                                .help("Open watches.")
                                .register(registry));
        refused = counter("kemudi_store_writes_refused_total", "Commands answered with a refusal.");
        reads = counter("kemudi_store_reads_total", "Ranges and scans.");
        puts = counter("kemudi_store_puts_total", "Puts, within transactions or not.");
        deletes =
                counter(
                        "kemudi_store_deletes_total",
                        "Deletes, of any number of keys each, within transactions or not.");
        transactions =
                counter(
                        "kemudi_store_transactions_total",
                        "Transactions of more than one operation.");
        events = counter("kemudi_store_watch_events_total", "Events delivered to watches.");
        slowWatches =
                counter(
                        "kemudi_store_slow_watches_total",
                        "Times a watch fell behind its buffer and went on reading from disk.");
        leasesExpired = counter("kemudi_store_leases_expired_total", "Leases that ran out.");
        rowsReclaimed =
                counter(
                        "kemudi_store_compacted_rows_total",
                        "History rows reclaimed by compaction.");
        statesInstalled =
                counter(
                        "kemudi_store_states_installed_total",
                        "Times the whole state was replaced by another node's copy.");
    }

    private <C extends Collector> C kept(C collector) {
        registered.add(collector);
        return collector;
    }

    private CounterDataPoint counter(String name, String help) {
        return kept(Counter.builder().name(name).help(help).register(registry));
    }

    /** What is asked for when scraped. */
    void observe(Supplier<Store.Stats> stats, Supplier<Duration> staleness) {
        gauge(
                "kemudi_store_staleness_seconds",
                "How old what is read here may be: since a majority last confirmed a read; 0 alone.",
                () -> seconds(staleness.get()));
        gauge("kemudi_store_revision", "The newest revision.", () -> stats.get().revision());
        gauge(
                "kemudi_store_compacted_revision",
                "Revisions below are gone.",
                () -> stats.get().compactedRevision());
        gauge("kemudi_store_leases", "Leases alive.", () -> stats.get().leases());
        gauge("kemudi_store_disk_bytes", "Log and state on disk.", () -> stats.get().bytesOnDisk());
    }

    private static double seconds(Duration duration) {
        return duration.getSeconds() + duration.getNano() / NANOS_A_SECOND;
    }

    private void gauge(String name, String help, Supplier<Number> value) {
        kept(
                GaugeWithCallback.builder()
                        .name(name)
                        .help(help)
                        .callback(callback -> callback.call(value.get().doubleValue()))
                        .register(registry));
    }

    @Override
    public void close() {
        registered.forEach(registry::unregister);
    }

    DistributionDataPoint writeSeconds() {
        return writeSeconds;
    }

    CounterDataPoint refused() {
        return refused;
    }

    CounterDataPoint reads() {
        return reads;
    }

    /** These were answered, each once. */
    void answered(List<Answer> answers) {
        Tally tally = Tally.of(answers);
        reads.inc(tally.reads());
        puts.inc(tally.puts());
        deletes.inc(tally.deletes());
        transactions.inc(tally.transactions());
    }

    GaugeDataPoint watchers() {
        return watchers;
    }

    CounterDataPoint events() {
        return events;
    }

    CounterDataPoint slowWatches() {
        return slowWatches;
    }

    CounterDataPoint leasesExpired() {
        return leasesExpired;
    }

    CounterDataPoint rowsReclaimed() {
        return rowsReclaimed;
    }

    CounterDataPoint statesInstalled() {
        return statesInstalled;
    }
}
