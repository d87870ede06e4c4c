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

/** Where a policy holds, with which parameters, and what follows from breaking it. */
final class PolicyBindingStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text("PolicyName", "The policy.", o -> o.text("/spec/policyName")),
                    Columns.text(
                            "ParamRef",
                            "The policy's parameters.",
                            o -> paramRef(o.at("/spec/paramRef"))),
                    Columns.AGE);

    private static final List<String> ACTIONS = List.of("Audit", "Deny", "Warn");

    private final boolean validating;

    PolicyBindingStrategy(boolean validating) {
        this.validating = validating;
    }

    private static String paramRef(JsonNode ref) {
        if (ref.isMissingNode()) {
            return Columns.UNSET;
        }
        String namespace = ref.path("namespace").asText("");
        String name = ref.path("name").asText("");
        return (namespace.isEmpty() ? "*" : namespace) + "/" + (name.isEmpty() ? "*" : name);
    }

    @Override
    public void applyDefaults(ObjectNode object) {
        if (object.path("spec").path("matchResources") instanceof ObjectNode match) {
            MatchRules.fillSelectors(match);
            MatchRules.fillRules(match, "resourceRules");
            MatchRules.fillRules(match, "excludeResourceRules");
        }
    }

    @Override
    public List<Cause> validate(ApiObject object, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode spec = object.at("/spec");
        if (spec.path("policyName").asText("").isEmpty()) {
            problems.required("spec.policyName");
        }
        JsonNode ref = spec.path("paramRef");
        if (ref.isObject()) {
            boolean name = !ref.path("name").asText("").isEmpty();
            if (name == ref.path("selector").isObject()) {
                problems.forbidden(
                        "spec.paramRef.name", "name and selector are mutually exclusive");
            }
            String missing = ref.path("parameterNotFoundAction").asText("");
            if (missing.isEmpty()) {
                problems.required("spec.paramRef.parameterNotFoundAction");
            } else if (!missing.equals("Allow") && !missing.equals("Deny")) {
                problems.notSupported(
                        "spec.paramRef.parameterNotFoundAction", missing, List.of("Deny", "Allow"));
            }
        }
        JsonNode match = spec.path("matchResources");
        MatchRules.rules(
                match.path("resourceRules"), "spec.matchResources.resourceRules", problems);
        MatchRules.rules(
                match.path("excludeResourceRules"),
                "spec.matchResources.excludeResourceRules",
                problems);
        if (validating) {
            actions(spec.path("validationActions"), problems);
        }
        return problems.causes();
    }

    private static void actions(JsonNode actions, Problems problems) {
        if (actions.isEmpty()) {
            problems.required(
                    "spec.validationActions", "at least one validation action is required");
        }
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < actions.size(); i++) {
            String action = actions.get(i).asText();
            if (!ACTIONS.contains(action)) {
                problems.notSupported("spec.validationActions[" + i + "]", action, ACTIONS);
            } else if (!seen.add(action)) {
                problems.duplicate("spec.validationActions[" + i + "]", action);
            }
        }
        if (seen.containsAll(Set.of("Deny", "Warn"))) {
            problems.invalid(
                    "spec.validationActions",
                    actions,
                    "must not contain both Deny and Warn (repeating the same validation failure"
                            + " information in the API response and headers serves no purpose)");
        }
    }
}
