package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
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
 *   renamed      JSONSchemaProps' $ref, $schema and x-kubernetes-…; a few that protobuf
 *                spells with other capitals (Webhooks, aPIGroup)
 *   zeros        see kept-zeros.txt; required fields keep theirs
 */
/**
 * Protobuf messages of the built-in kinds as JSON trees; {@link ProtobufEncoder} is the way back.
 * Safe for use by many threads.
 */
final class ProtobufMapping {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final BuiltinSchemas schemas;
    private final Set<String> keptZeros = readKeptZeros();

    ProtobufMapping(BuiltinSchemas schemas) {
        this.schemas = schemas;
    }

    ObjectNode toTree(Message message) {
        ObjectNode tree = NODES.objectNode();
        addTo(tree, message, schema(schemas, message.getDescriptorForType()));
        return tree;
    }

    /** The schema of the definition that {@code descriptor} is the message of, if it has one. */
    static Optional<Schema> schema(BuiltinSchemas schemas, Descriptor descriptor) {
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

    static boolean inlined(FieldDescriptor field, String name, Optional<Schema> schema) {
        return field.getJavaType() == JavaType.MESSAGE
                && !field.isRepeated()
                && schema.isPresent()
                && !schema.get().properties().containsKey(name);
    }

    static String jsonName(FieldDescriptor field, Optional<Schema> schema) {
        String name = field.getName();
        if (schema.isEmpty() || schema.get().properties().containsKey(name)) {
            return name;
        }
        if (name.startsWith("xKubernetes")) {
            return name.replaceAll("([A-Z])", "-$1").toLowerCase(java.util.Locale.ROOT);
        }
        return schema.get().properties().keySet().stream()
                .filter(member -> member.equals("$" + name) || member.equalsIgnoreCase(name))
                .findFirst()
                .orElse(name);
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
