package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** Sets members only where the user left them out; JSON null counts as left out. */
final class Fill {
    private Fill() {}

    static boolean absent(ObjectNode node, String name) {
        JsonNode value = node.get(name);
        return value == null || value.isNull();
    }

    static void text(ObjectNode node, String name, String value) {
        if (absent(node, name)
                || node.path(name).isTextual() && node.path(name).asText().isEmpty()) {
            node.put(name, value);
        }
    }

    static void number(ObjectNode node, String name, int value) {
        if (absent(node, name)) {
            node.put(name, value);
        }
    }

    /** For members whose zero means "left out", as protobuf clients send it. */
    static void positive(ObjectNode node, String name, int value) {
        if (absent(node, name) || (node.path(name).isNumber() && node.path(name).asLong() == 0)) {
            node.put(name, value);
        }
    }

    static void bool(ObjectNode node, String name, boolean value) {
        if (absent(node, name)) {
            node.put(name, value);
        }
    }

    static void node(ObjectNode node, String name, JsonNode value) {
        if (absent(node, name)) {
            node.set(name, value);
        }
    }

    /**
     * The object at {@code name}, made when it is left out; a detached one when something else
     * stands there.
     */
    static ObjectNode object(ObjectNode node, String name) {
        if (absent(node, name)) {
            return node.putObject(name);
        }
        return node.path(name) instanceof ObjectNode object ? object : node.objectNode();
    }

    /**
     * The array at {@code name}, made when it is left out; a detached one when something else
     * stands there.
     */
    static ArrayNode array(ObjectNode node, String name) {
        if (absent(node, name)) {
            return node.putArray(name);
        }
        return node.path(name) instanceof ArrayNode array ? array : node.arrayNode();
    }

    /** The objects among the items of the array at {@code name}. */
    static List<ObjectNode> items(JsonNode node, String name) {
        List<ObjectNode> items = new ArrayList<>();
        for (JsonNode item : node.path(name)) {
            if (item instanceof ObjectNode object) {
                items.add(object);
            }
        }
        return items;
    }
}
