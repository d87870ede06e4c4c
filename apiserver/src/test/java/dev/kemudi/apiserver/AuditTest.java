package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.Json;
import dev.kemudi.kernel.TimeSource;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the audit log holds, what it never holds, and that it stops nobody. */
final class AuditTest {
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final String SECRETS = "/api/v1/namespaces/default/secrets";
    private static final String HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";

    @TempDir Path folder;

    private Optional<RunningServer> running = Optional.empty();
    private Optional<Https> https = Optional.empty();

    private Path log() {
        return folder.resolve("audit.log");
    }

    private Https start(String policy) throws IOException {
        return start(policy, log());
    }

    /**
     * @param policy its rules as YAML; empty for none
     */
    private Https start(String policy, Path log) throws IOException {
        Optional<Path> file = Optional.empty();
        if (!policy.isEmpty()) {
            file = Optional.of(Files.writeString(folder.resolve("policy.yaml"), HEAD + policy));
        }
        Path pki = folder.resolve("pki");
        AuditSettings settings = new AuditSettings(log, file, 100, 3);
        RunningServer server =
                new RunningServer(
                        new ApiServer.Config("127.0.0.1", 0, pki, Optional.of(settings)),
                        Small.limits(),
                        TimeSource.system());
        Https client = Https.admin(pki, server.server.port());
        running = Optional.of(server);
        https = Optional.of(client);
        return client;
    }

    @AfterEach
    void stop() {
        https.ifPresent(Https::close);
        running.ifPresent(RunningServer::close);
    }

    private List<JsonNode> events() {
        List<JsonNode> events = new ArrayList<>();
        try (Stream<String> lines = Files.lines(log())) {
            for (String line : lines.toList()) {
                events.add(Json.MAPPER.readTree(line));
            }
        } catch (IOException e) {
            return events; // not written yet, or half of a line
        }
        return events;
    }

    private JsonNode event(String what, Predicate<JsonNode> wanted) {
        Eventually.holds(what, () -> events().stream().anyMatch(wanted));
        return events().stream().filter(wanted).findFirst().orElseThrow();
    }

    private static Predicate<JsonNode> of(String verb, String path) {
        return e ->
                e.path("verb").asText().equals(verb)
                        && e.path("requestURI").asText().startsWith(path)
                        && e.path("stage").asText().equals("ResponseComplete");
    }

    private static String map(String name) {
        return "{\"metadata\":{\"name\":\"" + name + "\"},\"data\":{\"k\":\"v\"}}";
    }

    @Test
    void withoutAPolicyEachRequestLeavesOneLineOfMetadata() throws IOException {
        Https client = start("");
        client.post(MAPS + "?fieldManager=me", map("made"));

        JsonNode event = event("the creation", of("create", MAPS));

        assertThat(event.path("kind").asText()).isEqualTo("Event");
        assertThat(event.path("apiVersion").asText()).isEqualTo("audit.k8s.io/v1");
        assertThat(event.path("level").asText()).isEqualTo("Metadata");
        assertThat(event.path("auditID").asText()).hasSize(36);
        assertThat(event.path("requestURI").asText()).isEqualTo(MAPS + "?fieldManager=me");
        assertThat(event.at("/user/username").asText()).isEqualTo("kubernetes-admin");
        assertThat(event.at("/sourceIPs/0").asText()).isEqualTo("127.0.0.1");
        assertThat(event.path("userAgent").asText()).startsWith("Java-http-client");
        assertThat(event.path("objectRef").toString())
                .isEqualTo(
                        "{\"resource\":\"configmaps\",\"namespace\":\"default\",\"apiVersion\":\"v1\","
                                + "\"name\":\"made\"}");
        assertThat(event.at("/responseStatus/code").asInt()).isEqualTo(201);
        assertThat(event.at("/annotations/authorization.k8s.io~1decision").asText())
                .isEqualTo("allow");
        assertThat(event.has("requestObject")).isFalse();
        assertThat(event.path("requestReceivedTimestamp").asText())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
        assertThat(events().stream().filter(of("create", MAPS))).hasSize(1);
    }

