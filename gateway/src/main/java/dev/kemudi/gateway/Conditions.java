package dev.kemudi.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Status conditions as the Kubernetes API conventions ask for: a time of transition that moves with
 * the status only.
 */
final class Conditions {
    private record Condition(boolean status, String reason, String message) {}

    private final Map<String, Condition> conditions = new LinkedHashMap<>();

    Conditions set(String type, boolean status, String reason, String message) {
        conditions.put(type, new Condition(status, reason, message));
        return this;
    }

    boolean holds(String type) {
        Condition condition = conditions.get(type);
        return condition != null && condition.status;
    }

    /**
     * @param before conditions as they are stored
     */
    ArrayNode toTree(JsonNode before, long generation, String now) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        conditions.forEach((type, condition) -> {
            String status = condition.status ? "True" : "False";
            ObjectNode node =
                    array.addObject()
                            .put("type", type)
                            .put("status", status)
                            .put("reason", condition.reason)
                            .put("message", condition.message)
                            .put("observedGeneration", generation);
            String since = now;
            for (JsonNode old : before) {
                boolean same =
                        old.path("type").asText().equals(type)
                                && old.path("status").asText().equals(status);
                since = same ? old.path("lastTransitionTime").asText(now) : since;
            }
            node.put("lastTransitionTime", since);
        });
        return array;
    }
}
