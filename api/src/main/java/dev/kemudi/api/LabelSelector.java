package dev.kemudi.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A label selector as it stands in an object's spec: {@code matchLabels} and {@code
 * matchExpressions}, all of which must hold. Reads the tree each time, so it costs nothing to make.
 * Immutable as long as the tree is.
 *
 * <p>Source: Kubernetes' meta/v1 LabelSelector, and core/v1 NodeSelectorRequirement for the
 * operators that only nodes know.
 */
public final class LabelSelector {
    private final JsonNode tree;

    /**
     * @param tree a validated selector; one that is missing selects everything
     */
    public LabelSelector(JsonNode tree) {
        this.tree = tree;
    }

    /** An empty selector selects everything; controllers refuse to act on that. */
    public boolean isEmpty() {
        return tree.path("matchLabels").isEmpty() && tree.path("matchExpressions").isEmpty();
    }

    public boolean matches(Map<String, String> labels) {
        for (var wanted : tree.path("matchLabels").properties()) {
            if (!wanted.getValue().asText().equals(labels.get(wanted.getKey()))) {
                return false;
            }
        }
        for (JsonNode expression : tree.path("matchExpressions")) {
            if (!fulfils(expression, labels.get(expression.path("key").asText()))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Whether one expression holds.
     *
     * @param expression {@code operator} and {@code values}; an operator that is unknown never
     *     holds
     * @param value what its key stands for; null when there is no such label
     */
    public static boolean fulfils(JsonNode expression, @Nullable String value) {
        return switch (expression.path("operator").asText()) {
            case "In" -> value != null && lists(expression, value);
            case "NotIn" -> value == null || !lists(expression, value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> value != null && compare(expression, value) > 0;
            case "Lt" -> value != null && compare(expression, value) < 0;
            default -> false;
        };
    }

    private static boolean lists(JsonNode expression, String value) {
        for (JsonNode item : expression.path("values")) {
            if (item.asText().equals(value)) {
                return true;
            }
        }
        return false;
    }

    /** 0, which fulfils neither operator, when either side is no integer. */
    private static int compare(JsonNode expression, String value) {
        try {
            return Long.compare(
                    Long.parseLong(value),
                    Long.parseLong(expression.path("values").path(0).asText()));
        } catch (NumberFormatException e) {
            return 0;
        }
    }
}
