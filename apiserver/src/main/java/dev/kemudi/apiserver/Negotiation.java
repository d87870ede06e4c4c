package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.apiserver.Encoding.View;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Chooses how to answer from an {@code Accept} header: the first alternative that is served. */
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

        String parameter(String name) {
            return parameters.getOrDefault(name, "");
        }
    }

    /**
     * @throws ApiException 406 when no alternative is served
     */
    static Encoding encoding(Exchange exchange, Resource resource) {
        String accept = exchange.header("Accept").orElse("*/*");
        String include = exchange.params().text("includeObject");
        String include2 = include.isEmpty() ? "Metadata" : include;
        for (String text : accept.split(",")) {
            Alternative alternative = Alternative.parse(text);
            boolean yaml = alternative.mediaType().equals("application/yaml");
            boolean json =
                    switch (alternative.mediaType()) {
                        case "application/json", "application/*", "*/*", "" -> true;
                        default -> false;
                    };
            if (!json && !yaml) {
                continue;
            }
            String as = alternative.parameter("as");
            String version = alternative.parameter("v");
            switch (as) {
                case "" -> {
                    return new Encoding(resource, View.FULL, "", yaml, include2);
                }
                case "Table" -> {
                    if (version.equals("v1") || version.equals("v1beta1")) {
                        return new Encoding(resource, View.TABLE, version, false, include2);
                    }
                }
                case "PartialObjectMetadata", "PartialObjectMetadataList" -> {
                    return new Encoding(
                            resource,
                            View.PARTIAL,
                            version.isEmpty() ? "v1" : version,
                            false,
                            include2);
                }
                default -> {}
            }
        }
        throw new ApiException(
                Status.of(
                        406,
                        "NotAcceptable",
                        "only the following media types are accepted: application/json, application/yaml,"
                                + " application/json;as=Table, application/json;as=PartialObjectMetadata"));
    }
}
