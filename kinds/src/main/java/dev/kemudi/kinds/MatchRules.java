package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** What webhooks and policies say of the requests that concern them: rules and conditions. */
final class MatchRules {
    private static final List<String> OPERATIONS =
            List.of("*", "CREATE", "UPDATE", "DELETE", "CONNECT");
    private static final List<String> SCOPES = List.of("*", "Cluster", "Namespaced");
    private static final Pattern CONDITION_NAME =
            Pattern.compile(
                    "([A-Za-z0-9][-A-Za-z0-9_.]*/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?");
    private static final int CONDITIONS_MAX = 64;

    private MatchRules() {}

    static void fillRules(JsonNode holder, String name) {
        for (ObjectNode rule : Fill.items(holder, name)) {
            Fill.text(rule, "scope", "*");
        }
    }

    /** Both selectors match everything unless they say otherwise. */
    static void fillSelectors(ObjectNode holder) {
        Fill.object(holder, "namespaceSelector");
        Fill.object(holder, "objectSelector");
        Fill.text(holder, "matchPolicy", "Equivalent");
    }

    static void rules(JsonNode rules, String field, Problems problems) {
        for (int i = 0; i < rules.size(); i++) {
            rule(rules.get(i), field + "[" + i + "]", problems);
        }
    }

    private static void rule(JsonNode rule, String field, Problems problems) {
        JsonNode operations = rule.path("operations");
        if (operations.isEmpty()) {
            problems.required(field + ".operations");
        }
        for (int i = 0; i < operations.size(); i++) {
            String operation = operations.get(i).asText();
            if (!OPERATIONS.contains(operation)) {
                problems.notSupported(field + ".operations[" + i + "]", operation, OPERATIONS);
            }
        }
        alone(operations, field + ".operations", problems);
        for (String list : List.of("apiGroups", "apiVersions", "resources")) {
            if (rule.path(list).isEmpty()) {
                problems.required(field + "." + list);
            }
        }
        alone(rule.path("apiGroups"), field + ".apiGroups", problems);
        alone(rule.path("apiVersions"), field + ".apiVersions", problems);
        if (!SCOPES.contains(rule.path("scope").asText())) {
            problems.notSupported(field + ".scope", rule.path("scope").asText(), SCOPES);
        }
    }

    /** A star says all, so nothing stands beside it. */
    private static void alone(JsonNode values, String field, Problems problems) {
        for (JsonNode value : values) {
            if (value.asText().equals("*") && values.size() > 1) {
                problems.invalid(field, values, "if '*' is present, must not specify other values");
                return;
            }
        }
    }

    static void conditions(JsonNode conditions, String field, Problems problems) {
        if (conditions.size() > CONDITIONS_MAX) {
            problems.tooMany(field, conditions.size(), CONDITIONS_MAX);
        }
        Set<String> names = new HashSet<>();
        for (int i = 0; i < conditions.size(); i++) {
            String at = field + "[" + i + "]";
            String name = conditions.get(i).path("name").asText("");
            if (name.isEmpty()) {
                problems.required(at + ".name");
            } else if (!CONDITION_NAME.matcher(name).matches()) {
                problems.invalid(at + ".name", name, "must be a qualified name");
            } else if (!names.add(name)) {
                problems.duplicate(at + ".name", name);
            }
            if (conditions.get(i).path("expression").asText("").isBlank()) {
                problems.required(at + ".expression");
            }
        }
    }

    static void oneOf(
            JsonNode holder, String name, List<String> values, String field, Problems problems) {
        if (!values.contains(holder.path(name).asText(""))) {
            problems.notSupported(field + name, holder.path(name).asText(""), values);
        }
    }
}
