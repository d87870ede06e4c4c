package dev.kemudi.apiserver;

import dev.kemudi.api.Resource;
import dev.kemudi.schema.ProtobufCodec;

/**
 * How objects go over the wire.
 *
 * @param resource the version they are shown in
 * @param include for tables: {@code Metadata}, {@code Object} or {@code None}
 */
record Encoding(Resource resource, Format format, View view, String metaVersion, String include) {
    /** What is shown of an object. */
    enum View {
        FULL,
        TABLE,
        PARTIAL
    }

    /** In what form. Tables are JSON only, watches JSON or protobuf. */
    enum Format {
        JSON("application/json"),
        YAML("application/yaml"),
        PROTOBUF(ProtobufCodec.MEDIA_TYPE);

        private final String mediaType;

        Format(String mediaType) {
            this.mediaType = mediaType;
        }

        String mediaType() {
            return mediaType;
        }
    }

    boolean yaml() {
        return format == Format.YAML;
    }

    boolean protobuf() {
        return format == Format.PROTOBUF;
    }

    String contentType() {
        String as =
                switch (view) {
                    case FULL -> "";
                    case TABLE -> ";as=Table;v=" + metaVersion + ";g=meta.k8s.io";
                    case PARTIAL -> ";as=PartialObjectMetadata;v=" + metaVersion + ";g=meta.k8s.io";
                };
        return format.mediaType + (yaml() ? "" : as);
    }

    /** As {@link #contentType}, of a stream of events. */
    String watchType() {
        return protobuf() ? contentType() + ";stream=watch" : contentType();
    }
}
