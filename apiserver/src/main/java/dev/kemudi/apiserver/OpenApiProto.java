package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Writes an OpenAPI v2 tree as gnostic's {@code openapi.v2.Document} protobuf, as far as kubectl
 * looks: schemas with their extensions, and which query parameters PATCH takes. Field numbers are
 * those of gnostic's OpenAPIv2.proto.
 */
final class OpenApiProto {
    private static final Map<String, Integer> SCHEMA_TEXTS =
            Map.of("$ref", 1, "format", 2, "title", 3, "description", 4, "pattern", 17);

    private OpenApiProto() {}

    /** One protobuf message being written: only the two wire types that are needed. */
    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        Message bytes(int field, byte[] value) {
            varint(field << 3 | 2);
            varint(value.length);
            out.writeBytes(value);
            return this;
        }

        Message text(int field, String value) {
            return value.isEmpty() ? this : bytes(field, value.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message value) {
            return bytes(field, value.out.toByteArray());
        }

        Message bool(int field, boolean value) {
            varint(field << 3);
            varint(value ? 1 : 0);
            return this;
        }

        private void varint(int value) {
            int rest = value;
            while ((rest & ~0x7f) != 0) {
                out.write(rest & 0x7f | 0x80);
                rest >>>= 7;
            }
            out.write(rest);
        }
    }

    static byte[] document(JsonNode document) {
        Message message = new Message();
        message.text(1, document.path("swagger").asText());
        JsonNode info = document.path("info");
        message.message(
                2,
                new Message()
                        .text(1, info.path("title").asText())
                        .text(2, info.path("version").asText()));
        Message paths = new Message();
        document.path("paths")
                .properties()
                .forEach(e -> {
                    Message item = new Message().message(8, operation(e.getValue().path("patch")));
                    paths.message(2, named(e.getKey(), item));
                });
        message.message(8, paths);
        message.message(9, schemas(document.path("definitions")));
        return message.out.toByteArray();
    }

    private static Message named(String name, Message value) {
        return new Message().text(1, name).message(2, value);
    }

    private static Message operation(JsonNode operation) {
        Message message = new Message();
        for (JsonNode parameter : operation.path("parameters")) {
            Message query =
                    new Message()
                            .text(2, parameter.path("in").asText())
                            .text(4, parameter.path("name").asText())
                            .text(6, parameter.path("type").asText());
            Message nonBody = new Message().message(3, query);
            message.message(8, new Message().message(1, new Message().message(2, nonBody)));
        }
        Message ok = new Message().message(1, new Message().text(1, "OK"));
        message.message(9, new Message().message(1, named("200", ok)));
        extensions(message, 13, operation);
        return message;
    }

    private static Message schemas(JsonNode named) {
        Message message = new Message();
        named.properties()
                .forEach(e -> message.message(1, named(e.getKey(), schema(e.getValue()))));
        return message;
    }

    private static Message schema(JsonNode schema) {
        Message message = new Message();
        SCHEMA_TEXTS.forEach((name, field) -> message.text(field, schema.path(name).asText("")));
        schema.path("required").forEach(r -> message.text(19, r.asText()));
        JsonNode additional = schema.path("additionalProperties");
        if (additional.isObject()) {
            message.message(21, new Message().message(1, schema(additional)));
        } else if (additional.isBoolean()) {
            message.message(21, new Message().bool(2, additional.asBoolean()));
        }
        if (schema.has("type")) {
            message.message(22, new Message().text(1, schema.path("type").asText()));
        }
        if (schema.path("items").isObject()) {
            message.message(23, new Message().message(1, schema(schema.path("items"))));
        }
        if (schema.path("properties").isObject()) {
            message.message(25, schemas(schema.path("properties")));
        }
        extensions(message, 31, schema);
        return message;
    }

    // an extension's value travels as YAML, and JSON is YAML
    private static void extensions(Message message, int field, JsonNode node) {
        node.properties()
                .forEach(e -> {
                    if (e.getKey().startsWith("x-")) {
                        message.message(
                                field,
                                named(e.getKey(), new Message().text(2, e.getValue().toString())));
                    }
                });
    }
}
