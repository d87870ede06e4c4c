package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Message;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Scalars, and the messages that JSON writes as something else than an object. */
final class ProtobufScalars {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'Z'").withZone(ZoneOffset.UTC);

    private static final Set<String> LIST_WRAPPERS = Set.of("ExtraValue", "Verbs");

    private ProtobufScalars() {}

    static JsonNode toNode(FieldDescriptor field, Object value) {
        return switch (field.getJavaType()) {
            case INT -> NODES.numberNode((Integer) value);
            case LONG -> integer((Long) value);
            case FLOAT -> NODES.numberNode((Float) value);
            case DOUBLE -> NODES.numberNode((Double) value);
            case BOOLEAN -> NODES.booleanNode((Boolean) value);
            case STRING -> NODES.textNode((String) value);
            case BYTE_STRING -> NODES.textNode(ProtobufMapping.base64((ByteString) value));
            case ENUM, MESSAGE ->
                    throw new IllegalStateException("not a scalar: " + field.getFullName());
        };
    }

    /** As Jackson parses it, so that trees from both formats are equal. */
    private static JsonNode integer(long value) {
        return (int) value == value ? NODES.numberNode((int) value) : NODES.numberNode(value);
    }

    /**
     * @throws IllegalArgumentException when {@code value} is nothing that {@code field} can hold
     */
    static void requireFit(FieldDescriptor field, JsonNode value) {
        JavaType type = field.getJavaType();
        boolean fits =
                switch (type) {
                    case INT -> value.canConvertToInt() && value.isIntegralNumber();
                    case LONG -> value.canConvertToLong() && value.isIntegralNumber();
                    case FLOAT, DOUBLE -> value.isNumber();
                    case BOOLEAN -> value.isBoolean();
                    case STRING, BYTE_STRING -> value.isTextual();
                    case ENUM, MESSAGE -> false;
                };
        if (!fits) {
            throw new IllegalArgumentException(
                    "field " + field.getFullName() + " cannot hold " + value);
        }
    }

    /**
     * What JSON writes for a message that is no JSON object; empty for all others; a missing node
     * for an unset time.
     */
    static Optional<JsonNode> unwrapped(Message message, ProtobufMapping mapping) {
        Descriptor type = message.getDescriptorForType();
        return switch (type.getName()) {
            case "Time" -> Optional.of(time(message, SECONDS));
            case "MicroTime" -> Optional.of(time(message, MICROS));
            case "Quantity" -> Optional.of(NODES.textNode((String) get(message, "string")));
            case "IntOrString" ->
                    Optional.of(
                            (Long) get(message, "type") == 0
                                    ? NODES.numberNode((Integer) get(message, "intVal"))
                                    : NODES.textNode((String) get(message, "strVal")));
            case "RawExtension", "JSON", "FieldsV1" -> Optional.of(rawJson(message));
            case "JSONSchemaPropsOrBool" ->
                    Optional.of(
                            has(message, "schema")
                                    ? mapping.toTree((Message) get(message, "schema"))
                                    : NODES.booleanNode((Boolean) get(message, "allows")));
            case "JSONSchemaPropsOrArray", "JSONSchemaPropsOrStringArray" ->
                    Optional.of(
                            has(message, "schema")
                                    ? mapping.toTree((Message) get(message, "schema"))
                                    : list(message, type.getFields().getLast(), mapping));
            default ->
                    listWrapper(type)
                            ? Optional.of(list(message, type.getFields().getFirst(), mapping))
                            : Optional.empty();
        };
    }

    /**
     * A message that only gives a repeated field a type name. By name: a DownwardAPIProjection has
     * nothing but items either, and is an object.
     */
    static boolean listWrapper(Descriptor type) {
        return LIST_WRAPPERS.contains(type.getName());
    }

    private static JsonNode list(Message message, FieldDescriptor field, ProtobufMapping mapping) {
        ArrayNode list = NODES.arrayNode();
        for (Object element : (List<?>) message.getField(field)) {
            list.add(element instanceof Message m ? mapping.toTree(m) : toNode(field, element));
        }
        return list;
    }

    private static JsonNode time(Message message, DateTimeFormatter format) {
        long seconds = (Long) get(message, "seconds");
        int nanos = (Integer) get(message, "nanos");
        if (seconds == 0 && nanos == 0) {
            return MissingNode.getInstance();
        }
        try {
            return NODES.textNode(format.format(Instant.ofEpochSecond(seconds, nanos)));
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(
                    "time out of range: " + seconds + " seconds since 1970", e);
        }
    }

    private static JsonNode rawJson(Message message) {
        ByteString raw =
                (ByteString) message.getField(message.getDescriptorForType().findFieldByNumber(1));
        if (raw.isEmpty()) {
            return NODES.nullNode();
        }
        try {
            return Json.MAPPER.readTree(raw.newInput());
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    message.getDescriptorForType().getName()
                            + " holds malformed JSON: "
                            + e.getMessage(),
                    e);
        }
    }

    private static Object get(Message message, String field) {
        return message.getField(message.getDescriptorForType().findFieldByName(field));
    }

    private static boolean has(Message message, String field) {
        return message.hasField(message.getDescriptorForType().findFieldByName(field));
    }

    static Instant instant(JsonNode value) {
        try {
            return OffsetDateTime.parse(value.asText()).toInstant();
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("expected an RFC 3339 time, found: " + value, e);
        }
    }
}
