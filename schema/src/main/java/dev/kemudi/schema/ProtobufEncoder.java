package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.WireFormat;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * JSON trees as protobuf messages: the inverse of {@link ProtobufMapping}, without messages in
 * between. What a tree's member is in protobuf is worked out once for each message type. Safe for
 * use by many threads.
 */
final class ProtobufEncoder {
    /** How a field stands in the tree. */
    private enum Shape {
        SINGLE,
        LIST,
        MAP,
        INLINED
    }

    /**
     * @param name the tree's member; for inlined fields of no use
     * @param inlined the fields of an inlined message, last first
     */
    private record Field(FieldDescriptor field, String name, Shape shape, List<Field> inlined) {}

    private final BuiltinSchemas schemas;
    private final Map<Descriptor, List<Field>> plans = new ConcurrentHashMap<>();

    ProtobufEncoder(BuiltinSchemas schemas) {
        this.schemas = schemas;
    }

    /**
     * @throws IllegalArgumentException when a member has a type that its field cannot hold
     */
    void message(ProtobufWriter out, JsonNode tree, Descriptor type) {
        List<Field> plan = plans.get(type);
        if (plan == null) {
            plan = plan(type, ProtobufMapping.schema(schemas, type));
            plans.put(type, plan);
        }
        message(out, tree, type, plan);
    }

    private static List<Field> plan(Descriptor type, Optional<Schema> schema) {
        List<Field> plan = new ArrayList<>();
        for (FieldDescriptor field : type.getFields()) {
            String name = ProtobufMapping.jsonName(field, schema);
            if (ProtobufMapping.inlined(field, name, schema)) {
                // Its members are listed by the schema of the message that it is inlined into.
                plan.add(
                        new Field(
                                field, name, Shape.INLINED, plan(field.getMessageType(), schema)));
            } else {
                Shape shape =
                        field.isMapField()
                                ? Shape.MAP
                                : field.isRepeated() ? Shape.LIST : Shape.SINGLE;
                plan.add(new Field(field, name, shape, List.of()));
            }
        }
        plan.sort(Comparator.comparing((Field f) -> f.field().getNumber()).reversed());
        return List.copyOf(plan);
    }

    private void message(ProtobufWriter out, JsonNode tree, Descriptor type, List<Field> plan) {
        if (!tree.isObject()) {
            throw new IllegalArgumentException(
                    "expected an object for " + type.getName() + ", found: " + tree.getNodeType());
        }
        for (Field field : plan) {
            JsonNode value = tree.path(field.name());
            if (field.shape() == Shape.INLINED) {
                int before = out.size();
                message(out, tree, field.field().getMessageType(), field.inlined());
                if (out.size() > before) {
                    out.length(before);
                    tag(out, field.field());
                }
            } else if (!value.isMissingNode() && !value.isNull()) {
                put(out, field, value);
            }
        }
    }

    private void put(ProtobufWriter out, Field field, JsonNode value) {
        switch (field.shape()) {
            case MAP -> {
                List<Map.Entry<String, JsonNode>> entries = new ArrayList<>(value.properties());
                Collections.reverse(entries);
                entries.forEach(entry -> entry(out, field.field(), entry));
            }
            case LIST -> {
                for (int i = value.size() - 1; i >= 0; i--) {
                    tagged(out, field.field(), value.path(i));
                }
            }
            case SINGLE, INLINED -> tagged(out, field.field(), value);
        }
    }

    private void entry(ProtobufWriter out, FieldDescriptor map, Map.Entry<String, JsonNode> entry) {
        int before = out.size();
        Descriptor pair = map.getMessageType();
        if (!entry.getValue().isNull()) {
            tagged(out, pair.findFieldByNumber(2), entry.getValue());
        }
        text(out, entry.getKey());
        tag(out, pair.findFieldByNumber(1));
        out.length(before);
        tag(out, map);
    }

    private void tagged(ProtobufWriter out, FieldDescriptor field, JsonNode value) {
        if (field.getJavaType() == JavaType.MESSAGE) {
            int before = out.size();
            nested(out, value, field.getMessageType());
            out.length(before);
        } else {
            ProtobufScalars.requireFit(field, value);
            scalar(out, field, value);
        }
        tag(out, field);
    }

    private static void tag(ProtobufWriter out, FieldDescriptor field) {
        out.tag(field.getNumber(), field.getLiteType().getWireType());
    }

    private static void scalar(ProtobufWriter out, FieldDescriptor field, JsonNode value) {
        switch (field.getJavaType()) {
            case INT, LONG -> out.varint(value.longValue());
            case BOOLEAN -> out.varint(value.booleanValue() ? 1 : 0);
            case DOUBLE -> out.fixed(Double.doubleToRawLongBits(value.doubleValue()), Double.BYTES);
            case FLOAT -> out.fixed(Float.floatToRawIntBits(value.floatValue()), Float.BYTES);
            case STRING -> text(out, value.textValue());
            case BYTE_STRING -> {
                byte[] bytes = Base64.getDecoder().decode(value.textValue());
                out.bytes(bytes);
                out.varint(bytes.length);
            }
            case ENUM, MESSAGE ->
                    throw new IllegalStateException("not a scalar: " + field.getFullName());
        }
    }

    private static void text(ProtobufWriter out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.bytes(bytes);
        out.varint(bytes.length);
    }

    /** A message that is an object in JSON, or one of those that stand for something else. */
    private void nested(ProtobufWriter out, JsonNode value, Descriptor type) {
        switch (type.getName()) {
            case "Time", "MicroTime" -> {
                Instant time = ProtobufScalars.instant(value);
                number(out, 2, time.getNano());
                number(out, 1, time.getEpochSecond());
            }
            case "Quantity" -> string(out, 1, value.asText());
            case "IntOrString" -> {
                string(out, 3, value.isNumber() ? "" : value.asText());
                number(out, 2, value.isNumber() ? value.intValue() : 0);
                number(out, 1, value.isNumber() ? 0 : 1);
            }
            case "RawExtension", "JSON", "FieldsV1" -> string(out, 1, value.toString());
            case "JSONSchemaPropsOrBool" -> {
                orSchema(out, value, type);
                number(out, 1, value.asBoolean(true) ? 1 : 0);
            }
            case "JSONSchemaPropsOrArray", "JSONSchemaPropsOrStringArray" -> {
                elements(out, value, type.getFields().getLast());
                orSchema(out, value, type);
            }
            default -> {
                if (ProtobufScalars.listWrapper(type)) {
                    elements(out, value, type.getFields().getFirst());
                } else {
                    message(out, value, type);
                }
            }
        }
    }

    private void orSchema(ProtobufWriter out, JsonNode value, Descriptor type) {
        if (value.isObject()) {
            tagged(out, type.findFieldByName("schema"), value);
        }
    }

    private void elements(ProtobufWriter out, JsonNode value, FieldDescriptor field) {
        for (int i = value.isArray() ? value.size() - 1 : -1; i >= 0; i--) {
            tagged(out, field, value.path(i));
        }
    }

    private static void number(ProtobufWriter out, int fieldNumber, long value) {
        out.varint(value);
        out.tag(fieldNumber, WireFormat.WIRETYPE_VARINT);
    }

    static void string(ProtobufWriter out, int fieldNumber, String text) {
        text(out, text);
        out.tag(fieldNumber, WireFormat.WIRETYPE_LENGTH_DELIMITED);
    }
}
