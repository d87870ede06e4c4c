package dev.kemudi.apiserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/** Reads what clients send. Everything malformed becomes a 400 that says where. */
final class Bodies {
    private static final int ALIASES_MAX = 50;

    /** What aliases of a small body may add. */
    private static final int NODES_MIN = 10_000;

    private Bodies() {}

    static JsonNode json(byte[] body) {
        requireUtf8(body);
        try {
            JsonNode node = Json.MAPPER.readTree(body);
            if (node == null || node.isMissingNode()) {
                throw new ApiException(Status.badRequest("the request has no body"));
            }
            return node;
        } catch (JsonProcessingException e) {
            throw new ApiException(
                    Status.badRequest(
                            "the body is not valid JSON: "
                                    + e.getOriginalMessage()
                                    + (e.getLocation() == null
                                            ? ""
                                            : " (line "
                                                    + e.getLocation().getLineNr()
                                                    + ", column "
                                                    + e.getLocation().getColumnNr()
                                                    + ")")));
        } catch (IOException e) {
            throw new ApiException(Status.badRequest("the body cannot be read: " + e.getMessage()));
        }
    }

    // Jackson passes some ill-formed sequences; etcd's and kubectl's strings are UTF-8 and nothing
    // else.
    private static void requireUtf8(byte[] body) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
        } catch (CharacterCodingException e) {
            throw new ApiException(Status.badRequest("the body is not valid UTF-8"));
        }
    }

    /** YAML as its JSON equivalent. JSON is YAML, too. */
    static JsonNode yaml(byte[] body) {
        requireUtf8(body);
        LoadSettings settings =
                LoadSettings.builder()
                        .setAllowDuplicateKeys(false)
                        .setMaxAliasesForCollections(ALIASES_MAX)
                        .setAllowRecursiveKeys(false)
                        .setCodePointLimit(Math.max(1, body.length))
                        .build();
        Object loaded;
        try {
            loaded = new Load(settings).loadFromString(new String(body, StandardCharsets.UTF_8));
        } catch (YamlEngineException | StackOverflowError e) {
            throw new ApiException(
                    Status.badRequest("the body is not valid YAML: " + e.getMessage()));
        }
        return new Expansion(NODES_MIN + body.length).node(loaded, 0);
    }

    /**
     * What was loaded, as a tree. An alias stands for a copy, and copies of copies grow without
     * end: text without aliases makes no more nodes than it has bytes, and no text may make many
     * more.
     */
    private static final class Expansion {
        private static final JsonNodeFactory MAKE = JsonNodeFactory.instance;

        private int left;

        Expansion(int nodesMax) {
            left = nodesMax;
        }

        JsonNode node(Object value, int depth) {
            if (depth > Json.NESTING_MAX) {
                throw new ApiException(
                        Status.badRequest(
                                "the body is nested deeper than " + Json.NESTING_MAX + " levels"));
            }
            if (--left < 0) {
                throw new ApiException(
                        Status.badRequest("the aliases of the body stand for too much"));
            }
            return switch (value) {
                case null -> MAKE.nullNode();
                case Map<?, ?> map -> {
                    ObjectNode object = MAKE.objectNode();
                    map.forEach((k, v) -> object.set(String.valueOf(k), node(v, depth + 1)));
                    yield object;
                }
                case List<?> list -> {
                    ArrayNode array = MAKE.arrayNode();
                    list.forEach(v -> array.add(node(v, depth + 1)));
                    yield array;
                }
                case String text -> MAKE.textNode(text);
                case Boolean bool -> MAKE.booleanNode(bool);
                case Integer number -> MAKE.numberNode(number);
                case Long number -> MAKE.numberNode(number);
                case BigInteger number -> MAKE.numberNode(number);
                case Number number -> MAKE.numberNode(number.doubleValue());
                case byte[] bytes -> MAKE.binaryNode(bytes);
                default -> MAKE.textNode(value.toString());
            };
        }
    }

    /**
     * @throws ApiException 400 when it is no object, 415 when the format is not known
     */
    static ObjectNode object(byte[] body, String contentType) {
        String mediaType = mediaType(contentType);
        JsonNode node =
                switch (mediaType) {
                    case "", "application/json", "application/x-www-form-urlencoded" -> json(body);
                    case "application/yaml",
                            "application/apply-patch+yaml",
                            "text/yaml",
                            "application/x-yaml" ->
                            yaml(body);
                    default ->
                            throw new ApiException(
                                    Status.of(
                                            415,
                                            "UnsupportedMediaType",
                                            "the body of the request was in an unknown format - "
                                                    + "accepted media types include:"
                                                    + " application/json, application/yaml, "
                                                    + "application/vnd.kubernetes.protobuf"));
                };
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new ApiException(
                Status.badRequest("expected one object, found a JSON " + node.getNodeType()));
    }

    static String mediaType(String contentType) {
        int semicolon = contentType.indexOf(';');
        String type = semicolon < 0 ? contentType : contentType.substring(0, semicolon);
        return type.strip().toLowerCase(java.util.Locale.ROOT);
    }
}
