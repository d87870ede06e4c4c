package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.api.Strategy;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** LimitRanges: bounds and defaults of what one container, pod or claim may ask for. */
final class LimitRangeStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    new Column(
                            "Created At",
                            "date",
                            "",
                            "When the limits were created.",
                            0,
                            (o, _) -> o.text("/metadata/creationTimestamp")));

    private static final String CONTAINER = "Container";

    /**
     * What is left out follows from what is said: limits from maxima, requests from limits and
     * minima.
     */
    @Override
    public void applyDefaults(ObjectNode object) {
        for (ObjectNode item : Fill.items(object.path("spec"), "limits")) {
            if (item.path("type").asText().equals(CONTAINER)) {
                ObjectNode limits = Fill.object(item, "default");
                ObjectNode requests = Fill.object(item, "defaultRequest");
                fill(limits, item.path("max"));
                fill(requests, limits);
                fill(requests, item.path("min"));
                dropEmpty(item, "default");
                dropEmpty(item, "defaultRequest");
            }
        }
    }

    private static void fill(ObjectNode into, JsonNode from) {
        from.properties().forEach(e -> Fill.node(into, e.getKey(), e.getValue()));
    }

    private static void dropEmpty(ObjectNode item, String name) {
        if (item.path(name).isEmpty()) {
            item.remove(name);
        }
    }

    @Override
    public List<Cause> validate(ApiObject object, Optional<ApiObject> old) {
        Problems problems = new Problems();
        Set<String> types = new HashSet<>();
        JsonNode items = object.at("/spec/limits");
        for (int i = 0; i < items.size(); i++) {
            JsonNode item = items.get(i);
            String field = "spec.limits[" + i + "]";
            String type = item.path("type").asText("");
            if (!types.add(type)) {
                problems.duplicate(field + ".type", type);
            }
            if (type.equals("Pod")) {
                forbidden(item, "default", field, problems);
                forbidden(item, "defaultRequest", field, problems);
            }
            order(item, field, problems);
        }
        return problems.causes();
    }

    private static void forbidden(JsonNode item, String name, String field, Problems problems) {
        if (!item.path(name).isEmpty()) {
            problems.forbidden(field + "." + name, "may not be specified when `type` is 'Pod'");
        }
    }

    /** min ≤ defaultRequest ≤ default ≤ max, of each resource as far as they are said. */
    private static void order(JsonNode item, String field, Problems problems) {
        atMost(item, "min", "max", field, problems);
        atMost(item, "min", "defaultRequest", field, problems);
        atMost(item, "defaultRequest", "max", field, problems);
        atMost(item, "defaultRequest", "default", field, problems);
        atMost(item, "min", "default", field, problems);
        atMost(item, "default", "max", field, problems);
        for (Map.Entry<String, JsonNode> ratio : item.path("maxLimitRequestRatio").properties()) {
            ResourceRules.quantity(ratio.getValue())
                    .filter(q -> q.compareTo(Quantity.of(1)) < 0)
                    .ifPresent(q ->
                            problems.invalid(
                                    field + ".maxLimitRequestRatio[" + ratio.getKey() + "]",
                                    q.toString(),
                                    "ratio " + q + " is less than 1"));
        }
    }

    private static void atMost(
            JsonNode item, String low, String high, String field, Problems problems) {
        for (Map.Entry<String, JsonNode> entry : item.path(low).properties()) {
            Optional<Quantity> least = ResourceRules.quantity(entry.getValue());
            Optional<Quantity> most = ResourceRules.quantity(item.path(high).path(entry.getKey()));
            if (least.isPresent() && most.isPresent() && least.get().compareTo(most.get()) > 0) {
                problems.invalid(
                        field + "." + low + "[" + entry.getKey() + "]",
                        least.get().toString(),
                        "%s value %s is greater than %s value %s"
                                .formatted(words(low), least.get(), words(high), most.get()));
            }
        }
    }

    private static String words(String field) {
        return field.equals("defaultRequest") ? "default request" : field;
    }
}
