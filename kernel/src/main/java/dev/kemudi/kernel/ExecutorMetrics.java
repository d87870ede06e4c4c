package dev.kemudi.kernel;

import dev.kemudi.kernel.Admission.Reason;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;

/**
 * One executor's series. A collector of its own per executor, since a registry takes each metric
 * family only once.
 */
final class ExecutorMetrics implements MultiCollector {
    private final String name;
    private final int permits;
    private final IntSupplier running;
    private final PrometheusRegistry registry;
    private final LongAdder admitted = new LongAdder();
    private final LongAdder failed = new LongAdder();
    private final Map<Reason, LongAdder> refused = new EnumMap<>(Reason.class);

    ExecutorMetrics(String name, int permits, IntSupplier running, PrometheusRegistry registry) {
        this.name = name;
        this.permits = permits;
        this.running = running;
        this.registry = registry;
        for (Reason reason : Reason.values()) {
            refused.put(reason, new LongAdder());
        }
        registry.register(this);
    }

    void admitted() {
        admitted.increment();
    }

    void failed() {
        failed.increment();
    }

    void refused(Reason reason) {
        LongAdder counter = refused.get(reason);
        if (counter != null) {
            counter.increment();
        }
    }

    void close() {
        registry.unregister(this);
    }

    @Override
    public MetricSnapshots collect() {
        CounterSnapshot.Builder refusals =
                CounterSnapshot.builder()
                        .name("kemudi_kernel_executor_refused")
                        .help("Tasks refused by a bounded executor.");
        refused.forEach((reason, count) ->
                refusals.dataPoint(
                        CounterDataPointSnapshot.builder()
                                .labels(
                                        Labels.of(
                                                "executor",
                                                name,
                                                "reason",
                                                reason.name().toLowerCase(Locale.ROOT)))
                                .value(count.sum())
                                .build()));
        return MetricSnapshots.of(
                gauge(
                        "kemudi_kernel_executor_running",
                        "Tasks that a bounded executor runs now.",
                        running.getAsInt()),
                gauge(
                        "kemudi_kernel_executor_permits",
                        "Tasks that a bounded executor may run at once.",
                        permits),
                counter(
                        "kemudi_kernel_executor_admitted",
                        "Tasks admitted by a bounded executor.",
                        admitted),
                counter(
                        "kemudi_kernel_executor_failed",
                        "Tasks of a bounded executor that threw.",
                        failed),
                refusals.build());
    }

    private GaugeSnapshot gauge(String metric, String help, double value) {
        return GaugeSnapshot.builder()
                .name(metric)
                .help(help)
                .dataPoint(
                        GaugeDataPointSnapshot.builder()
                                .labels(Labels.of("executor", name))
                                .value(value)
                                .build())
                .build();
    }

    private CounterSnapshot counter(String metric, String help, LongAdder value) {
        return CounterSnapshot.builder()
                .name(metric)
                .help(help)
                .dataPoint(
                        CounterDataPointSnapshot.builder()
                                .labels(Labels.of("executor", name))
                                .value(value.sum())
                                .build())
                .build();
    }
}
