package dev.kemudi.observe;

import dev.kemudi.kernel.Tracer.Kind;
import dev.kemudi.kernel.Tracer.Span;
import java.util.HexFormat;
import java.util.List;

/**
 * Spans as OTLP/HTTP wants them in JSON: ids in hex, 64-bit numbers as strings, enums as numbers.
 *
 * @see <a href="https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding">OTLP, JSON
 *     Protobuf encoding</a>
 */
final class OtlpJson {
    private static final int STATUS_ERROR = 2;

    private OtlpJson() {}

    static String encode(String serviceName, List<Span> spans) {
        StringBuilder json = new StringBuilder(256 + spans.size() * 300);
        json.append(
                "{\"resourceSpans\":[{\"resource\":{\"attributes\":["
                        + "{\"key\":\"service.name\",\"value\":{\"stringValue\":");
        string(json, serviceName);
        json.append("}}]},\"scopeSpans\":[{\"scope\":{\"name\":\"dev.kemudi\"},\"spans\":[");
        for (int i = 0; i < spans.size(); i++) {
            json.append(i == 0 ? "" : ",");
            span(json, spans.get(i));
        }
        return json.append("]}]}]}").toString();
    }

    private static void span(StringBuilder json, Span span) {
        HexFormat hex = HexFormat.of();
        json.append("{\"traceId\":\"").append(span.context().traceId());
        json.append("\",\"spanId\":\"").append(hex.toHexDigits(span.context().spanId()));
        if (span.parentSpanId() != 0) {
            json.append("\",\"parentSpanId\":\"").append(hex.toHexDigits(span.parentSpanId()));
        }
        json.append("\",\"name\":");
        string(json, span.name());
        json.append(",\"kind\":").append(kind(span.kind()));
        json.append(",\"startTimeUnixNano\":\"").append(span.startEpochNanos());
        json.append("\",\"endTimeUnixNano\":\"")
                .append(span.startEpochNanos() + span.durationNanos());
        json.append("\",\"status\":{");
        if (!span.error().isEmpty()) {
            json.append("\"code\":").append(STATUS_ERROR).append(",\"message\":");
            string(json, span.error());
        }
        json.append("}}");
    }

    private static int kind(Kind kind) {
        return switch (kind) {
            case INTERNAL -> 1;
            case SERVER -> 2;
            case CLIENT -> 3;
        };
    }

    private static void string(StringBuilder json, String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                json.append('\\').append(c);
            } else if (c < 0x20 || (Character.isSurrogate(c) && !paired(text, i))) {
                json.append("\\u").append(HexFormat.of().toHexDigits(c));
            } else {
                json.append(c);
            }
        }
        json.append('"');
    }

    private static boolean paired(String text, int at) {
        return Character.isHighSurrogate(text.charAt(at))
                ? at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))
                : at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
    }
}
