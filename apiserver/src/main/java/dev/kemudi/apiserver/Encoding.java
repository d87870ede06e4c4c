package dev.kemudi.apiserver;

import dev.kemudi.api.Resource;

/**
 * How objects go over the wire.
 *
 * @param resource the version they are shown in
 * @param yaml block YAML instead of JSON (never for watches)
 * @param include for tables: {@code Metadata}, {@code Object} or {@code None}
 */
record Encoding(Resource resource, View view, String metaVersion, boolean yaml, String include) {
    /** What is shown of an object. */
    enum View {
        FULL,
        TABLE,
        PARTIAL
    }

    String contentType() {
        if (yaml) {
            return "application/yaml";
        }
        return switch (view) {
            case FULL -> "application/json";
            case TABLE -> "application/json;as=Table;v=" + metaVersion + ";g=meta.k8s.io";
            case PARTIAL ->
                    "application/json;as=PartialObjectMetadata;v=" + metaVersion + ";g=meta.k8s.io";
        };
    }
}
