package dev.kemudi.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** Where a container stands, as {@code containerStatuses[].state} shows it. */
sealed interface ContainerState {
    record Waiting(String reason, String message) implements ContainerState {}

    record Running(Instant startedAt) implements ContainerState {}

    record Terminated(
            int exitCode,
            String reason,
            String message,
            Instant startedAt,
            Instant finishedAt,
            String containerId)
            implements ContainerState {}

    default ObjectNode toTree() {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        switch (this) {
            case Waiting(String reason, String message) -> {
                ObjectNode waiting = tree.putObject("waiting").put("reason", reason);
                if (!message.isEmpty()) {
                    waiting.put("message", message);
                }
            }
            case Running(Instant startedAt) ->
                    tree.putObject("running").put("startedAt", seconds(startedAt));
            case Terminated t -> {
                ObjectNode terminated = tree.putObject("terminated").put("exitCode", t.exitCode);
                terminated.put("reason", t.reason);
                if (!t.message.isEmpty()) {
                    terminated.put("message", t.message);
                }
                terminated.put("startedAt", seconds(t.startedAt));
                terminated.put("finishedAt", seconds(t.finishedAt));
                if (!t.containerId.isEmpty()) {
                    terminated.put("containerID", t.containerId);
                }
            }
        }
        return tree;
    }

    /** Reads the terminated state out of {@code state} or {@code lastState}. */
    static Optional<Terminated> terminated(JsonNode state) {
        JsonNode t = state.path("terminated");
        if (!t.isObject()) {
            return Optional.empty();
        }
        return Optional.of(
                new Terminated(
                        t.path("exitCode").asInt(),
                        t.path("reason").asText(),
                        t.path("message").asText(""),
                        instant(t.path("startedAt")),
                        instant(t.path("finishedAt")),
                        t.path("containerID").asText("")));
    }

    static Instant instant(JsonNode text) {
        try {
            return Instant.parse(text.asText());
        } catch (java.time.format.DateTimeParseException _) {
            return Instant.EPOCH; // absent, or written by something else
        }
    }

    static String seconds(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