    @Test
    void theFirstRuleThatFitsDecidesHowMuchIsKept() throws IOException {
        Https client =
                start(
                        """
                        omitStages: [RequestReceived]
                        rules:
                        - level: None
                          verbs: [get]
                          nonResourceURLs: ["/healthz*", /version]
                        - level: None
                          users: [nobody]
                        - level: RequestResponse
                          omitManagedFields: true
                          verbs: [create]
                          namespaces: [default]
                          resources: [{group: "", resources: [configmaps]}]
                        - level: Request
                          verbs: [patch]
                          resources: [{group: "", resources: [configmaps], resourceNames: [whole]}]
                        - level: None
                          resources: [{group: "", resources: [configmaps]}]
                        - level: Metadata
                        """);
        client.get("/version");
        client.post(MAPS, map("whole"));
        client.send(
                "PATCH",
                MAPS + "/whole",
                "application/merge-patch+json",
                "{\"data\":{\"k\":\"w\"}}");
        client.get(MAPS + "/whole");
        client.get("/api/v1/nodes");

        event("the last request", of("list", "/api/v1/nodes"));
        JsonNode made = event("the creation", of("create", MAPS));
        JsonNode patched = event("the patch", of("patch", MAPS));
        assertThat(made.at("/requestObject/data/k").asText()).isEqualTo("v");
        assertThat(made.at("/responseObject/metadata/uid").asText()).isNotEmpty();
        assertThat(made.at("/responseObject/metadata").has("managedFields")).isFalse();
        assertThat(patched.at("/requestObject/data/k").asText()).isEqualTo("w");
        assertThat(patched.has("responseObject")).isFalse();
        assertThat(events())
                .noneMatch(e -> e.path("requestURI").asText().equals("/version"))
                .noneMatch(e -> e.path("verb").asText().equals("get"))
                .noneMatch(e -> e.path("stage").asText().equals("RequestReceived"));
    }

    @Test
    void noTokenAndNoContentOfASecretIsEverWritten() throws IOException {
        Https client = start("rules:\n- level: RequestResponse\n");
        String content = "{\"metadata\":{\"name\":\"s\"},\"stringData\":{\"p\":\"hunter2\"}}";
        client.post(SECRETS, content);
        client.get(SECRETS);
        client.get(SECRETS + "/s");
        client.send(
                "PATCH",
                SECRETS + "/s",
                "application/merge-patch+json",
                "{\"stringData\":{\"p\":\"hunter3\"}}");
        client.post(
                "/api/v1/namespaces/default/serviceaccounts",
                "{\"metadata\":{\"name\":\"robot\"}}");
        String token =
                client.post("/api/v1/namespaces/default/serviceaccounts/robot/token", "{}")
                        .body()
                        .at("/status/token")
                        .asText();
        client.post(
                "/apis/authentication.k8s.io/v1/tokenreviews",
                "{\"spec\":{\"token\":\"" + token + "\"}}");
        client.get("/api/v1/nodes");
        event("the last request", of("list", "/api/v1/nodes"));

        String text = Files.readString(log());
        assertThat(text)
                .doesNotContain("hunter")
                .doesNotContain(TokenSecrets.base64("hunter2"))
                .doesNotContain(TokenSecrets.base64("hunter3"))
                .doesNotContain(Https.token(folder.resolve("pki")));
        assertThat(token).isNotEmpty();
        assertThat(text).doesNotContain(token);
        assertThat(event("the secret", of("create", SECRETS)).path("level").asText())
                .isEqualTo("Metadata");
    }

    @Test
    void whoIsRefusedIsNotedToo() throws IOException {
        Https client = start("");
        client.send(client.request(MAPS).header("Impersonate-User", "eve").build());
        try (Https wrong =
                new Https(
                        folder.resolve("pki"),
                        running.orElseThrow().server.port(),
                        HttpClient.Version.HTTP_1_1,
                        Optional.of("guess"))) {
            wrong.get("/api/v1/pods");
        }

        JsonNode forbidden = event("the refusal", of("list", MAPS));
        assertThat(forbidden.at("/impersonatedUser/username").asText()).isEqualTo("eve");
        assertThat(forbidden.at("/user/username").asText()).isEqualTo("kubernetes-admin");
        assertThat(forbidden.at("/responseStatus/reason").asText()).isEqualTo("Forbidden");
        assertThat(forbidden.at("/annotations/authorization.k8s.io~1decision").asText())
                .isEqualTo("forbid");
        JsonNode unknown = event("the wrong token", of("list", "/api/v1/pods"));
        assertThat(unknown.at("/responseStatus/code").asInt()).isEqualTo(401);
        assertThat(Files.readString(log())).doesNotContain("guess");
    }

