package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.schema.BuiltinSchemas;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;

/** Built-in definitions and all that they refer to. */
final class Definitions {
    private static final String REF_PREFIX = "#/components/schemas/";

    private Definitions() {}

    /** Fresh trees by name, in the order of names. */
    static Map<String, ObjectNode> closure(BuiltinSchemas schemas, Collection<String> roots) {
        Map<String, ObjectNode> reached = new TreeMap<>();
        Deque<String> open = new ArrayDeque<>(roots);
        while (!open.isEmpty()) {
            String name = open.pop();
            if (!reached.containsKey(name)) {
                ObjectNode definition = schemas.openApi(name);
                reached.put(name, definition);
                references(definition, open);
            }
        }
        return reached;
    }

    // JSONSchemaProps has a property that is called $ref: only text refers to something
    private static void references(JsonNode node, Deque<String> open) {
        JsonNode ref = node.path("$ref");
        if (ref.isTextual() && ref.asText().startsWith(REF_PREFIX)) {
            open.push(ref.asText().substring(REF_PREFIX.length()));
        }
        node.forEach(child -> references(child, open));
    }
}
