package dev.kemudi.apiserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import dev.kemudi.kernel.TimeSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;

/** Begins the trail of each request. Safe for use by many threads. */
final class Audit {
    private static final int ID_MAX = 64;
    private static final int AGENT_MAX = 1_024;

    private final AuditPolicy policy;
    private final AuditLog log;
    private final RequestBodies bodies;
    private final TimeSource time;
    private final Limits limits;

    /**
     * A request as it came in.
     *
     * @param uri path and query
     */
    record Asked(String id, String method, String uri, String agent, List<String> sources) {
        static Asked of(
                String method,
                String uri,
                Function<String, Optional<String>> header,
                String remoteAddress) {
            List<String> sources = new ArrayList<>();
            header.apply("X-Forwarded-For")
                    .ifPresent(all ->
                            Arrays.stream(all.split(",")).map(String::strip).forEach(sources::add));
            sources.add(remoteAddress);
            String agent = header.apply("User-Agent").orElse("");
            return new Asked(
                    header.apply("Audit-ID")
                            .filter(id -> id.length() <= ID_MAX)
                            .orElseGet(() -> UUID.randomUUID().toString()),
                    method,
                    uri,
                    agent.substring(0, Math.min(agent.length(), AGENT_MAX)),
                    List.copyOf(sources));
        }
    }

    Audit(AuditPolicy policy, AuditLog log, RequestBodies bodies, TimeSource time, Limits limits) {
        this.policy = policy;
        this.log = log;
        this.bodies = bodies;
        this.time = time;
        this.limits = limits;
    }

    /**
     * @param asked only looked at when something is noted at all
     */
    Trail begin(Supplier<Asked> asked) {
        return new AuditTrail(this, asked.get());
    }

    AuditPolicy policy() {
        return policy;
    }

    RequestBodies bodies() {
        return bodies;
    }

    TimeSource time() {
        return time;
    }

    int eventBytesMax() {
        return limits.auditEventBytesMax();
    }

    void write(ObjectNode event) {
        byte[] line = line(event);
        if (line.length > eventBytesMax()) {
            event.remove(List.of("requestObject", "responseObject"));
            event.withObjectProperty("annotations").put("audit.k8s.io/truncated", "true");
            line = line(event);
        }
        log.add(line);
    }

    private static byte[] line(ObjectNode event) {
        try {
            byte[] text = Json.MAPPER.writeValueAsBytes(event);
            byte[] line = Arrays.copyOf(text, text.length + 1);
            line[text.length] = '\n';
            return line;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a JSON tree cannot be written", e);
        }
    }
}
