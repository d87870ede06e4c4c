package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.Quantity;
import java.util.List;

/** The quality-of-service class that cpu and memory requests and limits earn a pod. */
final class QosClass {
    private static final List<String> COMPUTE = List.of("cpu", "memory");

    private QosClass() {}

    static String of(JsonNode spec) {
        boolean any = false;
        boolean guaranteed = true;
        for (String list : List.of("containers", "initContainers")) {
            for (JsonNode container : spec.path(list)) {
                JsonNode requests = container.path("resources").path("requests");
                JsonNode limits = container.path("resources").path("limits");
                for (String resource : COMPUTE) {
                    String request = amount(requests, resource);
                    String limit = amount(limits, resource);
                    any |= !request.isEmpty() || !limit.isEmpty();
                    guaranteed &= !limit.isEmpty() && (request.isEmpty() || request.equals(limit));
                }
            }
        }
        if (!any) {
            return "BestEffort";
        }
        return guaranteed ? "Guaranteed" : "Burstable";
    }

    /** Empty when nothing is asked for, which zero is as well. */
    private static String amount(JsonNode amounts, String resource) {
        return ResourceRules.quantity(amounts.path(resource))
                .filter(quantity -> quantity.signum() > 0)
                .map(Quantity::toString)
                .orElse("");
    }
}
