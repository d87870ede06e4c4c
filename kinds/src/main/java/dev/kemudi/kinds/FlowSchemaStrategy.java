package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** FlowSchemas: which requests belong to which level of priority. */
final class FlowSchemaStrategy implements Strategy {
    private static final int PRECEDENCE_DEFAULT = 1_000;
    private static final int PRECEDENCE_MAX = 10_000;

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "PriorityLevel",
                            "Where its requests belong.",
                            o -> o.text("/spec/priorityLevelConfiguration/name")),
                    Columns.integer(
                            "MatchingPrecedence",
                            "Lower ones are asked first.",
                            o -> o.integer("/spec/matchingPrecedence", 0)),
                    Columns.text(
                            "DistinguisherMethod",
                            "What makes a flow of its own.",
                            o -> Columns.orNone(o.text("/spec/distinguisherMethod/type"))),
                    Columns.AGE);

    @Override
    public void applyDefaults(ObjectNode schema) {
        Fill.positive(Fill.object(schema, "spec"), "matchingPrecedence", PRECEDENCE_DEFAULT);
    }

    @Override
    public List<Status.Cause> validate(ApiObject schema, Optional<ApiObject> old) {
        Problems problems = new Problems();
        long precedence = schema.at("/spec/matchingPrecedence").asLong();
        if (precedence < 1 || precedence > PRECEDENCE_MAX) {
            problems.invalid(
                    "spec.matchingPrecedence",
                    precedence,
                    "must be between 1 and 10000, inclusive");
        }
        String level = schema.text("/spec/priorityLevelConfiguration/name");
        if (level.isEmpty()) {
            problems.required("spec.priorityLevelConfiguration.name");
        } else {
            Names.subdomain(level, "spec.priorityLevelConfiguration.name", problems);
        }
        JsonNode method = schema.at("/spec/distinguisherMethod");
        if (method.isObject()) {
            PodRules.oneOf(
                    method,
                    "type",
                    Set.of("ByUser", "ByNamespace"),
                    "spec.distinguisherMethod",
                    problems);
        }
        int i = 0;
        for (JsonNode rule : schema.at("/spec/rules")) {
            rule(rule, "spec.rules[" + i++ + "]", problems);
        }
        return problems.causes();
    }

    private static void rule(JsonNode rule, String at, Problems problems) {
        if (rule.path("subjects").isEmpty()) {
            problems.required(at + ".subjects", "subjects must contain at least one value");
        }
        int i = 0;
        for (JsonNode subject : rule.path("subjects")) {
            PodRules.oneOf(
                    subject,
                    "kind",
                    Set.of("User", "Group", "ServiceAccount"),
                    at + ".subjects[" + i++ + "]",
                    problems);
        }
        if (rule.path("resourceRules").isEmpty() && rule.path("nonResourceRules").isEmpty()) {
            problems.required(
                    at, "at least one of resourceRules and nonResourceRules has to be non-empty");
        }
    }
}
