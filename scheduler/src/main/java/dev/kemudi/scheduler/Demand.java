package dev.kemudi.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.OwnerReference;
import java.util.Map;

/** One pod's wishes, read once per decision: what it needs, where it wants to go, what it bears. */
final class Demand {
    final PodRequest request;
    final String owner;
    private final Map<String, String> nodeSelector;
    private final JsonNode requiredTerms;
    private final JsonNode preferredTerms;
    private final JsonNode tolerations;

    Demand(ApiObject pod) {
        request = PodRequest.of(pod);
        owner = pod.controller().map(OwnerReference::uid).orElse("");
        nodeSelector = pod.textMap("/spec/nodeSelector");
        JsonNode affinity = pod.at("/spec/affinity/nodeAffinity");
        requiredTerms =
                affinity.at("/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
        preferredTerms = affinity.path("preferredDuringSchedulingIgnoredDuringExecution");
        tolerations = pod.at("/spec/tolerations");
    }

    boolean wants(NodeRow node) {
        for (var wanted : nodeSelector.entrySet()) {
            if (!wanted.getValue().equals(node.labels.get(wanted.getKey()))) {
                return false;
            }
        }
        if (requiredTerms.isMissingNode()) {
            return true;
        }
        for (JsonNode term : requiredTerms) {
            if (matches(term, node)) {
                return true;
            }
        }
        return false;
    }

    /** The weights of the preferred terms that {@code node} fulfils. */
    int preference(NodeRow node) {
        int weight = 0;
        for (JsonNode preferred : preferredTerms) {
            if (matches(preferred.path("preference"), node)) {
                weight += preferred.path("weight").asInt();
            }
        }
        return weight;
    }

    /** An empty term matches nothing. */
    private static boolean matches(JsonNode term, NodeRow node) {
        JsonNode expressions = term.path("matchExpressions");
        JsonNode fields = term.path("matchFields");
        if (expressions.isEmpty() && fields.isEmpty()) {
            return false;
        }
        for (JsonNode expression : expressions) {
            if (!LabelSelector.fulfils(
                    expression, node.labels.get(expression.path("key").asText()))) {
                return false;
            }
        }
        for (JsonNode field : fields) {
            String value = field.path("key").asText().equals("metadata.name") ? node.name : null;
            if (!LabelSelector.fulfils(field, value)) {
                return false;
            }
        }
        return true;
    }

    boolean tolerates(NodeRow.Taint taint) {
        for (JsonNode toleration : tolerations) {
            String effect = toleration.path("effect").asText("");
            String key = toleration.path("key").asText("");
            boolean exists = toleration.path("operator").asText("Equal").equals("Exists");
            boolean sameKey = key.isEmpty() ? exists : key.equals(taint.key());
            boolean sameValue = exists || toleration.path("value").asText("").equals(taint.value());
            if ((effect.isEmpty() || effect.equals(taint.effect())) && sameKey && sameValue) {
                return true;
            }
        }
        return false;
    }
}
