package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Json;
import dev.kemudi.apiserver.AuditPolicy.Kept;
import dev.kemudi.apiserver.AuditPolicy.Level;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Optional;

/** One request's events, as {@code audit.k8s.io/v1 Event}. */
final class AuditTrail implements Trail {
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
    private static final String AUTHORIZATION = "authorization.k8s.io/";

    private final Audit audit;
    private final Audit.Asked asked;
    private final Instant received;
    private final ObjectNode event = Json.MAPPER.createObjectNode();
    private Optional<Kept> kept = Optional.empty();
    private Optional<AuditedExchange> exchange = Optional.empty();

    AuditTrail(Audit audit, Audit.Asked asked) {
        this.audit = audit;
        this.asked = asked;
        received = audit.time().now();
    }

    @Override
    public Exchange watched(Exchange plain) {
        plain.setHeader("Audit-Id", asked.id());
        AuditedExchange watched = new AuditedExchange(plain, this);
        exchange = Optional.of(watched);
        return watched;
    }

    @Override
    public void asked(Access access, Optional<RequestPath> path) {
        Kept decided = audit.policy().decide(access);
        if (decided.level() == Level.NONE) {
            return;
        }
        kept = Optional.of(decided);
        event.put("kind", "Event").put("apiVersion", "audit.k8s.io/v1");
        event.put("level", decided.level().word()).put("auditID", asked.id());
        event.put("stage", "RequestReceived").put("requestURI", asked.uri());
        event.put("verb", access.verb());
        access.user().into(event.putObject("user"));
        asked.sources().forEach(event.putArray("sourceIPs")::add);
        if (!asked.agent().isEmpty()) {
            event.put("userAgent", asked.agent());
        }
        path.ifPresent(objects -> {
            ObjectNode reference = event.putObject("objectRef");
            put(reference, "resource", objects.plural());
            put(reference, "namespace", access.namespace());
            put(reference, "name", objects.name());
            put(reference, "apiGroup", objects.group());
            put(reference, "apiVersion", objects.version());
            put(reference, "subresource", objects.subresource());
        });
        event.put("requestReceivedTimestamp", MICROS.format(received));
        emit("RequestReceived");
    }

    private static void put(ObjectNode reference, String member, String text) {
        if (!text.isEmpty()) {
            reference.put(member, text);
        }
    }

    @Override
    public void acting(User user) {
        if (kept.isPresent()) {
            user.into(event.putObject("impersonatedUser"));
        }
    }

    @Override
    public void decided(Rbac.Decision decision) {
        if (kept.isPresent()) {
            event.withObjectProperty("annotations")
                    .put(AUTHORIZATION + "decision", decision.allowed() ? "allow" : "forbid")
                    .put(AUTHORIZATION + "reason", decision.reason());
        }
    }

    /** What admission has to say; the first word on a key stands, as in Kubernetes. */
    private void annotate(String key, String value) {
        if (kept.isPresent() && !event.path("annotations").has(key)) {
            event.withObjectProperty("annotations").put(key, value);
        }
    }

    /** Whether bodies of answers that come piece by piece are wanted. */
    private boolean wantsAnswers() {
        return kept.filter(k -> k.atLeast(Level.REQUEST_RESPONSE)).isPresent();
    }

    private void started(int code) {
        if (kept.isPresent()) {
            status(code);
            emit("ResponseStarted");
        }
    }

    @Override
    public void answered(int code) {
        if (kept.isEmpty()) {
            return;
        }
        status(code);
        exchange.ifPresent(this::bodies);
        emit("ResponseComplete");
    }

    private ObjectNode status(int code) {
        ObjectNode status = event.putObject("responseStatus");
        status.putObject("metadata");
        return status.put("code", code);
    }

