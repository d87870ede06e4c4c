package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;

/**
 * What may change of a pod's spec once it exists: images, deadlines, tolerations, and the node,
 * once.
 */
final class PodUpdateRules {
    private static final String ONLY =
            "pod updates may not change fields other than `spec.containers[*].image`,"
                    + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
                    + "`spec.tolerations` (only additions to existing tolerations),"
                    + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
                    + "previously negative)";

    private PodUpdateRules() {}

    static void check(ApiObject pod, ApiObject old, Problems problems) {
        JsonNode before = old.at("/spec");
        JsonNode now = pod.at("/spec");
        if (before.equals(now)) {
            return;
        }
        if (before.path("containers").size() != now.path("containers").size()) {
            problems.forbidden("spec.containers", "pod updates may not add or remove containers");
            return;
        }
        if (before.path("initContainers").size() != now.path("initContainers").size()) {
            problems.forbidden(
                    "spec.initContainers", "pod updates may not add or remove containers");
            return;
        }
        deadline(before.path("activeDeadlineSeconds"), now.path("activeDeadlineSeconds"), problems);
        tolerations(before.path("tolerations"), now.path("tolerations"), problems);
        if (before instanceof ObjectNode from && !fixed(from, now).equals(now)) {
            problems.forbidden("spec", ONLY);
        }
    }

    /**
     * The old spec with every permitted change taken over: equal to the new one when nothing else
     * changed.
     */
    private static ObjectNode fixed(ObjectNode before, JsonNode now) {
        ObjectNode fixed = before.deepCopy();
        for (String list : new String[] {"containers", "initContainers"}) {
            for (int i = 0; i < fixed.path(list).size(); i++) {
                if (fixed.path(list).path(i) instanceof ObjectNode container) {
                    carry(container, now.path(list).path(i), "image");
                }
            }
        }
        carry(fixed, now, "activeDeadlineSeconds");
        carry(fixed, now, "tolerations");
        if (before.path("terminationGracePeriodSeconds").asLong() < 0
                && now.path("terminationGracePeriodSeconds").asLong() == 1) {
            carry(fixed, now, "terminationGracePeriodSeconds");
        }
        // The binding: a scheduler may name the node once.
        if (before.path("nodeName").asText("").isEmpty()) {
            carry(fixed, now, "nodeName");
        }
        return fixed;
    }

    private static void carry(ObjectNode to, JsonNode from, String name) {
        if (from.has(name)) {
            to.set(name, from.get(name));
        } else {
            to.remove(name);
        }
    }

    private static void deadline(JsonNode before, JsonNode now, Problems problems) {
        String field = "spec.activeDeadlineSeconds";
        if (before.isNumber() && now.isMissingNode()) {
            problems.invalid(field, "null", "must not update from a positive integer to nil value");
        } else if (before.isNumber() && now.asLong() > before.asLong()) {
            problems.invalid(
                    field,
                    now.asLong(),
                    "must be less than or equal to previous value " + before.asLong());
        }
    }

    private static void tolerations(JsonNode before, JsonNode now, Problems problems) {
        for (JsonNode toleration : before) {
            boolean kept = false;
            for (JsonNode candidate : now) {
                kept |= sameButDuration(toleration, candidate);
            }
            if (!kept) {
                problems.forbidden(
                        "spec.tolerations",
                        "existing toleration can not be modified except its tolerationSeconds");
                return;
            }
        }
    }

    private static boolean sameButDuration(JsonNode a, JsonNode b) {
        return without(a).equals(without(b));
    }

    private static JsonNode without(JsonNode toleration) {
        JsonNode copy = toleration.deepCopy();
        if (copy instanceof ObjectNode object) {
            object.remove("tolerationSeconds");
        }
        return copy;
    }
}
