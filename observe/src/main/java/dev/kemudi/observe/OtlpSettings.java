package dev.kemudi.observe;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * OpenTelemetry's environment variables for OTLP/HTTP, as far as spans need them.
 *
 * @see <a href="https://opentelemetry.io/docs/specs/otel/protocol/exporter/">OpenTelemetry Protocol
 *     Exporter</a>
 */
record OtlpSettings(Optional<URI> endpoint, Map<String, String> headers, String serviceName) {
    static OtlpSettings from(Map<String, String> environment) {
        String traces = environment.getOrDefault("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "");
        String base = environment.getOrDefault("OTEL_EXPORTER_OTLP_ENDPOINT", "");
        Optional<URI> endpoint = Optional.empty();
        if (!traces.isBlank()) {
            endpoint = Optional.of(url("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", traces));
        } else if (!base.isBlank()) {
            String slashed = base.endsWith("/") ? base : base + "/";
            endpoint = Optional.of(url("OTEL_EXPORTER_OTLP_ENDPOINT", slashed + "v1/traces"));
        }
        String service = environment.getOrDefault("OTEL_SERVICE_NAME", "");
        return new OtlpSettings(
                endpoint,
                headers(environment.getOrDefault("OTEL_EXPORTER_OTLP_HEADERS", "")),
                service.isBlank() ? "kemudi" : service);
    }

    private static URI url(String variable, String text) {
        URI uri;
        try {
            uri = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("%s is not a URL: %s".formatted(variable, text), e);
        }
        if (uri.getHost() == null
                || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
            throw new IllegalArgumentException(
                    "%s must be an http or https URL such as http://127.0.0.1:4318, not %s"
                            .formatted(variable, text));
        }
        return uri;
    }

    private static Map<String, String> headers(String list) {
        Map<String, String> headers = new LinkedHashMap<>();
        for (String pair : list.split(",", -1)) {
            int equals = pair.indexOf('=');
            if (!pair.isBlank() && equals < 1) {
                throw new IllegalArgumentException(
                        "OTEL_EXPORTER_OTLP_HEADERS is a list of name=value; one has no name or no '='");
            }
            if (equals > 0) {
                String value = pair.substring(equals + 1).strip();
                headers.put(
                        pair.substring(0, equals).strip(),
                        URLDecoder.decode(value, StandardCharsets.UTF_8));
            }
        }
        return headers;
    }
}
