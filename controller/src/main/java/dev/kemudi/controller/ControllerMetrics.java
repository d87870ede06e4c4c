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
        Meters meters = new Meters(registry, "kemudi_" + module + "_");
        events = meters.counter("informer_events_total", "Watch events taken in", "resource");
        lists =
                meters.counter(
                        "informer_lists_total", "Lists made to fill or repair a cache", "resource");
        failures =
                meters.counter(
                        "informer_failures_total", "Lists and watches that failed", "resource");
        foldings =
                meters.counter(
                        "informer_handler_foldings_total",
                        "Times a handler fell so far behind that what waited was folded to one per object",
                        "resource");
        handlerErrors =
                meters.counter(
                        "informer_handler_errors_total",
                        "Exceptions thrown by handlers",
                        "resource");
        objects = meters.gauge("informer_objects", "Objects in the cache", "resource");
        depth = meters.gauge("workqueue_depth", "Keys waiting for a worker", "queue");
        adds = meters.counter("workqueue_adds_total", "Keys added to the queue", "queue");
        retries =
                meters.counter(
                        "workqueue_retries_total", "Keys added again after a failure", "queue");
        reconcileErrors =
                meters.counter("reconcile_errors_total", "Reconciles that failed", "queue");
        reconcileSeconds =
                meters.histogram(
                        "reconcile_seconds",
                        "How long one reconcile took",
                        "queue",
                        0.000_1,
                        0.001,
                        0.01,
                        0.1,
                        1,
                        10);
        recorded =
                meters.counter(
                        "events_recorded_total", "Events written or counted up", "component");
        recordsDropped =
                meters.counter(
                        "events_dropped_total",
                        "Events given up because too many waited or the API refused them",
                        "component");
    }

    /** Meters that nobody scrapes. */
    public static ControllerMetrics unregistered() {
        return new ControllerMetrics(new PrometheusRegistry(), "controller");
    }

    private record Meters(PrometheusRegistry registry, String prefix) {
        Counter counter(String name, String help, String label) {
            return Counter.builder()
                    .name(prefix + name)
                    .help(help)
                    .labelNames(label)
                    .register(registry);
        }

        Gauge gauge(String name, String help, String label) {
            return Gauge.builder()
                    .name(prefix + name)
                    .help(help)
                    .labelNames(label)
                    .register(registry);
        }

        Histogram histogram(String name, String help, String label, double... bounds) {
            return Histogram.builder()
                    .name(prefix + name)
                    .help(help)
                    .labelNames(label)
                    .classicOnly()
                    .classicUpperBounds(bounds)
                    .register(registry);
        }
    }
}
