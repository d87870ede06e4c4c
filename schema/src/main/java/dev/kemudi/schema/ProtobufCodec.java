package dev.kemudi.schema;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import dev.kemudi.api.Json;
import io.kubernetes.client.proto.Runtime;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

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

    private final Limits limits;
    private final ProtobufMapping mapping;

    public ProtobufCodec(BuiltinSchemas schemas, Limits limits) {
        this.limits = limits;
        this.mapping = new ProtobufMapping(schemas);
    }

    /** Whether {@link #decode} and {@link #encode} know this kind. */
    public boolean knows(String apiVersion, String kind) {
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
        Descriptor descriptor =
                ProtobufTypes.of(apiVersion, kind)
                        .orElseThrow(() ->
                                new IllegalArgumentException(
                                        "no protobuf schema for kind \""
                                                + kind
                                                + "\" in version \""
                                                + apiVersion
                                                + "\"; send JSON"));
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
        Optional<Descriptor> descriptor = ProtobufTypes.of(apiVersion, kind);
        if (descriptor.isEmpty()) {
            throw new IllegalArgumentException(
                    "no protobuf schema for kind \""
                            + kind
                            + "\" in version \""
                            + apiVersion
                            + "\"");
        }
        DynamicMessage envelope =
                DynamicMessage.newBuilder(types.type)
                        .setField(
                                types.typeMeta,
                                DynamicMessage.newBuilder(types.typeMeta.getMessageType())
                                        .setField(types.apiVersion, apiVersion)
                                        .setField(types.kind, kind)
                                        .build())
                        .setField(
                                types.raw,
                                mapping.toMessage(object, descriptor.get()).toByteString())
                        .setField(types.contentType, "")
                        .build();
        byte[] bytes = Arrays.copyOf(MAGIC, MAGIC.length + envelope.getSerializedSize());
        envelope.toByteString().copyTo(bytes, MAGIC.length);
        return bytes;
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
