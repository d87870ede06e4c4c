package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Columns that several kinds share, and the small formats inside cells. */
final class Columns {
    static final String NONE = "<none>";
    static final String UNSET = "<unset>";
    private static final String LIST_SEPARATOR = ",";

    static final Column NAME =
            new Column(
                    "Name",
                    "string",
                    "name",
                    "The object's name, unique in its namespace.",
                    0,
                    (o, _) -> o.name());
    static final Column AGE =
            new Column(
                    "Age",
                    "string",
                    "",
                    "The time since the object was created.",
                    0,
                    (o, now) -> Age.since(o.at("/metadata/creationTimestamp"), now));

    private Columns() {}

    static Column text(String name, String description, Function<ApiObject, Object> cell) {
        return new Column(name, "string", "", description, 0, (o, _) -> cell.apply(o));
    }

    static Column wide(String name, String description, Function<ApiObject, Object> cell) {
        return new Column(name, "string", "", description, 1, (o, _) -> cell.apply(o));
    }

    static Column integer(String name, String description, Function<ApiObject, Object> cell) {
        return new Column(name, "integer", "", description, 0, (o, _) -> cell.apply(o));
    }

    static Column timed(
            String name,
            int priority,
            String description,
            BiFunction<ApiObject, Instant, Object> cell) {
        return new Column(name, "string", "", description, priority, cell);
    }

    /** Containers, images and selector of a kind with a pod template, for {@code -o wide}. */
    static List<Column> ofTemplate() {
        return ofTemplate("/spec/template", "/spec/selector");
    }

    /**
     * @param template where the pod template stands
     * @param selector where its selector stands
     */
    static List<Column> ofTemplate(String template, String selector) {
        String containers = template + "/spec/containers";
        return List.of(
                wide(
                        "Containers",
                        "Names of each container in the template.",
                        o -> members(o.at(containers), "name")),
                wide(
                        "Images",
                        "Images referenced by each container in the template.",
                        o -> members(o.at(containers), "image")),
                wide(
                        "Selector",
                        "Selects the pods that belong to this object.",
                        o -> selector(o.at(selector))));
    }

    /** The text member {@code name} of each item, joined with commas. */
    static String members(JsonNode items, String name) {
        List<String> texts = new ArrayList<>();
        items.forEach(item -> texts.add(item.path(name).asText("")));
        return String.join(LIST_SEPARATOR, texts);
    }

    /**
     * A label selector as kubectl writes it: {@code app=web,tier in (a,b),!old}, or {@link #NONE}.
     */
    static String selector(JsonNode selector) {
        TreeMap<String, String> terms = new TreeMap<>();
        selector.path("matchLabels")
                .properties()
                .forEach(
                        e -> terms.put(e.getKey() + " ", e.getKey() + "=" + e.getValue().asText()));
        int i = 0;
        for (JsonNode expression : selector.path("matchExpressions")) {
            // Sorted by key; several expressions on one key stay in their order.
            terms.put(expression.path("key").asText() + " " + i++, term(expression));
        }
        return terms.isEmpty() ? NONE : String.join(LIST_SEPARATOR, terms.values());
    }

    private static String term(JsonNode expression) {
        String key = expression.path("key").asText();
        List<String> values = new ArrayList<>();
        expression.path("values").forEach(v -> values.add(v.asText()));
        Collections.sort(values);
        String set = " (" + String.join(LIST_SEPARATOR, values) + ")";
        return switch (expression.path("operator").asText()) {
            case "In" -> key + " in" + set;
            case "NotIn" -> key + " notin" + set;
            case "Exists" -> key;
            case "DoesNotExist" -> "!" + key;
            default -> key + " " + expression.path("operator").asText() + set;
        };
    }

    /** {@code a=b,c=d} of a plain map, sorted by key, or {@link #NONE}. */
    static String map(JsonNode map) {
        List<String> terms = new ArrayList<>();
        map.properties().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(e -> terms.add(e.getKey() + "=" + e.getValue().asText()));
        return terms.isEmpty() ? NONE : String.join(LIST_SEPARATOR, terms);
    }

    /**
     * The first of {@code all}, and how many more there are; {@link #NONE} when there is none.
     *
     * @param more how to say so, with {@code %d} for their number
     */
    static String shortened(List<String> all, int shownMax, String more) {
        if (all.isEmpty()) {
            return NONE;
        }
        return all.size() <= shownMax
                ? String.join(LIST_SEPARATOR, all)
                : String.join(LIST_SEPARATOR, all.subList(0, shownMax))
                        + more.formatted(all.size() - shownMax);
    }

    static String orNone(String text) {
        return text.isEmpty() ? NONE : text;
    }
}