    private void bodies(AuditedExchange seen) {
        Kept wanted = kept.orElseThrow();
        Optional<JsonNode> request = seen.request();
        if (event.path("objectRef") instanceof ObjectNode reference && !reference.has("name")) {
            request.map(r -> r.path("metadata").path("name").asText(""))
                    .ifPresent(name -> put(reference, "name", name));
        }
        Optional<JsonNode> answer = seen.answer();
        answer.filter(a -> a.path("kind").asText().equals("Status"))
                .filter(a -> a instanceof ObjectNode)
                .ifPresent(a -> {
                    ObjectNode status = a.deepCopy();
                    status.remove(java.util.List.of("kind", "apiVersion"));
                    event.set("responseStatus", status);
                });
        if (wanted.atLeast(Level.REQUEST)) {
            request.ifPresent(r -> event.set("requestObject", trimmed(r, wanted)));
        }
        if (wanted.atLeast(Level.REQUEST_RESPONSE)) {
            answer.ifPresent(a -> event.set("responseObject", trimmed(a, wanted)));
        }
    }

    private static JsonNode trimmed(JsonNode object, Kept wanted) {
        if (wanted.omitManagedFields()) {
            if (object.path("metadata") instanceof ObjectNode metadata) {
                metadata.remove("managedFields");
            }
            object.path("items").forEach(item -> trimmed(item, wanted));
        }
        return object;
    }

    private void emit(String stage) {
        if (!kept.orElseThrow().omitStages().contains(stage)) {
            event.put("stage", stage);
            event.put("stageTimestamp", MICROS.format(audit.time().now()));
            audit.write(event.deepCopy());
        }
    }

    /** Remembers what passes through. */
    private static final class AuditedExchange extends Exchange.Forwarding {
        private final AuditTrail trail;
        private byte[] requested = {};
        private byte[] answered = {};
        private Optional<ByteArrayOutputStream> copy = Optional.empty();

        AuditedExchange(Exchange plain, AuditTrail trail) {
            super(plain);
            this.trail = trail;
        }

        @Override
        public void annotate(String key, String value) {
            trail.annotate(key, value);
        }

        @Override
        public byte[] body() {
            requested = super.body();
            return requested;
        }

        @Override
        public void send(int code, String contentType, byte[] body) {
            answered = contentType.startsWith("application/json") ? body : answered;
            super.send(code, contentType, body);
        }

        @Override
        public OutputStream stream(int code, String contentType) throws IOException {
            OutputStream plain = super.stream(code, contentType);
            return trail.wantsAnswers() && contentType.startsWith("application/json")
                    ? copying(plain)
                    : plain;
        }

        @Override
        public OutputStream streamAtOnce(int code, String contentType) throws IOException {
            trail.started(code);
            return super.streamAtOnce(code, contentType);
        }

        private OutputStream copying(OutputStream plain) {
            ByteArrayOutputStream kept = new ByteArrayOutputStream();
            copy = Optional.of(kept);
            int max = trail.audit.eventBytesMax();
            return new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    write(new byte[] {(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    plain.write(bytes, from, length);
                    if (kept.size() <= max) { // one more than would be kept: then it is left out
                        kept.write(bytes, from, Math.min(length, max + 1 - kept.size()));
                    }
                }

                @Override
                public void flush() throws IOException {
                    plain.flush();
                }

                @Override
                public void close() throws IOException {
                    plain.close();
                }
            };
        }

        private Optional<JsonNode> request() {
            if (requested.length == 0) {
                return Optional.empty();
            }
            try {
                String type = Bodies.mediaType(header("Content-Type").orElse(""));
                return Optional.of(
                        type.endsWith("+json")
                                ? Bodies.json(requested)
                                : trail.audit.bodies().parse(this, requested));
            } catch (ApiException e) {
                return Optional.empty(); // the client has been told what is wrong with it
            }
        }

        private Optional<JsonNode> answer() {
            byte[] body = copy.map(ByteArrayOutputStream::toByteArray).orElse(answered);
            if (body.length == 0 || body.length > trail.audit.eventBytesMax()) {
                return Optional.empty();
            }
            try {
                return Optional.of(Json.MAPPER.readTree(body));
            } catch (IOException e) {
                return Optional.empty(); // an answer that was cut short
            }
        }
    }
}
