package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/*
 * How messages and trees correspond
 * ---------------------------------
 * Field by field under the same name, with these exceptions:
 *   inlined      a message field that the kind's schema does not list is embedded in Go: its members stand in
 *                the parent (a Volume's volumeSource, a Probe's handler). The schema decides, so there is no
 *                list of such fields.
 *   wrappers     messages that stand for a scalar, a list or raw JSON: see ProtobufScalars
 *   renamed      JSONSchemaProps' $ref, $schema and x-kubernetes-…
 *   zeros        see kept-zeros.txt; required fields keep theirs
 */
/** Protobuf messages of the built-in kinds to and from JSON trees. Safe for use by many threads. */
final class ProtobufMapping {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final BuiltinSchemas schemas;
    private final Set<String> keptZeros = readKeptZeros();

    ProtobufMapping(BuiltinSchemas schemas) {
        this.schemas = schemas;
    }

    ObjectNode toTree(Message message) {
        ObjectNode tree = NODES.objectNode();
        addTo(tree, message, schema(message.getDescriptorForType()));
        return tree;
    }

    private Optional<Schema> schema(Descriptor descriptor) {
        return schemas.byDefinition(definitionName(descriptor));
    }

    private static String definitionName(Descriptor descriptor) {
        return descriptor.getFullName().replaceFirst("^k8s\\.io\\.", "io.k8s.").replace('_', '-');
    }

    private void addTo(ObjectNode tree, Message message, Optional<Schema> schema) {
        message.getAllFields()
                .forEach((field, value) -> {
                    String name = jsonName(field, schema);
                    if (inlined(field, name, schema)) {
                        addTo(tree, (Message) value, schema);
                    } else if (field.isMapField()) {
                        tree.set(name, map((List<?>) value));
                    } else if (field.isRepeated()) {
                        ArrayNode array = tree.putArray(name);
                        ((List<?>) value).forEach(element -> array.add(value(field, element)));
                    } else if (keeps(field, name, value, schema)) {
                        JsonNode node = value(field, value);
                        if (!node.isMissingNode()) {
                            tree.set(name, node);
                        }
                    }
                });
    }

    private ObjectNode map(List<?> entries) {
        ObjectNode map = NODES.objectNode();
        for (Object entry : entries) {
            Message pair = (Message) entry;
            FieldDescriptor key = pair.getDescriptorForType().findFieldByNumber(1);
            FieldDescriptor value = pair.getDescriptorForType().findFieldByNumber(2);
            map.set(pair.getField(key).toString(), value(value, pair.getField(value)));
        }
        return map;
    }

    private JsonNode value(FieldDescriptor field, Object value) {
        if (field.getJavaType() != JavaType.MESSAGE) {
            return ProtobufScalars.toNode(field, value);
        }
        Message message = (Message) value;
        return ProtobufScalars.unwrapped(message, this).orElseGet(() -> toTree(message));
    }

    private boolean keeps(
            FieldDescriptor field, String name, Object value, Optional<Schema> schema) {
        if (field.getJavaType() == JavaType.MESSAGE || !value.equals(zero(field))) {
            return true;
        }
        return schema.map(s -> s.resolved().required.contains(name)).orElse(false)
                || keptZeros.contains(field.getName())
                || keptZeros.contains(field.getContainingType().getName() + "." + field.getName());
    }

    private static Object zero(FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case INT -> 0;
            case LONG -> 0L;
            case FLOAT -> 0f;
            case DOUBLE -> 0d;
            case BOOLEAN -> false;
            case STRING -> "";
            case BYTE_STRING -> ByteString.EMPTY;
            case ENUM, MESSAGE ->
                    throw new IllegalStateException("not a scalar: " + field.getFullName());
        };
    }

    private static boolean inlined(FieldDescriptor field, String name, Optional<Schema> schema) {
        return field.getJavaType() == JavaType.MESSAGE
                && !field.isRepeated()
                && schema.isPresent()
                && !schema.get().properties().containsKey(name);
    }

    private static String jsonName(FieldDescriptor field, Optional<Schema> schema) {
        String name = field.getName();
        if (schema.isEmpty() || schema.get().properties().containsKey(name)) {
            return name;
        }
        if (name.startsWith("xKubernetes")) {
            return name.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
        }
        return schema.get().properties().containsKey("$" + name) ? "$" + name : name;
    }

    DynamicMessage toMessage(JsonNode tree, Descriptor descriptor) {
        return toMessage(tree, descriptor, schema(descriptor));
    }

    private DynamicMessage toMessage(
            JsonNode tree, Descriptor descriptor, Optional<Schema> schema) {
        if (!tree.isObject()) {
            throw new IllegalArgumentException(
                    "expected an object for "
                            + descriptor.getName()
                            + ", found: "
                            + tree.getNodeType());
        }
        DynamicMessage.Builder message = DynamicMessage.newBuilder(descriptor);
        for (FieldDescriptor field : descriptor.getFields()) {
            String name = jsonName(field, schema);
            JsonNode value = tree.path(name);
            if (inlined(field, name, schema)) {
                DynamicMessage embedded =
                        toMessage(tree, field.getMessageType(), schemaOfInlined(field, schema));
                if (!embedded.getAllFields().isEmpty()) {
                    message.setField(field, embedded);
                }
            } else if (!value.isMissingNode() && !value.isNull()) {
                put(message, field, value);
            }
        }
        return message.build();
    }

    /**
     * An inlined message's own members are listed by the schema of the message that it is inlined
     * into.
     */
    private static Optional<Schema> schemaOfInlined(
            FieldDescriptor field, Optional<Schema> parent) {
        return field.getMessageType().getFields().isEmpty() ? Optional.empty() : parent;
    }

    private void put(DynamicMessage.Builder message, FieldDescriptor field, JsonNode value) {
        if (field.isMapField()) {
            Descriptor entry = field.getMessageType();
            value.properties()
                    .forEach(e ->
                            message.addRepeatedField(
                                    field,
                                    DynamicMessage.newBuilder(entry)
                                            .setField(entry.findFieldByNumber(1), e.getKey())
                                            .setField(
                                                    entry.findFieldByNumber(2),
                                                    fieldValue(
                                                            entry.findFieldByNumber(2),
                                                            e.getValue()))
                                            .build()));
        } else if (field.isRepeated()) {
            value.forEach(element -> message.addRepeatedField(field, fieldValue(field, element)));
        } else {
            message.setField(field, fieldValue(field, value));
        }
    }

    private Object fieldValue(FieldDescriptor field, JsonNode value) {
        if (field.getJavaType() != JavaType.MESSAGE) {
            return ProtobufScalars.fromNode(field, value);
        }
        Descriptor type = field.getMessageType();
        return ProtobufScalars.wrapped(value, type, this).orElseGet(() -> toMessage(value, type));
    }

    private static Set<String> readKeptZeros() {
        try (InputStream in = ProtobufMapping.class.getResourceAsStream("kept-zeros.txt")) {
            if (in == null) {
                throw new IllegalStateException("kept-zeros.txt is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .flatMap(line -> List.of(line.split("\\s+")).stream())
                    .collect(Collectors.toUnmodifiableSet());
        } catch (IOException e) {
            throw new UncheckedIOException("kept-zeros.txt cannot be read", e);
        }
    }

    static String base64(ByteString bytes) {
        return Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
