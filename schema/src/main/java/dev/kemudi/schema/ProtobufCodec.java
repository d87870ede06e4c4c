package dev.kemudi.schema;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.WireFormat;
import dev.kemudi.api.Json;
import io.kubernetes.client.proto.Runtime;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Built-in kinds between Kubernetes' protobuf wire format and JSON trees. Descriptors of an API
 * group load when that group is first asked for. Safe for use by many threads; nothing blocks.
 *
 * <p>Source: Kubernetes API concepts, "Protobuf encoding": four magic bytes {@code k8s\0}, then
 * {@code runtime.Unknown} with the object's type and its bytes.
 */
public final class ProtobufCodec {
    public static final String MEDIA_TYPE = "application/vnd.kubernetes.protobuf";

    private static final byte[] MAGIC = {'k', '8', 's', 0};

    private final Envelope types =
            Envelope.of(
                    Runtime.getDescriptor().findMessageTypeByName("Unknown"),
                    Runtime.getDescriptor().findMessageTypeByName("TypeMeta"));

    // Field numbers of the messages around an object, which never change: runtime.Unknown,
    // runtime.TypeMeta,
    // every list, meta.v1.WatchEvent, runtime.RawExtension.
    private static final int UNKNOWN_TYPE_META = 1;
    private static final int UNKNOWN_RAW = 2;
    private static final int TYPE_META_API_VERSION = 1;
    private static final int TYPE_META_KIND = 2;
    private static final int LIST_METADATA = 1;
    private static final int LIST_ITEMS = 2;
    private static final int WATCH_EVENT_TYPE = 1;
    private static final int WATCH_EVENT_OBJECT = 2;
    private static final int RAW_EXTENSION_RAW = 1;

    private final Limits limits;
    private final ProtobufMapping mapping;
    private final ProtobufEncoder encoder;

    public ProtobufCodec(BuiltinSchemas schemas, Limits limits) {
        this.limits = limits;
        this.mapping = new ProtobufMapping(schemas);
        this.encoder = new ProtobufEncoder(schemas);
    }

    /** Whether {@link #decode} and {@link #encode} know this kind. */
    public static boolean knows(String apiVersion, String kind) {
        return ProtobufTypes.of(apiVersion, kind).isPresent();
    }

    /**
     * Reads one enveloped object. Fields come out as Go's JSON encoder would write them; {@code
     * apiVersion} and {@code kind} are those of the envelope.
     *
     * @throws IllegalArgumentException when the bytes are no envelope, name an unknown kind or are
     *     malformed
     */
    public ObjectNode decode(byte[] body) {
        if (body.length < MAGIC.length
                || !Arrays.equals(body, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
            throw new IllegalArgumentException(
                    "expected a Kubernetes protobuf body, which starts with the bytes 6b 38 73 00, found "
                            + body.length
                            + " bytes that do not");
        }
        try {
            // Descriptors only: the published generated classes are of an old make that protobuf
            // warns about.
            DynamicMessage envelope =
                    DynamicMessage.parseFrom(
                            types.type,
                            CodedInputStream.newInstance(
                                    body, MAGIC.length, body.length - MAGIC.length));
            Message typeMeta = (Message) envelope.getField(types.typeMeta);
            String apiVersion = (String) typeMeta.getField(types.apiVersion);
            String kind = (String) typeMeta.getField(types.kind);
            ByteString raw = (ByteString) envelope.getField(types.raw);
            String contentType = (String) envelope.getField(types.contentType);
            ObjectNode tree = JsonNodeFactory.instance.objectNode();
            tree.put("apiVersion", apiVersion).put("kind", kind);
            ObjectNode content =
                    contentType.startsWith("application/json")
                            ? json(raw)
                            : content(raw, apiVersion, kind);
            return tree.setAll((ObjectNode) content.without(List.of("apiVersion", "kind")));
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "malformed Kubernetes protobuf body: " + e.getMessage(), e);
        }
    }

    private ObjectNode content(ByteString raw, String apiVersion, String kind) throws IOException {
        Descriptor descriptor = descriptor(apiVersion, kind);
        CodedInputStream in = raw.newCodedInput();
        in.setRecursionLimit(limits.protobufDepthMax());
        return mapping.toTree(DynamicMessage.parseFrom(descriptor, in));
    }

