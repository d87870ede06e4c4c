package dev.kemudi.apiserver;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.ResourceDefinition.Column;
import java.io.IOException;
import java.time.Instant;

/** The table view of objects: what {@code kubectl get} prints. */
final class Tables {
    private static final String NAME_DESCRIPTION =
            "Name must be unique within a namespace. Is required when creating resources.";

    private Tables() {}

    static void definitions(JsonGenerator out, Kind kind) throws IOException {
        out.writeArrayFieldStart("columnDefinitions");
        if (!namesItself(kind)) {
            definition(out, "Name", "string", "name", NAME_DESCRIPTION, 0);
        }
        for (Column column : kind.definition().columns()) {
            definition(
                    out,
                    column.name(),
                    column.type(),
                    column.format(),
                    column.description(),
                    column.priority());
        }
        out.writeEndArray();
    }

    private static boolean namesItself(Kind kind) {
        return kind.definition().columns().stream()
                .anyMatch(c -> c.name().equals("Name") && c.format().equals("name"));
    }

    private static void definition(
            JsonGenerator out,
            String name,
            String type,
            String format,
            String description,
            int priority)
            throws IOException {
        out.writeStartObject();
        out.writeStringField("name", name);
        // a date is shown as an age, and an age is text
        out.writeStringField("type", type.equals("date") ? "string" : type);
        out.writeStringField("format", format);
        out.writeStringField("description", description);
        out.writeNumberField("priority", priority);
        out.writeEndObject();
    }

    static void row(JsonGenerator out, Kind kind, ApiObject object, Encoding encoding, Instant now)
            throws IOException {
        out.writeStartObject();
        out.writeArrayFieldStart("cells");
        if (!namesItself(kind)) {
            out.writeString(object.name());
        }
        ApiObject shown = kind.view(object);
        for (Column column : kind.definition().columns()) {
            out.writePOJO(column.value().apply(shown, now));
        }
        out.writeEndArray();
        switch (encoding.include()) {
            case "None" -> {}
            case "Object" -> {
                out.writeFieldName("object");
                Json.MAPPER.writeTree(out, shown.tree());
            }
            default -> {
                out.writeFieldName("object");
                partial(out, object, encoding.metaVersion());
            }
        }
        out.writeEndObject();
    }

    static void partial(JsonGenerator out, ApiObject object, String metaVersion)
            throws IOException {
        out.writeStartObject();
        out.writeStringField("kind", "PartialObjectMetadata");
        out.writeStringField("apiVersion", "meta.k8s.io/" + metaVersion);
        out.writeFieldName("metadata");
        Json.MAPPER.writeTree(out, object.tree().path("metadata"));
        out.writeEndObject();
    }
}
