package dev.kemudi.log;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * The series that every kind of log has; taken out of the registry when the log closes, so that one
 * registry may see it opened again. For those who build a log.
 */
public final class LogMetrics {
    private static final double[] SECONDS = {
        0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2
    };
    private static final double[] ENTRIES = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 4_096};

    private final PrometheusRegistry registry;
    private final List<Collector> registered = new ArrayList<>();
    private final Counter entries;
    private final Map<
                    LogRefusedException.Reason,
                    io.prometheus.metrics.core.datapoints.CounterDataPoint>
            refused = new EnumMap<>(LogRefusedException.Reason.class);
    private final DistributionDataPoint sync;
    private final DistributionDataPoint apply;
    private final DistributionDataPoint batch;

    public LogMetrics(PrometheusRegistry registry) {
        this.registry = registry;
        entries =
                register(
                        Counter.builder()
                                .name("kemudi_log_entries_total")
                                .help("Commands made durable.")
                                .withoutExemplars()
                                .register(registry));
        Counter refusals =
                register(
                        Counter.builder()
                                .name("kemudi_log_refused_total")
                                .help("Commands that the log did not take.")
                                .withoutExemplars()
                                .labelNames("reason")
                                .register(registry));
        for (LogRefusedException.Reason reason : LogRefusedException.Reason.values()) {
            refused.put(reason, refusals.labelValues(reason.name().toLowerCase(Locale.ROOT)));
        }
        sync = histogram("kemudi_log_sync_seconds", "Time to write and sync one batch.", SECONDS);
        apply =
                histogram(
                        "kemudi_log_apply_seconds",
                        "Time the state machine took for one batch.",
                        SECONDS);
        batch =
                histogram(
                        "kemudi_log_batch_entries", "Commands made durable by one sync.", ENTRIES);
    }

    private DistributionDataPoint histogram(String name, String help, double[] bounds) {
        return register(
                        Histogram.builder()
                                .name(name)
                                .help(help)
                                .classicOnly()
                                .withoutExemplars()
                                .classicUpperBounds(bounds)
                                .register(registry))
                .labelValues();
    }

    /** A value that is read when it is asked for. */
    public void gauge(String name, String help, DoubleSupplier value) {
        register(
                GaugeWithCallback.builder()
                        .name(name)
                        .help(help)
                        .callback(callback -> callback.call(value.getAsDouble()))
                        .register(registry));
    }

    private <C extends Collector> C register(C collector) {
        registered.add(collector);
        return collector;
    }

    /** A batch was made durable. */
    public void synced(int count, long nanos) {
        entries.inc(count);
        batch.observe(count);
        sync.observe(nanos / 1e9);
    }

    /** The machine applied a batch. */
    public void applied(long nanos) {
        apply.observe(nanos / 1e9);
    }

    /** A command was not taken. */
    public void refused(LogRefusedException.Reason reason) {
        var counter = refused.get(reason);
        if (counter != null) {
            counter.inc();
        }
    }

    /** Takes the series out of the registry. */
    public void close() {
        registered.forEach(registry::unregister);
    }
}