    private static ObjectNode json(ByteString raw) {
        try {
            if (Json.MAPPER.readTree(raw.newInput()) instanceof ObjectNode object) {
                return object;
            }
            throw new IllegalArgumentException(
                    "the protobuf envelope holds JSON that is no object");
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "the protobuf envelope holds malformed JSON: " + e.getMessage(), e);
        }
    }

    /**
     * Writes one object with its envelope. Members that the kind's protobuf message does not have
     * are left out.
     *
     * @throws IllegalArgumentException when the kind is not known or a member has a type that its
     *     field cannot hold
     */
    public byte[] encode(ObjectNode object) {
        String apiVersion = object.path("apiVersion").asText();
        String kind = object.path("kind").asText();
        ProtobufWriter out = new ProtobufWriter();
        encoder.message(out, object, descriptor(apiVersion, kind));
        out.length(0);
        envelope(out, apiVersion, kind);
        return out.toByteArray();
    }

    /** Puts in front of {@code out}, which has the content and its length, what says what it is. */
    private static void envelope(ProtobufWriter out, String apiVersion, String kind) {
        out.tag(UNKNOWN_RAW, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        int before = out.size();
        ProtobufEncoder.string(out, TYPE_META_KIND, kind);
        ProtobufEncoder.string(out, TYPE_META_API_VERSION, apiVersion);
        out.length(before);
        out.tag(UNKNOWN_TYPE_META, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.bytes(MAGIC);
    }

    private static Descriptor descriptor(String apiVersion, String kind) {
        return ProtobufTypes.of(apiVersion, kind)
                .orElseThrow(() ->
                        new IllegalArgumentException(
                                "no protobuf schema for kind \""
                                        + kind
                                        + "\" in version \""
                                        + apiVersion
                                        + "\"; use JSON"));
    }

    /**
     * Writes a list with its envelope. Its length stands in front of it, so every item is encoded
     * twice, for its length and for its bytes: no more than one is held, whatever the list's size.
     *
     * @param metadata the list's own
     * @param items gone through twice, with the same objects
     * @throws IllegalArgumentException as {@link #encode}
     */
    public void encodeList(
            OutputStream to,
            String apiVersion,
            String listKind,
            ObjectNode metadata,
            Iterable<ObjectNode> items)
            throws IOException {
        Descriptor list = descriptor(apiVersion, listKind);
        Descriptor item = list.findFieldByNumber(LIST_ITEMS).getMessageType();
        ProtobufWriter writer = new ProtobufWriter();
        long bytes = 0;
        for (ObjectNode object : items) {
            bytes += item(writer, object, item).size();
        }
        writer.clear();
        encoder.message(writer, metadata, list.findFieldByNumber(LIST_METADATA).getMessageType());
        writer.length(0);
        writer.tag(LIST_METADATA, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        writer.varint(bytes + writer.size());
        envelope(writer, apiVersion, listKind);
        writer.writeTo(to);
        for (ObjectNode object : items) {
            item(writer, object, item).writeTo(to);
        }
    }

    private ProtobufWriter item(ProtobufWriter writer, ObjectNode object, Descriptor type) {
        writer.clear();
        encoder.message(writer, object, type);
        writer.length(0);
        writer.tag(LIST_ITEMS, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        return writer;
    }

    /**
     * One frame of a watch: four bytes of length, most significant first, then a {@code
     * meta.v1.WatchEvent} without an envelope around an object with one.
     */
    public byte[] encodeEvent(String type, ObjectNode object) {
        ProtobufWriter out = new ProtobufWriter();
        out.bytes(encode(object));
        out.length(0);
        out.tag(RAW_EXTENSION_RAW, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        out.length(0);
        out.tag(WATCH_EVENT_OBJECT, WireFormat.WIRETYPE_LENGTH_DELIMITED);
        ProtobufEncoder.string(out, WATCH_EVENT_TYPE, type);
        out.bytes(ByteBuffer.allocate(Integer.BYTES).putInt(out.size()).array());
        return out.toByteArray();
    }

    /** The envelope's fields. */
    private record Envelope(
            Descriptor type,
            FieldDescriptor typeMeta,
            FieldDescriptor apiVersion,
            FieldDescriptor kind,
            FieldDescriptor raw,
            FieldDescriptor contentType) {
        static Envelope of(Descriptor unknown, Descriptor typeMeta) {
            return new Envelope(
                    unknown,
                    unknown.findFieldByName("typeMeta"),
                    typeMeta.findFieldByName("apiVersion"),
                    typeMeta.findFieldByName("kind"),
                    unknown.findFieldByName("raw"),
                    unknown.findFieldByName("contentType"));
        }
    }
}
