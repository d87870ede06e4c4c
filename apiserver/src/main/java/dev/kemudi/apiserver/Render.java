package dev.kemudi.apiserver;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.kernel.TimeSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.common.FlowStyle;

/** Writes objects, lists and events in the form that was asked for. */
final class Render {
    private final TimeSource time;
    private final ProtobufRender protobuf;

    Render(TimeSource time, ProtobufRender protobuf) {
        this.time = time;
        this.protobuf = protobuf;
    }

    /** What a body writer does with a generator. */
    @FunctionalInterface
    interface Body {
        void write(JsonGenerator out) throws IOException;
    }

    static byte[] json(Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try {
            write(bytes, body);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    private static void write(OutputStream to, Body body) throws IOException {
        try (JsonGenerator out = Json.MAPPER.createGenerator(to)) {
            out.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            body.write(out);
        }
    }

    static byte[] tree(JsonNode tree) {
        return json(out -> Json.MAPPER.writeTree(out, tree));
    }

    byte[] object(Kind kind, ApiObject object, Encoding encoding) {
        if (encoding.yaml()) {
            return yaml(kind.view(object).tree());
        }
        if (encoding.protobuf()) {
            return protobuf.object(kind, object, encoding);
        }
        return json(out -> object(out, kind, object, encoding));
    }

    private void object(JsonGenerator out, Kind kind, ApiObject stored, Encoding encoding)
            throws IOException {
        ApiObject object = kind.conversion().isPresent() ? kind.view(stored) : stored;
        switch (encoding.view()) {
            case FULL -> Json.MAPPER.writeTree(out, kind.view(object).tree());
            case PARTIAL -> Tables.partial(out, object, encoding.metaVersion());
            case TABLE -> {
                out.writeStartObject();
                tableHead(out, kind, encoding, object.resourceVersion(), "", 0);
                out.writeArrayFieldStart("rows");
                Tables.row(out, kind, object, encoding, time.now());
                out.writeEndArray();
                out.writeEndObject();
            }
        }
    }

    private static void tableHead(
            JsonGenerator out,
            Kind kind,
            Encoding encoding,
            String version,
            String token,
            long remaining)
            throws IOException {
        out.writeStringField("kind", "Table");
        out.writeStringField("apiVersion", "meta.k8s.io/" + encoding.metaVersion());
        listMeta(out, version, token, remaining);
        Tables.definitions(out, kind);
    }

    private static void listMeta(JsonGenerator out, String version, String token, long remaining)
            throws IOException {
        out.writeObjectFieldStart("metadata");
        out.writeStringField("resourceVersion", version);
        if (!token.isEmpty()) {
            out.writeStringField("continue", token);
            if (remaining > 0) {
                out.writeNumberField("remainingItemCount", remaining);
            }
        }
        out.writeEndObject();
    }

    /** Streams a list: what is held in memory is one object's text, whatever the list's size. */
    void list(OutputStream to, Kind kind, Reads.Page page, Encoding encoding) throws IOException {
        if (encoding.yaml()) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            write(bytes, out -> list(out, kind, page, encoding));
            to.write(yaml(Json.MAPPER.readTree(bytes.toByteArray())));
            return;
        }
        if (encoding.protobuf()) {
            protobuf.list(to, kind, page, encoding);
            return;
        }
        write(to, out -> list(out, kind, page, encoding));
    }

    private void list(JsonGenerator out, Kind kind, Reads.Page page, Encoding encoding)
            throws IOException {
        String version = Long.toString(page.revision());
        out.writeStartObject();
        switch (encoding.view()) {
            case FULL -> {
                out.writeStringField("kind", kind.listKind());
                out.writeStringField("apiVersion", kind.resource().apiVersion());
                listMeta(out, version, page.continueToken(), page.remaining());
            }
            case PARTIAL -> {
                out.writeStringField("kind", "PartialObjectMetadataList");
                out.writeStringField("apiVersion", "meta.k8s.io/" + encoding.metaVersion());
                listMeta(out, version, page.continueToken(), page.remaining());
            }
            case TABLE ->
                    tableHead(out, kind, encoding, version, page.continueToken(), page.remaining());
        }
        out.writeArrayFieldStart(encoding.view() == Encoding.View.TABLE ? "rows" : "items");
        for (ApiObject object : page.items()) {
            if (encoding.view() == Encoding.View.TABLE) {
                Tables.row(out, kind, object, encoding, time.now());
            } else {
                object(out, kind, object, encoding);
            }
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    /** One event of a watch: a line of JSON, or a frame of protobuf. */
    byte[] event(Kind kind, Notice notice, Encoding encoding) {
        if (encoding.protobuf()) {
            return protobuf.event(kind, notice, encoding);
        }
        return line(
                json(out -> {
                    out.writeStartObject();
                    out.writeStringField("type", notice.type().name());
                    out.writeFieldName("object");
                    object(out, kind, notice.object(), encoding);
                    out.writeEndObject();
                }));
    }

    byte[] bookmark(Kind kind, Encoding encoding, long revision, boolean initialEventsEnd) {
        if (encoding.protobuf()) {
            return protobuf.bookmark(kind, encoding, revision, initialEventsEnd);
        }
        return line(
                json(out -> {
                    out.writeStartObject();
                    out.writeStringField("type", "BOOKMARK");
                    out.writeFieldName("object");
                    if (encoding.view() == Encoding.View.TABLE) {
                        out.writeStartObject();
                        tableHead(out, kind, encoding, Long.toString(revision), "", 0);
                        out.writeArrayFieldStart("rows");
                        out.writeStartObject();
                        out.writeArrayFieldStart("cells");
                        out.writeEndArray();
                        out.writeFieldName("object");
                    }
                    bookmarked(out, kind, encoding, revision, initialEventsEnd);
                    if (encoding.view() == Encoding.View.TABLE) {
                        out.writeEndObject();
                        out.writeEndArray();
                        out.writeEndObject();
                    }
                    out.writeEndObject();
                }));
    }

    private static void bookmarked(
            JsonGenerator out,
            Kind kind,
            Encoding encoding,
            long revision,
            boolean initialEventsEnd)
            throws IOException {
        boolean full = encoding.view() == Encoding.View.FULL;
        out.writeStartObject();
        out.writeStringField("kind", full ? kind.resource().kind() : "PartialObjectMetadata");
        out.writeStringField(
                "apiVersion",
                full ? kind.resource().apiVersion() : "meta.k8s.io/" + encoding.metaVersion());
        out.writeObjectFieldStart("metadata");
        out.writeStringField("resourceVersion", Long.toString(revision));
        out.writeNullField("creationTimestamp");
        if (initialEventsEnd) {
            out.writeObjectFieldStart("annotations");
            out.writeStringField("k8s.io/initial-events-end", "true");
            out.writeEndObject();
        }
        out.writeEndObject();
        out.writeEndObject();
    }

    static byte[] error(dev.kemudi.api.Status status) {
        return line(
                json(out -> {
                    out.writeStartObject();
                    out.writeStringField("type", "ERROR");
                    out.writeFieldName("object");
                    Json.MAPPER.writeTree(out, status.toTree());
                    out.writeEndObject();
                }));
    }

    private static byte[] line(byte[] json) {
        byte[] line = java.util.Arrays.copyOf(json, json.length + 1);
        line[json.length] = '\n';
        return line;
    }

    static byte[] yaml(JsonNode tree) {
        DumpSettings settings =
                DumpSettings.builder()
                        .setDefaultFlowStyle(FlowStyle.BLOCK)
                        .setWidth(Integer.MAX_VALUE)
                        .build();
        return new Dump(settings).dumpToString(plain(tree)).getBytes(StandardCharsets.UTF_8);
    }

    private static @org.jspecify.annotations.Nullable Object plain(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> {
                Map<String, @org.jspecify.annotations.Nullable Object> map = new LinkedHashMap<>();
                node.properties().forEach(e -> map.put(e.getKey(), plain(e.getValue())));
                yield map;
            }
            case ARRAY -> {
                List<@org.jspecify.annotations.Nullable Object> list = new java.util.ArrayList<>();
                node.forEach(item -> list.add(plain(item)));
                yield list;
            }
            case BOOLEAN -> node.asBoolean();
            case NUMBER -> node.numberValue();
            case NULL, MISSING -> null;
            default -> node.asText();
        };
    }
}
