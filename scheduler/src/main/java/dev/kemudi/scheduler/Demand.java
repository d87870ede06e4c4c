package dev.kemudi.scheduler;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.OwnerReference;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
            if (!fulfils(expression, node.labels.get(expression.path("key").asText()))) {
                return false;
            }
        }
        for (JsonNode field : fields) {
            String value = field.path("key").asText().equals("metadata.name") ? node.name : null;
            if (!fulfils(field, value)) {
                return false;
            }
        }
        return true;
    }

    private static boolean fulfils(JsonNode expression, @Nullable String value) {
        return switch (expression.path("operator").asText()) {
            case "In" -> value != null && listed(expression, value);
            case "NotIn" -> value == null || !listed(expression, value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> value != null && compare(expression, value) > 0;
            case "Lt" -> value != null && compare(expression, value) < 0;
            default -> false; // validation lets no other operator in
        };
    }

    private static boolean listed(JsonNode expression, String value) {
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
