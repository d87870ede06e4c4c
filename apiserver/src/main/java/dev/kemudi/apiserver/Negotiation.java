package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.apiserver.Encoding.Format;
import dev.kemudi.apiserver.Encoding.View;
import dev.kemudi.schema.ProtobufCodec;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Chooses how to answer from an {@code Accept} header: what the client likes best of what is
 * served.
 */
final class Negotiation {
    private Negotiation() {}

    /** One alternative of an Accept header. */
    record Alternative(String mediaType, Map<String, String> parameters) {
        static Alternative parse(String text) {
            String[] parts = text.split(";");
            Map<String, String> parameters = new HashMap<>();
            for (int i = 1; i < parts.length; i++) {
                int equals = parts[i].indexOf('=');
                if (equals > 0) {
                    parameters.put(
                            parts[i].substring(0, equals).strip(),
                            parts[i].substring(equals + 1).strip());
                }
            }
            return new Alternative(parts[0].strip().toLowerCase(Locale.ROOT), parameters);
        }

        /** From 0, which means never, to 1. */
        double quality() {
            try {
                return Math.clamp(Double.parseDouble(parameters.getOrDefault("q", "1")), 0, 1);
            } catch (NumberFormatException _) {
                return 1; // an alternative that is badly weighed is still one
            }
        }

        String parameter(String name) {
            return parameters.getOrDefault(name, "");
        }
    }

    /**
     * What the client likes best of what there is: by {@code q}, and as it listed them.
     *
     * @throws ApiException 406 when no alternative is served
     */
    static Encoding encoding(Exchange exchange, Resource resource) {
        String accept = exchange.header("Accept").orElse("*/*");
        String asked = exchange.params().text("includeObject");
        String include = asked.isEmpty() ? "Metadata" : asked;
        return Arrays.stream(accept.split(","))
                .map(Alternative::parse)
                .filter(alternative -> alternative.quality() > 0)
                .sorted(Comparator.comparingDouble(Alternative::quality).reversed())
                .flatMap(alternative -> served(alternative, resource, include).stream())
                .findFirst()
                .orElseThrow(() -> notAcceptable(resource));
    }

    private static Optional<Encoding> served(
            Alternative alternative, Resource resource, String include) {
        Optional<Format> format =
                switch (alternative.mediaType()) {
                    case "application/json", "application/*", "*/*", "" -> Optional.of(Format.JSON);
                    case "application/yaml" -> Optional.of(Format.YAML);
                    case ProtobufCodec.MEDIA_TYPE -> Optional.of(Format.PROTOBUF);
                    default -> Optional.empty();
                };
        return format.flatMap(f -> served(f, alternative, resource, include));
    }

    private static Optional<Encoding> served(
            Format format, Alternative alternative, Resource resource, String include) {
        String version = alternative.parameter("v");
        boolean protobuf = format == Format.PROTOBUF;
        return switch (alternative.parameter("as")) {
            case "" ->
                    protobuf && !ProtobufCodec.knows(resource.apiVersion(), resource.kind())
                            ? Optional.empty()
                            : Optional.of(new Encoding(resource, format, View.FULL, "", include));
            case "Table" ->
                    !protobuf && (version.equals("v1") || version.equals("v1beta1"))
                            ? Optional.of(
                                    new Encoding(
                                            resource, Format.JSON, View.TABLE, version, include))
                            : Optional.empty();
            case "PartialObjectMetadata", "PartialObjectMetadataList" ->
                    protobuf && version.equals("v1beta1")
                            ? Optional.empty()
                            : Optional.of(
                                    new Encoding(
                                            resource,
                                            protobuf ? format : Format.JSON,
                                            View.PARTIAL,
                                            version.isEmpty() ? "v1" : version,
                                            include));
            default -> Optional.empty();
        };
    }

    private static ApiException notAcceptable(Resource resource) {
        boolean protobuf = ProtobufCodec.knows(resource.apiVersion(), resource.kind());
        return new ApiException(
                Status.of(
                        406,
                        "NotAcceptable",
                        "only the following media types are accepted: application/json, application/yaml,"
                                + (protobuf ? " application/vnd.kubernetes.protobuf," : "")
                                + " application/json;as=Table, application/json;as=PartialObjectMetadata"));
    }
}
