package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/** A label selector of an object's spec, matched against labels. */
final class Selector {
    private final JsonNode tree;

    /**
     * @param tree {@code matchLabels} and {@code matchExpressions}
     */
    Selector(JsonNode tree) {
        this.tree = tree;
    }

    /** An empty selector selects everything; controllers refuse to act on that. */
    boolean isEmpty() {
        return tree.path("matchLabels").isEmpty() && tree.path("matchExpressions").isEmpty();
    }

    boolean matches(Map<String, String> labels) {
        for (var wanted : tree.path("matchLabels").properties()) {
            if (!wanted.getValue().asText().equals(labels.get(wanted.getKey()))) {
                return false;
            }
        }
        for (JsonNode expression : tree.path("matchExpressions")) {
            if (!matches(expression, labels)) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(JsonNode expression, Map<String, String> labels) {
        String value = labels.get(expression.path("key").asText());
        return switch (expression.path("operator").asText()) {
            case "In" -> value != null && contains(expression, value);
            case "NotIn" -> value == null || !contains(expression, value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            default -> false; // validation lets no other operator in
        };
    }

    private static boolean contains(JsonNode expression, String value) {
        for (JsonNode item : expression.path("values")) {
            if (item.asText().equals(value)) {
                return true;
            }
        }
        return false;
    }
}
