package dev.kemudi.gateway;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import org.jspecify.annotations.Nullable;

/**
 * One route's counters, bound once so that a request looks nothing up. Safe for use by many
 * threads.
 */
final class RouteMetrics {
    private static final int CODES = 500;

    private final Counter requests;
    private final DistributionDataPoint seconds;
    private final String route;
    /* Filled lazily and without locks: binding twice answers the same child. */
    private final @Nullable CounterDataPoint[] byCode = new CounterDataPoint[CODES];

    RouteMetrics(Counter requests, DistributionDataPoint seconds, String route) {
        this.requests = requests;
        this.seconds = seconds;
        this.route = route;
    }

    String route() {
        return route;
    }

    void finished(int code, long nanos) {
        int index = code < 100 || code >= 600 ? 0 : code - 100;
        CounterDataPoint counter = byCode[index];
        if (counter == null) {
            counter = requests.labelValues(route, Integer.toString(index + 100));
            byCode[index] = counter;
        }
        counter.inc();
        seconds.observe(nanos / 1e9);
    }
}
