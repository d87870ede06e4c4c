package dev.kemudi.admission;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.ValidatingPolicy.Failure;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * ValidatingAdmissionPolicies, each with its bindings: a policy without a binding asks nobody.
 * Source: Kubernetes documentation, "Validating Admission Policy".
 */
final class ValidatingPolicies implements Plugin {
    private static final String AUDIT_KEY = "validation.policy.admission.k8s.io/validation_failure";

    private final Cluster cluster;
    private final Limits limits;
    private final Derived<List<Policy<ValidatingPolicy>>> policies;
    private final Derived<Map<String, List<PolicyBinding>>> bindings;

    /** What one request has met with so far. */
    private record Findings(List<Status> denials, ArrayNode audited) {}

    ValidatingPolicies(Cluster cluster, Limits limits) {
        this.cluster = cluster;
        this.limits = limits;
        policies =
                new Derived<>(
                        cluster,
                        Resource.VALIDATING_ADMISSION_POLICIES,
                        all -> Policy.of(all, ValidatingPolicy::compile));
        bindings =
                new Derived<>(
                        cluster,
                        Resource.VALIDATING_ADMISSION_POLICY_BINDINGS,
                        PolicyBinding::byPolicy);
    }

    @Override
    public void validate(Attributes attributes) {
        List<Policy<ValidatingPolicy>> all = policies.get();
        if (all.isEmpty() || RequestRules.exempt(attributes)) {
            return;
        }
        Findings findings = new Findings(new ArrayList<>(), JsonNodeFactory.instance.arrayNode());
        for (Policy<ValidatingPolicy> policy : all) {
            for (PolicyBinding binding : bindings.get().getOrDefault(policy.name(), List.of())) {
                try {
                    judge(policy, binding, attributes, findings);
                } catch (PolicyException e) {
                    if (!policy.ignoresFailure()) {
                        findings.denials()
                                .add(denial(policy, binding, attributes, "", e.getMessage()));
                    }
                }
            }
        }
        if (!findings.audited().isEmpty()) {
            attributes.feedback().annotate(AUDIT_KEY, findings.audited().toString());
        }
        if (!findings.denials().isEmpty()) {
            throw new ApiException(findings.denials().getFirst());
        }
    }

    private void judge(
            Policy<ValidatingPolicy> policy,
            PolicyBinding binding,
            Attributes attributes,
            Findings findings)
            throws PolicyException {
        Optional<Resource> version = policy.rules().match(attributes, cluster);
        if (version.isEmpty() || binding.rules().match(attributes, cluster).isEmpty()) {
            return;
        }
        for (Optional<ApiObject> param :
                PolicyParams.of(
                        policy.paramKind(), binding.paramRef(), attributes, cluster, limits)) {
            ValidatingPolicy expressions = policy.compiled();
            PolicyScope scope =
                    PolicyScope.of(
                            attributes, version.get(), param, expressions.variables(), cluster);
            if (expressions.concerns(scope)) {
                for (Failure failure : expressions.failures(scope)) {
                    act(policy, binding, attributes, failure, findings);
                }
                expressions
                        .annotations(scope, limits)
                        .forEach((key, value) ->
                                attributes.feedback().annotate(policy.name() + "/" + key, value));
            }
        }
    }

    private static void act(
            Policy<ValidatingPolicy> policy,
            PolicyBinding binding,
            Attributes attributes,
            Failure failure,
            Findings findings) {
        if (failure.error() && policy.ignoresFailure()) {
            return;
        }
        for (String action : binding.actions()) {
            switch (action) {
                case "Deny" ->
                        findings.denials()
                                .add(
                                        denial(
                                                policy,
                                                binding,
                                                attributes,
                                                failure.reason(),
                                                failure.message()));
                case "Warn" ->
                        attributes
                                .feedback()
                                .warn(
                                        ("Validation failed for ValidatingAdmissionPolicy '%s' with "
                                                        + "binding '%s': %s")
                                                .formatted(
                                                        policy.name(),
                                                        binding.name(),
                                                        failure.message()));
                case "Audit" -> {
                    ObjectNode noted =
                            findings.audited()
                                    .addObject()
                                    .put("message", failure.message())
                                    .put("policy", policy.name())
                                    .put("binding", binding.name())
                                    .put("expressionIndex", failure.index());
                    binding.actions().forEach(noted.putArray("validationActions")::add);
                }
                default -> {
                    // refused when the binding was written
                }
            }
        }
    }

    private static Status denial(
            Policy<?> policy,
            PolicyBinding binding,
            Attributes attributes,
            String reason,
            @org.jspecify.annotations.Nullable String why) {
        String message =
                "ValidatingAdmissionPolicy '%s' with binding '%s' denied request: %s"
                        .formatted(policy.name(), binding.name(), why);
        Status status = attributes.forbidden(message);
        status.details().putArray("causes").addObject().put("message", message);
        String known = reason.isEmpty() ? "Invalid" : reason;
        int code =
                switch (known) {
                    case "Unauthorized" -> 401;
                    case "Forbidden" -> 403;
                    case "RequestEntityTooLarge" -> 413;
                    default -> 422;
                };
        return new Status(code, known, status.message(), status.details());
    }
}
