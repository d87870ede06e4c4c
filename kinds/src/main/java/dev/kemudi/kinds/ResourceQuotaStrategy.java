package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** ResourceQuotas: what all objects of a namespace may ask for together. */
final class ResourceQuotaStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.AGE,
                    Columns.text(
                            "Request",
                            "What is asked for, of what may be asked for.",
                            o -> cells(o, name -> !name.startsWith("limits."))),
                    Columns.text(
                            "Limit",
                            "What is used at most, of what may be used at most.",
                            o -> cells(o, name -> name.startsWith("limits."))));

    private static final Set<String> SCOPES =
            Set.of(
                    "Terminating",
                    "NotTerminating",
                    "BestEffort",
                    "NotBestEffort",
                    "PriorityClass",
                    "CrossNamespacePodAffinity",
                    "VolumeAttributesClass");

    private static String cells(ApiObject quota, Predicate<String> wanted) {
        return quota.at("/status/hard").properties().stream()
                .filter(e -> wanted.test(e.getKey()))
                .sorted(Map.Entry.comparingByKey())
                .map(e ->
                        "%s: %s/%s"
                                .formatted(
                                        e.getKey(),
                                        quota.at("/status/used").path(e.getKey()).asText("0"),
                                        e.getValue().asText()))
                .collect(Collectors.joining(", "));
    }

    @Override
    public void prepareForCreate(ObjectNode quota) {
        quota.putObject("status");
    }

    @Override
    public List<Cause> validate(ApiObject quota, Optional<ApiObject> old) {
        Problems problems = new Problems();
        for (Map.Entry<String, JsonNode> hard : quota.at("/spec/hard").properties()) {
            String field = "spec.hard[" + hard.getKey() + "]";
            Optional<Quantity> amount = ResourceRules.quantity(hard.getValue());
            if (amount.isEmpty()) {
                problems.invalid(field, hard.getValue().asText(), "must be a quantity");
            } else if (amount.get().signum() < 0) {
                problems.invalid(
                        field, amount.get().toString(), "must be greater than or equal to 0");
            }
        }
        scopes(quota.at("/spec/scopes"), problems);
        selector(quota.at("/spec/scopeSelector/matchExpressions"), problems);
        old.filter(before -> !before.at("/spec/scopes").equals(quota.at("/spec/scopes")))
                .ifPresent(_ -> problems.immutable("spec.scopes", quota.at("/spec/scopes")));
        return problems.causes();
    }

    private static void scopes(JsonNode scopes, Problems problems) {
        Set<String> seen = new java.util.HashSet<>();
        for (JsonNode scope : scopes) {
            if (!SCOPES.contains(scope.asText())) {
                problems.invalid("spec.scopes", scopes, "unsupported scope");
                return;
            }
            seen.add(scope.asText());
        }
        boolean conflict =
                seen.containsAll(Set.of("Terminating", "NotTerminating"))
                        || seen.containsAll(Set.of("BestEffort", "NotBestEffort"));
        if (conflict) {
            problems.invalid("spec.scopes", scopes, "conflicting scopes");
        }
    }

    private static void selector(JsonNode expressions, Problems problems) {
        for (int i = 0; i < expressions.size(); i++) {
            JsonNode expression = expressions.get(i);
            String field = "spec.scopeSelector.matchExpressions[" + i + "]";
            String scope = expression.path("scopeName").asText();
            String operator = expression.path("operator").asText();
            boolean values = !expression.path("values").isEmpty();
            if (!SCOPES.contains(scope)) {
                problems.invalid(field + ".scopeName", scope, "unsupported scope");
            }
            switch (operator) {
                case "In", "NotIn" -> {
                    if (!values) {
                        problems.required(
                                field + ".values",
                                "must be at least one value when `operator` is 'In' or 'NotIn' for"
                                        + " scope selector");
                    }
                }
                case "Exists", "DoesNotExist" -> {
                    if (values) {
                        problems.invalid(
                                field + ".values",
                                expression.path("values"),
                                "must be no value when `operator` is 'Exists' or 'DoesNotExist' for"
                                        + " scope selector");
                    }
                }
                default ->
                        problems.invalid(
                                field + ".operator", operator, "not a valid selector operator");
            }
        }
    }
}
