package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Seeded random objects of the built-in kinds, from their own schemas. No zeros and nothing empty:
 * protobuf cannot tell those from what is absent.
 */
final class BuiltinObjects {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String REF_PREFIX = "#/components/schemas/";
    private static final int DEPTH_MAX = 9;

    private final BuiltinSchemas schemas;
    private final Random random;
    private final int words;
    private final Map<String, JsonNode> definitions = new HashMap<>();

    BuiltinObjects(BuiltinSchemas schemas, Random random) {
        this(schemas, random, 1 << 20);
    }

    /**
     * @param words how many different words and numbers there are: with few, objects have elements
     *     and values in common
     */
    BuiltinObjects(BuiltinSchemas schemas, Random random, int words) {
        this.schemas = schemas;
        this.random = random;
        this.words = words;
    }

    ObjectNode object(String apiVersion, String kind) {
        String definition = schemas.definitionName(apiVersion, kind).orElseThrow();
        ObjectNode object = NODES.objectNode().put("apiVersion", apiVersion).put("kind", kind);
        JsonNode members = value(definition(definition), 0);
        members.properties()
                .forEach(e -> {
                    if (!e.getKey().equals("apiVersion") && !e.getKey().equals("kind")) {
                        object.set(e.getKey(), e.getValue());
                    }
                });
        return object;
    }

    JsonNode definition(String name) {
        return definitions.computeIfAbsent(
                name, n -> schemas.components(List.of(n)).path("schemas").path(n));
    }

    private JsonNode value(JsonNode schema, int depth) {
        JsonNode ref = schema.has("allOf") ? schema.at("/allOf/0/$ref") : schema.path("$ref");
        if (ref.isTextual()) {
            String name = ref.asText().substring(REF_PREFIX.length());
            return switch (name) {
                case BuiltinSchemas.INT_OR_STRING ->
                        random.nextBoolean() ? NODES.numberNode(number()) : NODES.textNode(word());
                case BuiltinSchemas.QUANTITY -> NODES.textNode(number() + "Mi");
                default -> value(definition(name), depth);
            };
        }
        return switch (schema.path("type").asText()) {
            case "object" -> members(schema, depth);
            case "array" -> elements(schema, depth);
            case "string" -> NODES.textNode(text(schema.path("format").asText()));
            case "integer" -> NODES.numberNode(number());
            case "number" -> NODES.numberNode(number() + 0.5);
            case "boolean" -> NODES.booleanNode(true);
            default -> NODES.objectNode().put("type", word()); // anything, and a schema too
        };
    }

    /** One to three, no two with the same key. */
    private ArrayNode elements(JsonNode schema, int depth) {
        Set<String> keys =
                new LinkedHashSet<>(Schema.texts(schema.path("x-kubernetes-list-map-keys")));
        String mergeKey = schema.path("x-kubernetes-patch-merge-key").asText(String.join("", keys));
        if (schema.has("x-kubernetes-patch-merge-key")) {
            keys.add(mergeKey);
        }
        boolean scalars = !resolved(schema.path("items")).path("type").asText().equals("object");
        Set<JsonNode> seen = new HashSet<>();
        ArrayNode elements = NODES.arrayNode();
        for (int i = random.nextInt(3); i >= 0; i--) {
            JsonNode element = value(schema.path("items"), depth + 1);
            if (element instanceof ObjectNode object) {
                JsonNode members = resolved(schema.path("items")).path("properties");
                keys.forEach(key -> object.set(key, value(members.path(key), depth + 1)));
            }
            if (seen.add(
                    mergeKey.isEmpty() && !scalars
                            ? NODES.numberNode(i)
                            : key(element, mergeKey))) {
                elements.add(element);
            }
        }
        return elements;
    }

    private static JsonNode key(JsonNode element, String mergeKey) {
        return element.isObject() ? element.path(mergeKey) : element;
    }

    /** {@code schema}, or the definition that it refers to. */
    JsonNode resolved(JsonNode schema) {
        JsonNode ref = schema.has("allOf") ? schema.at("/allOf/0/$ref") : schema.path("$ref");
        return ref.isTextual() ? definition(ref.asText().substring(REF_PREFIX.length())) : schema;
    }

    private ObjectNode members(JsonNode schema, int depth) {
        ObjectNode object = NODES.objectNode();
        if (schema.path("additionalProperties").isObject()) {
            object.set(word(), value(schema.path("additionalProperties"), depth + 1));
            object.set(word(), value(schema.path("additionalProperties"), depth + 1));
        }
        schema.path("properties")
                .properties()
                .forEach(e -> {
                    if (depth < DEPTH_MAX
                            && !ofNestedObject(schema, e.getKey(), depth)
                            && random.nextInt(3) != 0
                            && !recursive(e.getKey(), depth)) {
                        boolean presence = e.getKey().equals("status") && !e.getValue().has("type");
                        object.set(
                                e.getKey(),
                                presence && !e.getValue().has("$ref")
                                        ? NODES.objectNode()
                                        : value(e.getValue(), depth + 1));
                    }
                });
        return object;
    }

    /** What an object within an object is goes without saying in protobuf. */
    private static boolean ofNestedObject(JsonNode schema, String member, int depth) {
        JsonNode members = schema.path("properties");
        return depth > 0
                && (member.equals("apiVersion") || member.equals("kind"))
                && (members.has("metadata") || members.has("gracePeriodSeconds"));
    }

    /** A schema holds schemas under a dozen names; one level of them is enough. */
    private static boolean recursive(String member, int depth) {
        return depth > 5
                && switch (member) {
                    case "allOf",
                            "anyOf",
                            "oneOf",
                            "not",
                            "definitions",
                            "properties",
                            "patternProperties" ->
                            true;
                    default -> false;
                };
    }

    private int number() {
        return 1 + random.nextInt(Math.min(words, 1 << (1 + random.nextInt(29))));
    }

    private String word() {
        return "wörd-" + Integer.toString(random.nextInt(words), 36);
    }

    private String text(String format) {
        return switch (format) {
            case "date-time" ->
                    "2026-01-%02dT00:00:%02dZ".formatted(1 + random.nextInt(28), number() % 60);
            case "byte" ->
                    ProtobufMapping.base64(com.google.protobuf.ByteString.copyFromUtf8(word()));
            default -> word();
        };
    }
}
