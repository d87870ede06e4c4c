package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import java.util.Optional;

/** What Deployments and ReplicaSets share: a pod template, and a selector that finds its pods. */
final class PodTemplate {
    private PodTemplate() {}

    static void applyDefaults(ObjectNode spec) {
        if (spec.path("template").path("spec") instanceof ObjectNode template) {
            PodDefaults.ofSpec(template);
        }
    }

    static void validate(ApiObject owner, Optional<ApiObject> old, Problems problems) {
        JsonNode selector = owner.at("/spec/selector");
        if (selector.isMissingNode()) {
            problems.required("spec.selector");
        }
        old.map(o -> o.at("/spec/selector"))
                .filter(before -> !before.equals(selector))
                .ifPresent(_ -> problems.immutable("spec.selector", selector));
        PodRules.spec(owner.at("/spec/template/spec"), "spec.template.spec", problems);
    }
}
