package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;

/** What must hold of a pod spec, in pods and in templates. */
final class PodRules {
    private PodRules() {}

    static void spec(JsonNode spec, String field, Problems problems) {
        if (spec.path("containers").isEmpty()) {
            problems.required(field + ".containers");
        }
    }
}
