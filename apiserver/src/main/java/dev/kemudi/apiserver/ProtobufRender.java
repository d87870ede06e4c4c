package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import dev.kemudi.schema.ProtobufCodec;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Supplier;

/** Writes objects, lists and events as Kubernetes protobuf. Safe for use by many threads. */
final class ProtobufRender {
    private static final String PARTIAL = "PartialObjectMetadata";

    private final Supplier<ProtobufCodec> codec;

    ProtobufRender(Supplier<ProtobufCodec> codec) {
        this.codec = codec;
    }

    byte[] object(Kind kind, ApiObject object, Encoding encoding) {
        try {
            return codec.get().encode(shown(kind, object, encoding));
        } catch (IllegalArgumentException e) {
            throw unwritable(e);
        }
    }

    void list(OutputStream to, Kind kind, Reads.Page page, Encoding encoding) throws IOException {
        ObjectNode metadata = Json.MAPPER.createObjectNode();
        metadata.put("resourceVersion", Long.toString(page.revision()));
        if (!page.continueToken().isEmpty()) {
            metadata.put("continue", page.continueToken());
            if (page.remaining() > 0) {
                metadata.put("remainingItemCount", page.remaining());
            }
        }
        boolean full = encoding.view() == Encoding.View.FULL;
        Iterable<ObjectNode> items =
                () -> page.items().stream().map(o -> shown(kind, o, encoding)).iterator();
        try {
            codec.get()
                    .encodeList(
                            to,
                            apiVersion(kind, encoding),
                            full ? kind.listKind() : PARTIAL + "List",
                            metadata,
                            items);
        } catch (IllegalArgumentException e) {
            throw unwritable(e);
        }
    }

    byte[] event(Kind kind, Notice notice, Encoding encoding) {
        return event(notice.type().name(), shown(kind, notice.object(), encoding));
    }

    byte[] bookmark(Kind kind, Encoding encoding, long revision, boolean initialEventsEnd) {
        boolean full = encoding.view() == Encoding.View.FULL;
        ObjectNode object = Json.MAPPER.createObjectNode();
        object.put("apiVersion", apiVersion(kind, encoding));
        object.put("kind", full ? kind.resource().kind() : PARTIAL);
        ObjectNode metadata = object.putObject("metadata");
        metadata.put("resourceVersion", Long.toString(revision));
        if (initialEventsEnd) {
            metadata.putObject("annotations").put("k8s.io/initial-events-end", "true");
        }
        return event("BOOKMARK", object);
    }

    private byte[] event(String type, ObjectNode object) {
        try {
            return codec.get().encodeEvent(type, object);
        } catch (IllegalArgumentException e) {
            throw unwritable(e);
        }
    }

    private static String apiVersion(Kind kind, Encoding encoding) {
        return encoding.view() == Encoding.View.FULL
                ? kind.resource().apiVersion()
                : "meta.k8s.io/" + encoding.metaVersion();
    }

    private static ObjectNode shown(Kind kind, ApiObject object, Encoding encoding) {
        if (encoding.view() == Encoding.View.FULL) {
            return kind.view(object).tree();
        }
        ObjectNode part = Json.MAPPER.createObjectNode();
        part.put("apiVersion", apiVersion(kind, encoding)).put("kind", PARTIAL);
        part.set("metadata", object.tree().path("metadata"));
        return part;
    }

    /** Somebody wrote under our keys through the etcd API what no schema has. */
    private static ApiException unwritable(IllegalArgumentException e) {
        return new ApiException(
                Status.of(
                        500,
                        "InternalError",
                        "the object cannot be written as protobuf, ask for JSON: "
                                + e.getMessage()));
    }
}
