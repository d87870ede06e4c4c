package dev.kemudi.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a pod asks for as a whole: the sum of its containers, or its largest init container when
 * that is more, plus overhead. Init containers that go on running count with the containers.
 */
public record PodRequirements(Map<String, Quantity> requests, Map<String, Quantity> limits) {
    /** Of a pod, or of anything with a pod's spec. */
    public static PodRequirements of(ApiObject pod) {
        return new PodRequirements(side(pod, "requests"), side(pod, "limits"));
    }

    private static Map<String, Quantity> side(ApiObject pod, String side) {
        Map<String, Quantity> sum = new TreeMap<>();
        for (JsonNode container : pod.at("/spec/containers")) {
            add(sum, container.path("resources").path(side));
        }
        Map<String, Quantity> sidecars = new TreeMap<>();
        Map<String, Quantity> starting = new TreeMap<>();
        for (JsonNode container : pod.at("/spec/initContainers")) {
            JsonNode amounts = container.path("resources").path(side);
            if (container.path("restartPolicy").asText("").equals("Always")) {
                add(sum, amounts);
                add(sidecars, amounts);
                sidecars.forEach(
                        (name, amount) -> starting.merge(name, amount, PodRequirements::max));
            } else {
                Map<String, Quantity> now = new TreeMap<>(sidecars);
                add(now, amounts);
                now.forEach((name, amount) -> starting.merge(name, amount, PodRequirements::max));
            }
        }
        starting.forEach((name, amount) -> sum.merge(name, amount, PodRequirements::max));
        boolean requests = side.equals("requests");
        for (Map.Entry<String, JsonNode> extra : pod.at("/spec/overhead").properties()) {
            if (requests || sum.containsKey(extra.getKey())) {
                sum.merge(extra.getKey(), Quantity.of(extra.getValue()), Quantity::plus);
            }
        }
        return sum;
    }

    private static void add(Map<String, Quantity> sum, JsonNode amounts) {
        amounts.properties()
                .forEach(e -> sum.merge(e.getKey(), Quantity.of(e.getValue()), Quantity::plus));
    }

    private static Quantity max(Quantity a, Quantity b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    /** As a container writes it. */
    public ObjectNode toTree() {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        ObjectNode asked = tree.putObject("requests");
        requests.forEach((name, amount) -> asked.put(name, amount.toString()));
        ObjectNode most = tree.putObject("limits");
        limits.forEach((name, amount) -> most.put(name, amount.toString()));
        return tree;
    }
}
