package dev.kemudi.schema;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;

/** JSON written with single quotes, for tests. */
final class Trees {
    private Trees() {}

    static ObjectNode object(String json) {
        return (ObjectNode) node(json);
    }

    static JsonNode node(String json) {
        try {
            return Json.MAPPER.readTree(json.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(json, e);
        }
    }
}