    @Test
    void aWatchIsNotedWhenItBeginsAndWhenItEnds() throws IOException {
        Https client = start("");
        HttpRequest watch = client.request(MAPS + "?watch=true&timeoutSeconds=1").build();
        client.send(watch);

        JsonNode end = event("the end", of("watch", MAPS));
        assertThat(events())
                .anyMatch(e ->
                        e.path("stage").asText().equals("ResponseStarted")
                                && e.path("auditID").equals(end.path("auditID")));
    }

    @Test
    void aFullDiskStopsNobody() throws IOException {
        Https client = start("", Path.of("/dev/full"));

        for (int i = 0; i < 20; i++) {
            assertThat(client.post(MAPS, map("m" + i)).code()).isEqualTo(201);
        }
    }

    @Test
    void fullFilesAreRenamedAndTheOldestRemoved() throws IOException {
        AtomicInteger written = new AtomicInteger();
        AuditSettings settings = new AuditSettings(log(), Optional.empty(), 1, 2);
        try (AuditLog log =
                new AuditLog(settings, 100, Small.limits(), o -> written.incrementAndGet())) {
            for (int i = 0; i < 100; i++) {
                log.add("%029d\n".formatted(i).getBytes(StandardCharsets.UTF_8));
            }
            Eventually.holds("all are written", () -> written.get() == 100);
        }

        try (Stream<Path> files = Files.list(folder)) {
            List<Path> all = files.sorted().toList();
            assertThat(all).hasSize(3);
            assertThat(all)
                    .allSatisfy(file -> assertThat(Files.size(file)).isLessThanOrEqualTo(100));
            assertThat(all.getFirst().getFileName().toString())
                    .matches("audit-\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\d\\.\\d{3}\\.log");
        }
        assertThat(Files.readString(log())).endsWith("99\n");
    }

    @Test
    void aWriterThatIsBehindDropsAndCounts() {
        AtomicInteger dropped = new AtomicInteger();
        AuditSettings settings = new AuditSettings(log(), Optional.empty(), 1, 2);
        try (AuditLog log =
                new AuditLog(
                        settings,
                        Small.limits(),
                        outcome -> dropped.addAndGet(outcome.equals("dropped") ? 1 : 0))) {
            log.add(new byte[Small.limits().auditQueueBytesMax() + 1]);
        }

        assertThat(dropped.get()).isEqualTo(1);
    }

    @Test
    void aPolicyThatIsWrongIsRefusedByNameAndField() throws IOException {
        assertThatThrownBy(() -> start("rules:\n- level: All\n"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(
                        "policy.yaml: rules[0].level: expected one of [None, Metadata")
                .hasMessageEndingWith("found \"All\"");
        assertThatThrownBy(() -> start("rules:\n- {level: None, omitStages: [End]}\n"))
                .hasMessageContaining("rules[0].omitStages")
                .hasMessageContaining("found \"End\"");
        assertThatThrownBy(() -> start("rules: []\n")).hasMessageContaining("at least one rule");
        assertThatThrownBy(() ->
                        start("rules:\n- {level: None, namespaces: [a], nonResourceURLs: [/b]}\n"))
                .hasMessageContaining("rules cannot apply to both regular resources");
        assertThatThrownBy(() ->
                        new AuditSettings(log(), Optional.of(folder.resolve("none")), 1, 1).check())
                .hasMessageContaining("none cannot be read");
    }

    @Test
    void whatAdmissionFindsStandsInTheEventOfTheRequest() throws IOException {
        Https client = start("");
        String registration = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolic";
        client.post(
                registration + "ies",
                """
                {"metadata": {"name": "small"}, "spec": {
                  "matchConstraints": {"resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"],
                    "resources": ["configmaps"], "operations": ["CREATE"]}]},
                  "validations": [{"expression": "size(object.data) == 0", "message": "not empty"}],
                  "auditAnnotations": [{"key": "keys",
                    "valueExpression": "string(size(object.data))"}]}}
                """);
        client.post(
                registration + "ybindings",
                """
                {"metadata": {"name": "here"},
                 "spec": {"policyName": "small", "validationActions": ["Audit"]}}
                """);

        assertThat(client.post(MAPS, map("noted")).code()).isEqualTo(201);

        JsonNode annotations = event("the creation", of("create", MAPS)).path("annotations");
        assertThat(annotations.path("small/keys").asText()).isEqualTo("1");
        assertThat(
                        annotations
                                .path("validation.policy.admission.k8s.io/validation_failure")
                                .asText())
                .isEqualTo(
                        "[{\"message\":\"not empty\",\"policy\":\"small\",\"binding\":\"here\","
                                + "\"expressionIndex\":0,\"validationActions\":[\"Audit\"]}]");
    }
}
