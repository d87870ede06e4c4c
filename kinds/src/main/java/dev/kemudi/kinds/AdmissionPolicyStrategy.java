package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.api.Strategy;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Validating and mutating admission policies, as far as they are not expressions: those are
 * compiled where they are evaluated.
 */
final class AdmissionPolicyStrategy implements Strategy {
    private static final Pattern IDENTIFIER = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
    private static final List<String> REASONS =
            List.of("", "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized");

    private final boolean mutating;

    AdmissionPolicyStrategy(boolean mutating) {
        this.mutating = mutating;
    }

    static List<Column> columns(String counted, String pointer) {
        return List.of(
                Columns.NAME,
                Columns.integer(counted, "How many there are.", o -> o.at(pointer).size()),
                Columns.text(
                        "ParamKind",
                        "The kind of the policy's parameters.",
                        o -> paramKind(o.at("/spec/paramKind"))),
                Columns.AGE);
    }

    private static String paramKind(JsonNode kind) {
        return kind.isMissingNode()
                ? Columns.UNSET
                : kind.path("apiVersion").asText() + "/" + kind.path("kind").asText();
    }

    @Override
    public void applyDefaults(ObjectNode object) {
        ObjectNode spec = Fill.object(object, "spec");
        Fill.text(spec, "failurePolicy", "Fail");
        if (spec.path("matchConstraints") instanceof ObjectNode constraints) {
            MatchRules.fillSelectors(constraints);
            MatchRules.fillRules(constraints, "resourceRules");
            MatchRules.fillRules(constraints, "excludeResourceRules");
        }
    }

    @Override
    public List<Cause> validate(ApiObject object, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode spec = object.at("/spec");
        MatchRules.oneOf(spec, "failurePolicy", List.of("Fail", "Ignore"), "spec.", problems);
        JsonNode kind = spec.path("paramKind");
        if (kind.isObject()) {
            for (String part : List.of("apiVersion", "kind")) {
                if (kind.path(part).asText("").isEmpty()) {
                    problems.required("spec.paramKind." + part);
                }
            }
        }
        JsonNode constraints = spec.path("matchConstraints");
        if (!constraints.isObject()) {
            problems.required("spec.matchConstraints");
        } else if (constraints.path("resourceRules").isEmpty()) {
            problems.required("spec.matchConstraints.resourceRules");
        }
        MatchRules.rules(
                constraints.path("resourceRules"), "spec.matchConstraints.resourceRules", problems);
        MatchRules.rules(
                constraints.path("excludeResourceRules"),
                "spec.matchConstraints.excludeResourceRules",
                problems);
        MatchRules.conditions(spec.path("matchConditions"), "spec.matchConditions", problems);
        variables(spec.path("variables"), problems);
        if (mutating) {
            mutations(spec, problems);
        } else {
            validations(spec, problems);
        }
        return problems.causes();
    }

    private static void variables(JsonNode variables, Problems problems) {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < variables.size(); i++) {
            String field = "spec.variables[" + i + "]";
            String name = variables.get(i).path("name").asText("");
            if (name.isEmpty()) {
                problems.required(field + ".name", "name is required");
            } else if (!IDENTIFIER.matcher(name).matches()) {
                problems.invalid(field + ".name", name, "name is not a valid CEL identifier");
            } else if (!names.add(name)) {
                problems.duplicate(field + ".name", name);
            }
            expression(variables.get(i), field + ".expression", problems);
        }
    }

    private static void expression(JsonNode holder, String field, Problems problems) {
        if (holder.path("expression").asText("").isBlank()) {
            problems.required(field, "expression is not specified");
        }
    }

    private static void validations(JsonNode spec, Problems problems) {
        JsonNode validations = spec.path("validations");
        JsonNode annotations = spec.path("auditAnnotations");
        if (validations.isEmpty() && annotations.isEmpty()) {
            problems.required(
                    "spec.validations",
                    "validations or auditAnnotations must contain at least one item");
        }
        for (int i = 0; i < validations.size(); i++) {
            String field = "spec.validations[" + i + "]";
            JsonNode validation = validations.get(i);
            expression(validation, field + ".expression", problems);
            String message = validation.path("message").asText("");
            if (message.strip().contains("\n")) {
                problems.invalid(
                        field + ".message", message, "message must not contain line breaks");
            }
            if (!REASONS.contains(validation.path("reason").asText(""))) {
                problems.notSupported(
                        field + ".reason",
                        validation.path("reason").asText(),
                        REASONS.subList(1, REASONS.size()));
            }
        }
        Set<String> keys = new HashSet<>();
        for (int i = 0; i < annotations.size(); i++) {
            String field = "spec.auditAnnotations[" + i + "]";
            String key = annotations.get(i).path("key").asText("");
            if (key.isEmpty()) {
                problems.required(field + ".key");
            } else if (!keys.add(key)) {
                problems.duplicate(field + ".key", key);
            }
            if (annotations.get(i).path("valueExpression").asText("").isBlank()) {
                problems.required(field + ".valueExpression", "valueExpression is not specified");
            }
        }
    }

    private static void mutations(JsonNode spec, Problems problems) {
        JsonNode mutations = spec.path("mutations");
        if (mutations.isEmpty()) {
            problems.required("spec.mutations", "mutations must contain at least one item");
        }
        if (!List.of("Never", "IfNeeded").contains(spec.path("reinvocationPolicy").asText(""))) {
            problems.notSupported(
                    "spec.reinvocationPolicy",
                    spec.path("reinvocationPolicy").asText(""),
                    List.of("Never", "IfNeeded"));
        }
        for (int i = 0; i < mutations.size(); i++) {
            String field = "spec.mutations[" + i + "]";
            JsonNode mutation = mutations.get(i);
            String type = mutation.path("patchType").asText("");
            String member =
                    switch (type) {
                        case "ApplyConfiguration" -> "applyConfiguration";
                        case "JSONPatch" -> "jsonPatch";
                        default -> "";
                    };
            if (member.isEmpty()) {
                problems.notSupported(
                        field + ".patchType", type, List.of("ApplyConfiguration", "JSONPatch"));
            } else if (!mutation.path(member).isObject()) {
                problems.required(
                        field + "." + member, "must be specified when patchType is " + type);
            } else {
                expression(mutation.path(member), field + "." + member + ".expression", problems);
            }
        }
    }
}
