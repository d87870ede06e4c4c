package dev.kemudi.workloads;

import java.util.Map;

/**
 * What pods use of their machine, measured by whoever runs them. Called by many threads; may read
 * files but must not wait.
 */
@FunctionalInterface
public interface PodUsage {
    /** Of somebody who measures nothing. */
    PodUsage UNKNOWN = _ -> Map.of();

    /**
     * What one container uses now.
     *
     * @param cpuMillis thousandths of a processor, over the last seconds
     * @param memoryBytes resident
     */
    record Usage(long cpuMillis, long memoryBytes) {}

    /** By container's name; empty while nothing is known of the pod. */
    Map<String, Usage> of(String podUid);
}
