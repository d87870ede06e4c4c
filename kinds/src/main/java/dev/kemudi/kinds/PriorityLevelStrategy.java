package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** PriorityLevelConfigurations: how much room a class of requests has, and who waits how. */
final class PriorityLevelStrategy implements Strategy {
    private static final String LIMITED = "Limited";
    private static final String QUEUING = "/spec/limited/limitResponse/queuing/";
    private static final Map<String, Integer> QUEUING_DEFAULTS =
            Map.of("queues", 64, "handSize", 8, "queueLengthLimit", 50);

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Type", "Whether there is a limit at all.", o -> o.text("/spec/type")),
                    Columns.text(
                            "NominalConcurrencyShares",
                            "Its share of all seats.",
                            o -> number(o, "/spec/limited/nominalConcurrencyShares")),
                    Columns.text("Queues", "How many queues.", o -> number(o, QUEUING + "queues")),
                    Columns.text(
                            "HandSize",
                            "Of how many queues a flow takes the shortest.",
                            o -> number(o, QUEUING + "handSize")),
                    Columns.text(
                            "QueueLengthLimit",
                            "How many may wait in one queue.",
                            o -> number(o, QUEUING + "queueLengthLimit")),
                    Columns.AGE);

    private static String number(ApiObject level, String pointer) {
        return Columns.orNone(level.text(pointer));
    }

    @Override
    public void applyDefaults(ObjectNode level) {
        ObjectNode spec = Fill.object(level, "spec");
        if (spec.path("type").asText().equals("Exempt")) {
            ObjectNode exempt = Fill.object(spec, "exempt");
            Fill.number(exempt, "nominalConcurrencyShares", 0);
            Fill.number(exempt, "lendablePercent", 0);
        } else if (spec.path("limited") instanceof ObjectNode limited) {
            Fill.number(limited, "nominalConcurrencyShares", 30);
            Fill.number(limited, "lendablePercent", 0);
            if (limited.path("limitResponse") instanceof ObjectNode response
                    && response.path("type").asText().equals("Queue")) {
                ObjectNode queuing = Fill.object(response, "queuing");
                QUEUING_DEFAULTS.forEach((name, value) -> Fill.positive(queuing, name, value));
            }
        }
    }

    @Override
    public List<Status.Cause> validate(ApiObject level, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode spec = level.at("/spec");
        String type = spec.path("type").asText("");
        if (type.isEmpty()) {
            problems.required("spec.type");
        }
        PodRules.oneOf(spec, "type", Set.of(LIMITED, "Exempt"), "spec", problems);
        JsonNode limited = spec.path("limited");
        if (type.equals(LIMITED) && !limited.isObject()) {
            problems.required("spec.limited", "must not be empty when type is Limited");
        }
        if (type.equals("Exempt") && limited.isObject()) {
            problems.forbidden("spec.limited", "must be nil if the type is not Limited");
        }
        if (limited.isObject()) {
            limited(limited, problems);
        }
        return problems.causes();
    }

    private static void limited(JsonNode limited, Problems problems) {
        String at = "spec.limited";
        if (limited.path("nominalConcurrencyShares").asLong(0) < 0) {
            problems.invalid(
                    at + ".nominalConcurrencyShares",
                    limited.path("nominalConcurrencyShares").asLong(),
                    "must be a non-negative integer");
        }
        long lendable = limited.path("lendablePercent").asLong(0);
        if (lendable < 0 || lendable > 100) {
            problems.invalid(
                    at + ".lendablePercent", lendable, "must be between 0 and 100, inclusive");
        }
        JsonNode response = limited.path("limitResponse");
        if (response.path("type").asText("").isEmpty()) {
            problems.required(at + ".limitResponse.type");
        }
        PodRules.oneOf(
                response, "type", Set.of("Queue", "Reject"), at + ".limitResponse", problems);
        JsonNode queuing = response.path("queuing");
        if (!queuing.isObject()) {
            return;
        }
        String queues = at + ".limitResponse.queuing.";
        QUEUING_DEFAULTS.keySet().stream()
                .sorted()
                .filter(name -> queuing.path(name).asLong() < 1)
                .forEach(name ->
                        problems.invalid(
                                queues + name, queuing.path(name).asLong(), "must be positive"));
        if (queuing.path("handSize").asLong() > queuing.path("queues").asLong()) {
            problems.invalid(
                    queues + "handSize",
                    queuing.path("handSize").asLong(),
                    "should not be greater than queues (%d)"
                            .formatted(queuing.path("queues").asLong()));
        }
    }
}
