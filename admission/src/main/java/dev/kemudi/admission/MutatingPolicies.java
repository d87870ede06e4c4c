package dev.kemudi.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.MutatingPolicy.Mutation;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * MutatingAdmissionPolicies, each with its bindings, one after the other by name: each sees what
 * the ones before have made of the object. Those that wish so are asked once more when webhooks
 * have changed it after them. Source: Kubernetes documentation, "Mutating Admission Policy".
 */
final class MutatingPolicies implements Plugin {
    private final Cluster cluster;
    private final Limits limits;
    private final Derived<List<Policy<MutatingPolicy>>> policies;
    private final Derived<Map<String, List<PolicyBinding>>> bindings;

    MutatingPolicies(Cluster cluster, Limits limits) {
        this.cluster = cluster;
        this.limits = limits;
        policies =
                new Derived<>(
                        cluster,
                        Resource.MUTATING_ADMISSION_POLICIES,
                        all -> Policy.of(all, MutatingPolicy::compile));
        bindings =
                new Derived<>(
                        cluster,
                        Resource.MUTATING_ADMISSION_POLICY_BINDINGS,
                        PolicyBinding::byPolicy);
    }

    @Override
    public ObjectNode mutate(Attributes attributes, ObjectNode object) {
        return mutated(attributes, object, policy -> true);
    }

    /** For an object that others have changed since. */
    ObjectNode mutateAgain(Attributes attributes, ObjectNode object) {
        return mutated(attributes, object, Policy::reinvoked);
    }

    private ObjectNode mutated(
            Attributes attributes, ObjectNode object, Predicate<Policy<?>> asked) {
        List<Policy<MutatingPolicy>> all = policies.get();
        if (all.isEmpty() || attributes.object().isEmpty() || RequestRules.exempt(attributes)) {
            return object;
        }
        Attributes now = attributes;
        for (Policy<MutatingPolicy> policy : all) {
            if (asked.test(policy)) {
                for (PolicyBinding binding :
                        bindings.get().getOrDefault(policy.name(), List.of())) {
                    try {
                        now = mutated(policy, binding, now);
                    } catch (PolicyException e) {
                        if (!policy.ignoresFailure()) {
                            throw new ApiException(refusal(policy, binding, attributes, e));
                        }
                    }
                }
            }
        }
        return now == attributes ? object : now.either().tree();
    }

    private Attributes mutated(
            Policy<MutatingPolicy> policy, PolicyBinding binding, Attributes attributes)
            throws PolicyException {
        Optional<Resource> version = policy.rules().match(attributes, cluster);
        if (version.isEmpty() || binding.rules().match(attributes, cluster).isEmpty()) {
            return attributes;
        }
        Attributes now = attributes;
        MutatingPolicy expressions = policy.compiled();
        for (Optional<ApiObject> param :
                PolicyParams.of(
                        policy.paramKind(), binding.paramRef(), attributes, cluster, limits)) {
            for (Mutation mutation : expressions.mutations()) {
                PolicyScope scope =
                        PolicyScope.of(now, version.get(), param, expressions.variables(), cluster);
                if (!expressions.concerns(scope)) {
                    break;
                }
                now = mutated(mutation, scope, now, version.get());
            }
        }
        return now;
    }

    private Attributes mutated(
            Mutation mutation, PolicyScope scope, Attributes attributes, Resource version)
            throws PolicyException {
        ApiObject object = attributes.either();
        boolean same = version.equals(attributes.resource());
        ApiObject seen = same ? object : cluster.converted(object, version);
        ObjectNode changed =
                MutatingPolicy.mutated(mutation, scope, seen, cluster.schema(version), limits);
        if (changed.equals(seen.tree())) {
            return attributes;
        }
        ApiObject filled = cluster.filled(version, attributes.subresource(), changed);
        return attributes.with(
                (same ? filled : cluster.converted(filled, attributes.resource())).tree());
    }

    private static Status refusal(
            Policy<?> policy, PolicyBinding binding, Attributes attributes, PolicyException why) {
        Status status =
                attributes.forbidden(
                        "MutatingAdmissionPolicy '%s' with binding '%s' denied request: %s"
                                .formatted(policy.name(), binding.name(), why.getMessage()));
        return new Status(422, "Invalid", status.message(), status.details());
    }
}
