package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import java.util.Map;
import java.util.Optional;

/** Whether a pod spec and a node suit each other, by labels, affinity and taints. */
final class NodeFit {
    private NodeFit() {}

    /** Whether {@code nodeSelector} and the required node affinity accept the node. */
    static boolean selects(JsonNode podSpec, ApiObject node) {
        Map<String, String> labels = node.labels();
        for (var wanted : podSpec.path("nodeSelector").properties()) {
            if (!wanted.getValue().asText().equals(labels.get(wanted.getKey()))) {
                return false;
            }
        }
        JsonNode terms =
                podSpec.at(
                        "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"
                                + "/nodeSelectorTerms");
        if (terms.isMissingNode()) {
            return true;
        }
        for (JsonNode term : terms) {
            if (matches(term, labels, node.name())) {
                return true;
            }
        }
        return false;
    }

    /** An empty term matches nothing. */
    private static boolean matches(JsonNode term, Map<String, String> labels, String nodeName) {
        JsonNode expressions = term.path("matchExpressions");
        JsonNode fields = term.path("matchFields");
        if (expressions.isEmpty() && fields.isEmpty()) {
            return false;
        }
        for (JsonNode expression : expressions) {
            if (!LabelSelector.fulfils(expression, labels.get(expression.path("key").asText()))) {
                return false;
            }
        }
        for (JsonNode field : fields) {
            boolean name = field.path("key").asText().equals("metadata.name");
            if (!LabelSelector.fulfils(field, name ? nodeName : null)) {
                return false;
            }
        }
        return true;
    }

    /** Whether no taint of the node with {@code effect} keeps such pods away. */
    static boolean tolerates(JsonNode podSpec, ApiObject node, String effect) {
        for (JsonNode taint : node.at("/spec/taints")) {
            if (taint.path("effect").asText().equals(effect)
                    && toleration(podSpec, taint).isEmpty()) {
                return false;
            }
        }
        return true;
    }

    /** The first toleration of the pod that bears {@code taint}. */
    static Optional<JsonNode> toleration(JsonNode podSpec, JsonNode taint) {
        for (JsonNode toleration : podSpec.path("tolerations")) {
            if (bears(toleration, taint)) {
                return Optional.of(toleration);
            }
        }
        return Optional.empty();
    }

    static boolean bears(JsonNode toleration, JsonNode taint) {
        String effect = toleration.path("effect").asText("");
        String key = toleration.path("key").asText("");
        boolean exists = toleration.path("operator").asText("Equal").equals("Exists");
        boolean sameKey = key.isEmpty() ? exists : key.equals(taint.path("key").asText());
        boolean sameValue =
                exists
                        || toleration
                                .path("value")
                                .asText("")
                                .equals(taint.path("value").asText(""));
        return (effect.isEmpty() || effect.equals(taint.path("effect").asText()))
                && sameKey
                && sameValue;
    }
}
