package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.kemudi.api.Quantity;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a container asks for and may use at most. */
final class ResourceRules {
    private static final Set<String> STANDARD = Set.of("cpu", "memory", "ephemeral-storage");
    static final String QUANTITY_RULE =
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    private ResourceRules() {}

    static void check(JsonNode resources, String field, Problems problems) {
        JsonNode limits = resources.path("limits");
        amounts(limits, field + ".limits", problems);
        amounts(resources.path("requests"), field + ".requests", problems);
        for (Map.Entry<String, JsonNode> request : resources.path("requests").properties()) {
            Optional<Quantity> wanted = quantity(request.getValue());
            Optional<Quantity> limit = quantity(limits.path(request.getKey()));
            if (wanted.isPresent()
                    && limit.isPresent()
                    && wanted.get().compareTo(limit.get()) > 0) {
                problems.invalid(
                        field + ".requests",
                        wanted.get().toString(),
                        "must be less than or equal to "
                                + request.getKey()
                                + " limit of "
                                + limit.get());
            }
        }
    }

    private static void amounts(JsonNode amounts, String field, Problems problems) {
        for (Map.Entry<String, JsonNode> amount : amounts.properties()) {
            String name = amount.getKey();
            amount(name, amount.getValue(), field + "[" + name + "]", problems);
        }
    }

    static void amount(String name, JsonNode amount, String at, Problems problems) {
        if (!STANDARD.contains(name) && !name.startsWith("hugepages-") && name.indexOf('/') < 0) {
            problems.invalid(at, name, "must be a standard resource for containers");
        }
        Optional<Quantity> quantity = quantity(amount);
        if (quantity.isEmpty()) {
            problems.invalid(at, amount.asText(), QUANTITY_RULE);
        } else if (quantity.get().signum() < 0) {
            problems.invalid(at, quantity.get().toString(), "must be greater than or equal to 0");
        }
    }

    /**
     * Writes amounts the way the API shows them: {@code 0.5} is {@code "500m"}, {@code 1} is {@code
     * "1"}.
     */
    static void canonicalise(ObjectNode resources) {
        for (String side : List.of("limits", "requests")) {
            if (resources.path(side) instanceof ObjectNode amounts) {
                for (String name : amounts.properties().stream().map(Map.Entry::getKey).toList()) {
                    quantity(amounts.path(name))
                            .ifPresent(q -> amounts.set(name, TextNode.valueOf(q.toString())));
                }
            }
        }
    }

    /** Empty for what is absent or no quantity. */
    static Optional<Quantity> quantity(JsonNode amount) {
        if (!amount.isValueNode() || amount.isNull()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Quantity.parse(amount.asText()));
        } catch (IllegalArgumentException _) {
            return Optional.empty(); // an answer here: the rules above say what is wrong with it
        }
    }
}
