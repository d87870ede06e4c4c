package dev.kemudi.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** Which objects a quota counts: those that all its scopes fit. Only pods fit any scope. */
public final class QuotaScopes {
    private QuotaScopes() {}

    /** Whether {@code quota} counts {@code object}. */
    public static boolean covers(ApiObject quota, Resource resource, ApiObject object) {
        JsonNode scopes = quota.at("/spec/scopes");
        JsonNode expressions = quota.at("/spec/scopeSelector/matchExpressions");
        if (scopes.isEmpty() && expressions.isEmpty()) {
            return true;
        }
        if (!resource.equals(Resource.PODS)) {
            return false;
        }
        for (JsonNode scope : scopes) {
            if (!fits(object, scope.asText(), "Exists", scope)) {
                return false;
            }
        }
        for (JsonNode expression : expressions) {
            if (!fits(
                    object,
                    expression.path("scopeName").asText(),
                    expression.path("operator").asText(),
                    expression.path("values"))) {
                return false;
            }
        }
        return true;
    }

    private static boolean fits(ApiObject pod, String scope, String operator, JsonNode values) {
        return switch (scope) {
            case "Terminating" -> pod.at("/spec/activeDeadlineSeconds").asLong(-1) >= 0;
            case "NotTerminating" -> pod.at("/spec/activeDeadlineSeconds").asLong(-1) < 0;
            case "BestEffort" -> bestEffort(pod);
            case "NotBestEffort" -> !bestEffort(pod);
            case "CrossNamespacePodAffinity" -> reachesOtherNamespaces(pod);
            case "PriorityClass" -> priority(pod.text("/spec/priorityClassName"), operator, values);
            default -> false;
        };
    }

    private static boolean priority(String name, String operator, JsonNode values) {
        boolean listed = false;
        for (JsonNode value : values) {
            listed |= value.asText().equals(name);
        }
        return switch (operator) {
            case "In" -> listed;
            case "NotIn" -> !listed;
            case "Exists" -> !name.isEmpty();
            case "DoesNotExist" -> name.isEmpty();
            default -> false;
        };
    }

    private static boolean bestEffort(ApiObject pod) {
        PodRequirements asked = PodRequirements.of(pod);
        return List.of(asked.requests(), asked.limits()).stream()
                .flatMap(side -> side.entrySet().stream())
                .noneMatch(e ->
                        (e.getKey().equals("cpu") || e.getKey().equals("memory"))
                                && e.getValue().signum() > 0);
    }

    private static boolean reachesOtherNamespaces(ApiObject pod) {
        for (String kind : List.of("podAffinity", "podAntiAffinity")) {
            JsonNode affinity = pod.at("/spec/affinity/" + kind);
            for (JsonNode term : affinity.path("requiredDuringSchedulingIgnoredDuringExecution")) {
                if (crosses(term)) {
                    return true;
                }
            }
            for (JsonNode term : affinity.path("preferredDuringSchedulingIgnoredDuringExecution")) {
                if (crosses(term.path("podAffinityTerm"))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean crosses(JsonNode term) {
        return !term.path("namespaces").isEmpty() || term.path("namespaceSelector").isObject();
    }
}
