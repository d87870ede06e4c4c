package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/*
 * The v2 document in protobuf
 * ---------------------------
 * kubectl up to 1.27 asks for OpenAPI v2 in the message format that gnostic defines
 * (openapiv2/OpenAPIv2.proto). No Java artifact carries it, and only a corner of it is ever used, so it is
 * written by hand here: field numbers stand beside the words that they are for. Maps are repeated (name = 1,
 * value = 2) messages; vendor extensions carry their value as YAML text, for which JSON serves.
 */
/** Writes OpenAPI v2 JSON as gnostic's protobuf message {@code openapi.v2.Document}. */
final class OpenApiV2Protobuf {
    private OpenApiV2Protobuf() {}

    /** Writes the fields of one message. */
    private interface Fields {
        void write(CodedOutputStream out) throws IOException;
    }

    static byte[] encode(JsonNode document) {
        return message(out -> {
            text(out, 1, document.path("swagger"));
            out.writeByteArray(
                    2,
                    message(info -> {
                        text(info, 1, document.at("/info/title"));
                        text(info, 2, document.at("/info/version"));
                    }));
            out.writeByteArray(
                    8,
                    message(paths -> {
                        for (Map.Entry<String, JsonNode> e : document.path("paths").properties()) {
                            named(paths, 2, e.getKey(), pathItem(e.getValue()));
                        }
                    }));
            out.writeByteArray(
                    9, message(definitions -> schemas(definitions, document.path("definitions"))));
        });
    }

