package dev.kemudi.controller;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;

/**
 * The meters of one module's informers, queues and controllers, named {@code kemudi_<module>_…}.
 * Make one per module and registry and hand it to every informer and controller of that module.
 * Safe for use by many threads.
 */
public final class ControllerMetrics {
    final Counter events;
    final Counter lists;
    final Counter failures;
    final Counter foldings;
    final Counter handlerErrors;
    final Gauge objects;
    final Gauge depth;
    final Counter adds;
    final Counter retries;
    final Counter reconcileErrors;
    final Histogram reconcileSeconds;
    final Counter recorded;
    final Counter recordsDropped;

    /**
     * @param module lower-case, such as {@code workloads}
     */
    public ControllerMetrics(PrometheusRegistry registry, String module) {
        String prefix = "kemudi_" + module + "_";
        events =
                counter(
                        registry,
                        prefix + "informer_events_total",
                        "Watch events taken in",
                        "resource");
        lists =
                counter(
                        registry,
                        prefix + "informer_lists_total",
                        "Lists made to fill or repair a cache",
                        "resource");
        failures =
                counter(
                        registry,
                        prefix + "informer_failures_total",
                        "Lists and watches that failed",
                        "resource");
        foldings =
                counter(
                        registry,
                        prefix + "informer_handler_foldings_total",
                        "Times a handler fell so far behind that waiting events were folded to one per object",
                        "resource");
        handlerErrors =
                counter(
                        registry,
                        prefix + "informer_handler_errors_total",
                        "Exceptions thrown by handlers",
                        "resource");
        objects =
                Gauge.builder()
                        .name(prefix + "informer_objects")
                        .help("Objects in the cache")
                        .labelNames("resource")
                        .register(registry);
        depth =
                Gauge.builder()
                        .name(prefix + "workqueue_depth")
                        .help("Keys waiting for a worker")
                        .labelNames("queue")
                        .register(registry);
        adds =
                counter(
                        registry,
                        prefix + "workqueue_adds_total",
                        "Keys added to the queue",
                        "queue");
        retries =
                counter(
                        registry,
                        prefix + "workqueue_retries_total",
                        "Keys added again after a failure",
                        "queue");
        reconcileErrors =
                counter(
                        registry,
                        prefix + "reconcile_errors_total",
                        "Reconciles that failed",
                        "queue");
        reconcileSeconds =
                Histogram.builder()
                        .name(prefix + "reconcile_seconds")
                        .help("How long one reconcile took")
                        .labelNames("queue")
                        .classicOnly()
                        .classicUpperBounds(0.000_1, 0.001, 0.01, 0.1, 1, 10)
                        .register(registry);
        recorded =
                counter(
                        registry,
                        prefix + "events_recorded_total",
                        "Events written or counted up",
                        "component");
        recordsDropped =
                counter(
                        registry,
                        prefix + "events_dropped_total",
                        "Events given up because too many waited or the API refused them",
                        "component");
    }

    /** Meters that nobody scrapes. */
    public static ControllerMetrics unregistered() {
        return new ControllerMetrics(new PrometheusRegistry(), "controller");
    }

    private static Counter counter(
            PrometheusRegistry registry, String name, String help, String label) {
        return Counter.builder().name(name).help(help).labelNames(label).register(registry);
    }
}
