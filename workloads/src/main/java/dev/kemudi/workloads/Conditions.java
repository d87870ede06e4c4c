package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** Reading and setting {@code status.conditions}. */
final class Conditions {
    static final Conditions OF_DEPLOYMENT = new Conditions("lastUpdateTime");
    static final Conditions OF_JOB = new Conditions("lastProbeTime");

    /** Of kinds whose conditions know only their last transition. */
    static final Conditions PLAIN = new Conditions("");

    private final String stamp;

    /**
     * @param stamp the member that moves with every write, empty when the kind has none
     */
    private Conditions(String stamp) {
        this.stamp = stamp;
    }

    static Optional<JsonNode> find(ObjectNode status, String type) {
        for (JsonNode condition : status.path("conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return Optional.of(condition);
            }
        }
        return Optional.empty();
    }

    static boolean isTrue(ObjectNode status, String type) {
        return find(status, type).filter(c -> c.path("status").asText().equals("True")).isPresent();
    }

    /** Sets a condition; nothing changes when it stands there with the same status and reason. */
    void set(
            ObjectNode status,
            String type,
            String value,
            String reason,
            String message,
            String now) {
        Optional<JsonNode> before = find(status, type);
        if (before.isPresent()
                && before.get().path("status").asText().equals(value)
                && before.get().path("reason").asText().equals(reason)) {
            return;
        }
        replace(status, type, value, reason, message, now);
    }

    /**
     * Sets a condition and its update time in any case; the transition time moves only with the
     * status.
     */
    void replace(
            ObjectNode status,
            String type,
            String value,
            String reason,
            String message,
            String now) {
        String transition =
                find(status, type)
                        .filter(c -> c.path("status").asText().equals(value))
                        .map(c -> c.path("lastTransitionTime").asText())
                        .orElse(now);
        remove(status, type);
        ObjectNode condition = conditions(status).addObject();
        condition.put("type", type).put("status", value);
        if (!stamp.isEmpty()) {
            condition.put(stamp, now);
        }
        condition.put("lastTransitionTime", transition);
        condition.put("reason", reason).put("message", message);
    }

    static void remove(ObjectNode status, String type) {
        ArrayNode conditions = conditions(status);
        for (int i = conditions.size() - 1; i >= 0; i--) {
            if (conditions.get(i).path("type").asText().equals(type)) {
                conditions.remove(i);
            }
        }
        if (conditions.isEmpty()) {
            status.remove("conditions");
        }
    }

    private static ArrayNode conditions(ObjectNode status) {
        return status.path("conditions") instanceof ArrayNode array
                ? array
                : status.putArray("conditions");
    }
}