    private static byte[] message(Fields fields) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            CodedOutputStream out = CodedOutputStream.newInstance(bytes);
            fields.write(out);
            out.flush();
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
    }

    private static void named(CodedOutputStream out, int field, String name, byte[] value)
            throws IOException {
        out.writeByteArray(
                field,
                message(entry -> {
                    entry.writeString(1, name);
                    entry.writeByteArray(2, value);
                }));
    }

    private static void text(CodedOutputStream out, int field, JsonNode value) throws IOException {
        if (value.isTextual() && !value.textValue().isEmpty()) {
            out.writeString(field, value.textValue());
        }
    }

    private static void texts(CodedOutputStream out, int field, JsonNode values)
            throws IOException {
        for (JsonNode value : values) {
            out.writeString(field, value.asText());
        }
    }

    private static void flag(CodedOutputStream out, int field, JsonNode value) throws IOException {
        if (value.asBoolean(false)) {
            out.writeBool(field, true);
        }
    }

    private static void whole(CodedOutputStream out, int field, JsonNode value) throws IOException {
        if (value.isNumber()) {
            out.writeInt64(field, value.longValue());
        }
    }

    private static void number(CodedOutputStream out, int field, JsonNode value)
            throws IOException {
        if (value.isNumber()) {
            out.writeDouble(field, value.doubleValue());
        }
    }

    private static void any(CodedOutputStream out, int field, JsonNode value) throws IOException {
        if (!value.isMissingNode()) {
            out.writeByteArray(field, message(any -> any.writeString(2, value.toString())));
        }
    }

    private static void extensions(CodedOutputStream out, int field, JsonNode node)
            throws IOException {
        for (Map.Entry<String, JsonNode> e : node.properties()) {
            if (e.getKey().startsWith("x-")) {
                named(
                        out,
                        field,
                        e.getKey(),
                        message(any -> any.writeString(2, e.getValue().toString())));
            }
        }
    }

    private static byte[] pathItem(JsonNode path) {
        return message(out -> {
            operation(out, 2, path.path("get"));
            operation(out, 3, path.path("put"));
            operation(out, 4, path.path("post"));
            operation(out, 5, path.path("delete"));
            operation(out, 8, path.path("patch"));
            for (JsonNode parameter : path.path("parameters")) {
                out.writeByteArray(9, parameter(parameter));
            }
        });
    }

    private static void operation(CodedOutputStream out, int field, JsonNode operation)
            throws IOException {
        if (operation.isMissingNode()) {
            return;
        }
        out.writeByteArray(
                field,
                message(op -> {
                    texts(op, 6, operation.path("produces"));
                    texts(op, 7, operation.path("consumes"));
                    for (JsonNode parameter : operation.path("parameters")) {
                        op.writeByteArray(8, parameter(parameter));
                    }
                    op.writeByteArray(
                            9,
                            message(responses -> {
                                for (Map.Entry<String, JsonNode> e :
                                        operation.path("responses").properties()) {
                                    named(responses, 1, e.getKey(), response(e.getValue()));
                                }
                            }));
                    extensions(op, 13, operation);
                }));
    }

    private static byte[] response(JsonNode response) {
        byte[] body =
                message(out -> {
                    text(out, 1, response.path("description"));
                    out.writeByteArray(
                            2,
                            message(item ->
                                    item.writeByteArray(1, schema(response.path("schema")))));
                });
        return message(out -> out.writeByteArray(1, body));
    }

    /** ParametersItem.parameter → Parameter.body_parameter or .non_body_parameter. */
    private static byte[] parameter(JsonNode parameter) {
        byte[] variant =
                switch (parameter.path("in").asText()) {
                    case "body" -> message(p -> p.writeByteArray(1, bodyParameter(parameter)));
                    case "query" ->
                            message(p ->
                                    p.writeByteArray(
                                            2,
                                            message(n -> n.writeByteArray(3, query(parameter)))));
                    default ->
                            message(p ->
                                    p.writeByteArray(
                                            2,
                                            message(n -> n.writeByteArray(4, inPath(parameter)))));
                };
        return message(item -> item.writeByteArray(1, variant));
    }

    private static byte[] bodyParameter(JsonNode parameter) {
        return message(out -> {
            text(out, 2, parameter.path("name"));
            text(out, 3, parameter.path("in"));
            flag(out, 4, parameter.path("required"));
            out.writeByteArray(5, schema(parameter.path("schema")));
        });
    }

    private static byte[] query(JsonNode parameter) {
        return message(out -> {
            start(out, parameter);
            text(out, 6, parameter.path("type"));
            flag(out, 20, parameter.path("uniqueItems"));
        });
    }

    private static byte[] inPath(JsonNode parameter) {
        return message(out -> {
            start(out, parameter);
            text(out, 5, parameter.path("type"));
            flag(out, 19, parameter.path("uniqueItems"));
        });
    }

    private static void start(CodedOutputStream out, JsonNode parameter) throws IOException {
        flag(out, 1, parameter.path("required"));
        text(out, 2, parameter.path("in"));
        text(out, 3, parameter.path("description"));
        text(out, 4, parameter.path("name"));
    }

    private static void schemas(CodedOutputStream out, JsonNode schemas) throws IOException {
        for (Map.Entry<String, JsonNode> e : schemas.properties()) {
            named(out, 1, e.getKey(), schema(e.getValue()));
        }
    }

    private static byte[] schema(JsonNode s) {
        return message(out -> {
            text(out, 1, s.path("$ref"));
            text(out, 2, s.path("format"));
            text(out, 4, s.path("description"));
            any(out, 5, s.path("default"));
            number(out, 6, s.path("multipleOf"));
            number(out, 7, s.path("maximum"));
            number(out, 9, s.path("minimum"));
            whole(out, 11, s.path("maxLength"));
            whole(out, 12, s.path("minLength"));
            text(out, 13, s.path("pattern"));
            whole(out, 14, s.path("maxItems"));
            whole(out, 15, s.path("minItems"));
            texts(out, 19, s.path("required"));
            for (JsonNode value : s.path("enum")) {
                any(out, 20, value);
            }
            JsonNode additional = s.path("additionalProperties");
            if (additional.isObject()) {
                out.writeByteArray(21, message(item -> item.writeByteArray(1, schema(additional))));
            }
            if (s.path("type").isTextual()) {
                out.writeByteArray(
                        22, message(type -> type.writeString(1, s.path("type").textValue())));
            }
            if (s.path("items").isObject()) {
                out.writeByteArray(
                        23, message(items -> items.writeByteArray(1, schema(s.path("items")))));
            }
            if (s.path("properties").isObject()) {
                out.writeByteArray(
                        25, message(properties -> schemas(properties, s.path("properties"))));
            }
            extensions(out, 31, s);
        });
    }
}
