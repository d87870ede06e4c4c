package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.cel.Budget;
import dev.kemudi.cel.ExpressionException;
import dev.kemudi.cel.LazyVariables;
import dev.kemudi.cel.RequestExpressions;
import dev.kemudi.cel.RequestExpressions.Compiled;
import dev.kemudi.cel.RequestExpressions.Result;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What the expressions of one policy may name in one request, with one parameter.
 *
 * @param conditions for match conditions, which may not name what the policy composes
 * @param budget for all of them together
 */
record PolicyScope(Map<String, Object> conditions, Map<String, Object> composed, Budget budget) {
    static PolicyScope of(
            Attributes asked,
            Resource version,
            Optional<ApiObject> param,
            Map<String, Compiled> variables,
            Cluster cluster) {
        Attributes seen =
                version.equals(asked.resource())
                        ? asked
                        : asked.with(
                                version,
                                asked.object().map(o -> cluster.converted(o, version)),
                                asked.old().map(o -> cluster.converted(o, version)));
        RequestExpressions language = Languages.policies();
        Map<String, Object> scope = RequestScope.of(asked, seen, language, cluster);
        scope.put("params", language.value(RequestScope.tree(param)));
        scope.put(
                "namespaceObject",
                language.value(RequestScope.tree(RequestRules.namespaceOf(asked, cluster))));
        Map<String, Object> composed = new java.util.HashMap<>(scope);
        Budget budget = Budget.of(Languages.LIMITS);
        composed.put("variables", new LazyVariables(variables, composed, budget));
        return new PolicyScope(scope, composed, budget);
    }

    /**
     * The {@code spec.variables} of a policy.
     *
     * @throws ExpressionException naming the one that cannot be compiled
     */
    static Map<String, Compiled> variables(JsonNode spec) throws ExpressionException {
        Map<String, Compiled> variables = new LinkedHashMap<>();
        for (JsonNode variable : spec.path("variables")) {
            variables.put(
                    variable.path("name").asText(),
                    Languages.composed().compile(variable.path("expression").asText(), Result.ANY));
        }
        return variables;
    }
}
