package dev.kemudi.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;

/**
 * What a pod asks of its node: the sum over its containers, or the largest init container where
 * that is more.
 *
 * @param cpuMillis thousandths of a core
 * @param memoryBytes resident memory
 */
record PodRequest(long cpuMillis, long memoryBytes) {
    static final PodRequest NONE = new PodRequest(0, 0);

    /** What spreading assumes of a pod that asks for nothing, as kube-scheduler. */
    static final PodRequest ASSUMED = new PodRequest(100, 200L << 20);

    static PodRequest of(ApiObject pod) {
        JsonNode spec = pod.at("/spec");
        long cpu = 0;
        long memory = 0;
        for (JsonNode container : spec.path("containers")) {
            cpu = saturated(cpu, cpu(container));
            memory = saturated(memory, memory(container));
        }
        long initCpu = 0;
        long initMemory = 0;
        for (JsonNode container : spec.path("initContainers")) {
            if (container.path("restartPolicy").asText().equals("Always")) {
                cpu = saturated(cpu, cpu(container)); // a sidecar runs on beside the others
                memory = saturated(memory, memory(container));
            } else {
                initCpu = Math.max(initCpu, cpu(container));
                initMemory = Math.max(initMemory, memory(container));
            }
        }
        JsonNode overhead = spec.path("overhead");
        return new PodRequest(
                saturated(Math.max(cpu, initCpu), Quantity.of(overhead.path("cpu")).milliValue()),
                saturated(
                        Math.max(memory, initMemory),
                        Quantity.of(overhead.path("memory")).bytes()));
    }

    private static long cpu(JsonNode container) {
        return Quantity.of(container.at("/resources/requests/cpu")).milliValue();
    }

    private static long memory(JsonNode container) {
        return Quantity.of(container.at("/resources/requests/memory")).bytes();
    }

    private static long saturated(long a, long b) {
        long sum = a + b;
        return sum < 0 ? Long.MAX_VALUE : sum;
    }
}
