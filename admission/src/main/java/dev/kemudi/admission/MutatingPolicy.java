package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.cel.Budget;
import dev.kemudi.cel.ExpressionException;
import dev.kemudi.cel.RequestExpressions.Compiled;
import dev.kemudi.schema.FieldOwnership;
import dev.kemudi.schema.PatchException;
import dev.kemudi.schema.Patches;
import dev.kemudi.schema.Schema;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The expressions of one MutatingAdmissionPolicy, compiled. Immutable. */
final class MutatingPolicy {
    private static final String MANAGER = "mutating-admission-policy";

    private final MatchConditions conditions;
    private final Map<String, Compiled> variables;
    private final List<Mutation> mutations;

    /**
     * @param patch whether the expression makes a JSON patch, rather than a configuration to apply
     */
    record Mutation(Compiled expression, boolean patch) {}

    private MutatingPolicy(
            MatchConditions conditions, Map<String, Compiled> variables, List<Mutation> mutations) {
        this.conditions = conditions;
        this.variables = variables;
        this.mutations = mutations;
    }

    /**
     * @throws ExpressionException when an expression cannot be compiled
     */
    static MutatingPolicy compile(ApiObject policy) throws ExpressionException {
        JsonNode spec = policy.at("/spec");
        List<Mutation> mutations = new ArrayList<>();
        for (JsonNode each : spec.path("mutations")) {
            boolean patch = each.path("patchType").asText("").equals("JSONPatch");
            JsonNode form = each.path(patch ? "jsonPatch" : "applyConfiguration");
            mutations.add(
                    new Mutation(
                            Languages.composed().compileMutation(form.path("expression").asText()),
                            patch));
        }
        return new MutatingPolicy(
                MatchConditions.compile(spec.path("matchConditions"), Languages.policies()),
                PolicyScope.variables(spec),
                mutations);
    }

    Map<String, Compiled> variables() {
        return variables;
    }

    List<Mutation> mutations() {
        return mutations;
    }

    /**
     * @throws PolicyException when that cannot be said
     */
    boolean concerns(PolicyScope scope) throws PolicyException {
        try {
            return conditions.isEmpty()
                    || conditions.hold(scope.conditions(), Budget.of(Languages.LIMITS));
        } catch (ExpressionException e) {
            throw new PolicyException(String.valueOf(e.getMessage()), e);
        }
    }

    /**
     * The object as the mutation would have it.
     *
     * @throws PolicyException when the expression cannot be evaluated, or its result does not fit
     */
    static ObjectNode mutated(
            Mutation mutation,
            PolicyScope scope,
            ApiObject object,
            Optional<Schema> schema,
            Limits limits)
            throws PolicyException {
        JsonNode result;
        try {
            result = mutation.expression().evaluateToJson(scope.composed(), scope.budget());
        } catch (ExpressionException e) {
            throw new PolicyException(
                    "expression '%s' resulted in error: %s"
                            .formatted(mutation.expression().text(), e.getMessage()),
                    e);
        }
        return mutation.patch() ? patched(object, result, limits) : applied(object, result, schema);
    }

    private static ObjectNode patched(ApiObject object, JsonNode patch, Limits limits)
            throws PolicyException {
        if (!(patch instanceof ArrayNode) || patch.size() > limits.patchOperationsMax()) {
            throw new PolicyException(
                    "expected a list of at most %d JSONPatch operations, found %s"
                            .formatted(limits.patchOperationsMax(), patch.getNodeType()));
        }
        try {
            if (Patches.json(object.tree(), patch) instanceof ObjectNode changed) {
                return changed;
            }
            throw new PolicyException("the JSON patch leaves no object");
        } catch (PatchException e) {
            throw new PolicyException("JSON Patch: " + e.getMessage(), e);
        }
    }

    /** Merges as server-side apply does, as somebody who owns nothing and whom nobody stops. */
    private static ObjectNode applied(ApiObject object, JsonNode result, Optional<Schema> schema)
            throws PolicyException {
        if (!(result instanceof ObjectNode config) || schema.isEmpty()) {
            throw new PolicyException("expected an Object to apply, found " + result.getNodeType());
        }
        for (String member : List.of("apiVersion", "kind")) {
            if (config.has(member)) {
                throw new PolicyException(member + " must not be set by an ApplyConfiguration");
            }
        }
        config.put("apiVersion", object.apiVersion()).put("kind", object.kind());
        ObjectNode live = object.tree().deepCopy();
        ObjectNode metadata = live.withObjectProperty("metadata");
        JsonNode managed = metadata.remove("managedFields");
        FieldOwnership.Outcome outcome =
                FieldOwnership.apply(
                        Optional.of(ApiObject.of(live)),
                        config,
                        MANAGER,
                        true,
                        schema.get(),
                        object.apiVersion(),
                        Instant.EPOCH,
                        "");
        return switch (outcome) {
            case FieldOwnership.Outcome.Merged merged -> {
                ObjectNode tree = merged.changed() ? merged.object() : live;
                ObjectNode settled = tree.withObjectProperty("metadata");
                settled.remove("managedFields"); // whoever sent the request owns what came of it
                if (managed != null) {
                    settled.set("managedFields", managed);
                }
                yield tree;
            }
            case FieldOwnership.Outcome.Unusable unusable ->
                    throw new PolicyException("error applying patch: " + unusable.message());
            case FieldOwnership.Outcome.Conflicts conflicts ->
                    throw new PolicyException("error applying patch: " + conflicts.message());
        };
    }
}
