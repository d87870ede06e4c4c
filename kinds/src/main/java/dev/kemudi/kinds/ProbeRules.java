package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Set;

/** What must hold of probes and lifecycle hooks: exactly one way to act, and sane times. */
final class ProbeRules {
    private static final List<String> HANDLERS =
            List.of("exec", "httpGet", "tcpSocket", "grpc", "sleep");
    private static final Set<String> SCHEMES = Set.of("HTTP", "HTTPS");
    private static final List<String> COUNTS =
            List.of(
                    "initialDelaySeconds",
                    "timeoutSeconds",
                    "periodSeconds",
                    "successThreshold",
                    "failureThreshold");

    private ProbeRules() {}

    static void check(String kind, JsonNode probe, String field, Problems problems) {
        handler(probe, field, problems);
        for (String count : COUNTS) {
            if (probe.path(count).asLong() < 0) {
                problems.invalid(
                        field + "." + count,
                        probe.path(count).asLong(),
                        "must be greater than or equal to 0");
            }
        }
        boolean readiness = kind.equals("readinessProbe");
        if (!readiness && probe.path("successThreshold").asLong(1) != 1) {
            problems.invalid(
                    field + ".successThreshold",
                    probe.path("successThreshold").asLong(),
                    "must be 1");
        }
        JsonNode grace = probe.path("terminationGracePeriodSeconds");
        if (grace.isNumber() && readiness) {
            problems.invalid(
                    field + ".terminationGracePeriodSeconds",
                    grace.asLong(),
                    "must not be set for readinessProbes");
        } else if (grace.isNumber() && grace.asLong() <= 0) {
            problems.invalid(
                    field + ".terminationGracePeriodSeconds",
                    grace.asLong(),
                    "must be greater than 0");
        }
    }

    static void handler(JsonNode action, String field, Problems problems) {
        List<String> found = HANDLERS.stream().filter(action::hasNonNull).toList();
        if (found.isEmpty()) {
            problems.required(field, "must specify a handler type");
        }
        found.stream()
                .skip(1)
                .forEach(h ->
                        problems.forbidden(
                                field + "." + h, "may not specify more than 1 handler type"));
        for (String handler : found) {
            JsonNode how = action.path(handler);
            String at = field + "." + handler;
            switch (handler) {
                case "exec" -> {
                    if (how.path("command").isEmpty()) {
                        problems.required(at + ".command");
                    }
                }
                case "httpGet" -> {
                    if (how.path("path").asText("").isEmpty()) {
                        problems.required(at + ".path");
                    }
                    PodRules.oneOf(how, "scheme", SCHEMES, at, problems);
                    port(how.path("port"), at + ".port", problems);
                }
                case "sleep" -> {
                    if (how.path("seconds").asLong() <= 0) {
                        problems.invalid(
                                at, how.path("seconds").asLong(), "must be greater than 0");
                    }
                }
                default -> port(how.path("port"), at + ".port", problems);
            }
        }
    }

    /** A number, or the name of one of the container's ports. */
    static void port(JsonNode port, String field, Problems problems) {
        if (port.isTextual()) {
            Names.port(port.asText(), field, problems);
        } else {
            ContainerRules.portNumber(port, field, problems);
        }
    }
}
