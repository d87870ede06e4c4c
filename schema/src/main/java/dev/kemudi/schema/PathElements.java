package dev.kemudi.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Path elements in their FieldsV1 spelling: {@code f:name}, {@code k:{"key":value}} with keys
 * sorted, {@code v:value}, {@code i:index}. As text they compare and hash without regard to how a
 * number was parsed.
 */
final class PathElements {
    private PathElements() {}

    static String field(String name) {
        return "f:" + name;
    }

    static String key(ObjectNode key) {
        return "k:" + sorted(key);
    }

    static String value(JsonNode value) {
        return "v:" + value;
    }

    static boolean isField(String element) {
        return element.startsWith("f:");
    }

    /** Brings an element from outside into the one spelling that we compare. */
    static String canonical(String element) {
        if (element.length() < 2
                || element.charAt(1) != ':'
                || "fkvi".indexOf(element.charAt(0)) < 0) {
            throw new IllegalArgumentException(
                    "fieldsV1: expected an element that starts with f:, k:, v: or i:, found \""
                            + element
                            + "\"");
        }
        return switch (element.charAt(0)) {
            case 'k' -> {
                if (!(json(element) instanceof ObjectNode key)) {
                    throw new IllegalArgumentException(
                            "fieldsV1: expected k: and an object, found " + element);
                }
                yield key(key);
            }
            case 'v' -> value(json(element));
            default -> element;
        };
    }

    /** The element as messages show it. */
    static String readable(String element) {
        String rest = element.substring(2);
        return switch (element.charAt(0)) {
            case 'k' ->
                    json(element).properties().stream()
                            .map(e -> e.getKey() + "=" + e.getValue())
                            .collect(Collectors.joining(",", "[", "]"));
            case 'v' -> "[=" + rest + "]";
            case 'i' -> "[" + rest + "]";
            default -> "." + rest;
        };
    }

    private static JsonNode json(String element) {
        try {
            return Json.MAPPER.readTree(element.substring(2));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "fieldsV1: not JSON after the prefix: " + element, e);
        }
    }

    private static ObjectNode sorted(ObjectNode key) {
        TreeSet<String> names = new TreeSet<>();
        key.fieldNames().forEachRemaining(names::add);
        ObjectNode sorted = JsonNodeFactory.instance.objectNode();
        names.forEach(name -> sorted.set(name, key.get(name)));
        return sorted;
    }
}
