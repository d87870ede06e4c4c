package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Where a policy holds.
 *
 * @param actions what follows when it is broken; empty for policies that change objects
 */
record PolicyBinding(
        String name, String policy, RequestRules rules, JsonNode paramRef, Set<String> actions) {
    private static PolicyBinding of(ApiObject binding) {
        Set<String> actions = new TreeSet<>();
        binding.at("/spec/validationActions").forEach(action -> actions.add(action.asText()));
        return new PolicyBinding(
                binding.name(),
                binding.text("/spec/policyName"),
                RequestRules.ofPolicy(binding.at("/spec/matchResources")),
                binding.at("/spec/paramRef"),
                actions);
    }

    static Map<String, List<PolicyBinding>> byPolicy(List<ApiObject> bindings) {
        return bindings.stream()
                .sorted(Comparator.comparing(ApiObject::name))
                .map(PolicyBinding::of)
                .collect(Collectors.groupingBy(PolicyBinding::policy));
    }
}
