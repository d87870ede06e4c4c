package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.apiserver.Https.Reply;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Everything that is served, asked for by everybody. What is served comes from discovery, so that a
 * kind that is added later is in the table without anybody thinking of it.
 */
final class SecurityTableTest {
    private static final Set<String> PUBLIC = Set.of("/healthz", "/livez", "/readyz", "/version");
    private static final Set<String> ABOUT_ONESELF =
            Set.of("selfsubjectreviews", "selfsubjectaccessreviews", "selfsubjectrulesreviews");
    private static final String ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts";

    @TempDir static Path folder;

    private static final MovableTime TIME = new MovableTime();
    private static Path pki;
    private static RunningServer running;
    private static Https admin;
    private static String token;

    /** One request, and which resource it is about; empty for paths. */
    private record Row(String method, String path, String resource) {
        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    @BeforeAll
    static void start() {
        pki = folder.resolve("pki");
        AuditSettings audit =
                new AuditSettings(folder.resolve("audit.log"), Optional.empty(), 100, 1);
        running =
                new RunningServer(
                        new ApiServer.Config("127.0.0.1", 0, pki, Optional.of(audit)),
                        Small.limits(),
                        TIME);
        admin = Https.admin(pki, running.server.port());
        assertThat(admin.post(ACCOUNTS, "{\"metadata\":{\"name\":\"nobody\"}}").code())
                .isEqualTo(201);
        token = issued("");
    }

    @AfterAll
    static void stop() {
        admin.close();
        running.close();
    }

    private static String issued(String spec) {
        return admin.post(ACCOUNTS + "/nobody/token", "{\"spec\":{" + spec + "}}")
                .body()
                .at("/status/token")
                .asText();
    }

    private static Https with(Optional<String> bearer) {
        return new Https(pki, running.server.port(), HttpClient.Version.HTTP_2, bearer);
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (JsonNode path : admin.get("/").body().path("paths")) {
            rows.add(new Row("GET", path.asText(), ""));
            if (path.asText().matches("/api/v1|/apis/[^/]+/[^/]+")) {
                for (JsonNode resource : admin.get(path.asText()).body().path("resources")) {
                    add(rows, path.asText(), resource);
                }
            }
        }
        return rows;
    }

    private static void add(List<Row> rows, String version, JsonNode resource) {
        String name = resource.path("name").asText();
        String base =
                version + (resource.path("namespaced").asBoolean() ? "/namespaces/default" : "");
        int slash = name.indexOf('/');
        String one =
                slash < 0
                        ? base + "/" + name + "/x"
                        : base + "/" + name.substring(0, slash) + "/x" + name.substring(slash);
        for (JsonNode verb : resource.path("verbs")) {
            String collection = base + "/" + name;
            rows.add(
                    switch (verb.asText()) {
                        case "list" -> new Row("GET", collection, name);
                        case "watch" -> new Row("GET", collection + "?watch=true", name);
                        case "create" -> new Row("POST", slash < 0 ? collection : one, name);
                        case "deletecollection" -> new Row("DELETE", collection, name);
                        case "get" -> new Row("GET", one, name);
                        case "update" -> new Row("PUT", one, name);
                        case "patch" -> new Row("PATCH", one, name);
                        case "delete" -> new Row("DELETE", one, name);
                        default -> throw new AssertionError("a verb that is new: " + verb);
                    });
        }
    }

    private static Reply ask(Https client, Row row) {
        String dry = row.path() + (row.path().contains("?") ? "&" : "?") + "dryRun=All";
        HttpRequest request =
                client.request(row.method().equals("GET") ? row.path() : dry)
                        .header(
                                "Content-Type",
                                row.method().equals("PATCH")
                                        ? "application/merge-patch+json"
                                        : "application/json")
                        .method(
                                row.method(),
                                row.method().equals("GET") || row.method().equals("DELETE")
                                        ? BodyPublishers.noBody()
                                        : BodyPublishers.ofString("{}"))
                        .build();
        return client.send(request);
    }

    private interface Expectation {
        void of(Row row, Reply reply);
    }

    /** Asks for all rows, a few at a time. */
    private static int askAll(Optional<String> bearer, List<Row> rows, Expectation expected)
            throws Exception {
        try (Https client = with(bearer);
                ExecutorService few = Executors.newFixedThreadPool(4)) {
            List<java.util.concurrent.Callable<Boolean>> calls = new ArrayList<>();
            for (Row row : rows) {
                calls.add(() -> {
                    expected.of(row, ask(client, row));
                    return true;
                });
            }
            for (var done : few.invokeAll(calls)) {
                done.get();
            }
        }
        return rows.size();
    }

    @Test
    void whoIsAnonymousSeesHealthAndVersionAndIsForbiddenTheRest() throws Exception {
        int asked =
                askAll(
                        Optional.empty(),
                        rows(),
                        (row, reply) ->
                                assertThat(reply.code())
                                        .as("%s: %s", row, reply.message())
                                        .isEqualTo(PUBLIC.contains(row.path()) ? 200 : 403));

        assertThat(asked).isGreaterThan(200);
    }

    @Test
    void whoHasNoPermissionSeesWhatIsServedAndAsksAboutThemselves() throws Exception {
        askAll(
                Optional.of(token),
                rows(),
                (row, reply) -> {
                    boolean self = ABOUT_ONESELF.contains(row.resource());
                    boolean allowed = row.resource().isEmpty() || self;
                    assertThat(reply.code() == 403)
                            .as("%s: %d %s", row, reply.code(), reply.message())
                            .isEqualTo(!allowed);
                    if (row.resource().isEmpty()) {
                        assertThat(reply.code()).as(row.toString()).isEqualTo(200);
                    }
                });
    }

    @Test
    void whoMayDoEverythingIsNeverForbidden() throws Exception {
        List<Row> rows =
                rows().stream().filter(row -> !row.path().endsWith("?watch=true")).toList();
        askAll(
                Optional.of(Https.token(pki)),
                rows,
                (row, reply) -> {
                    assertThat(reply.code())
                            .as("%s: %s", row, reply.message())
                            .isNotIn(401, 403)
                            .isLessThan(500);
                    if (row.method().equals("GET") && !row.path().contains("/x")) {
                        assertThat(reply.code()).as(row.toString()).isEqualTo(200);
                    }
                });
    }

    @Test
    void aWrongTokenIsRefusedEverywhere(@TempDir Path elsewhere) throws Exception {
        List<Row> rows = rows();
        askAll(
                Optional.of("guess"),
                rows,
                (row, reply) -> assertThat(reply.code()).as(row.toString()).isEqualTo(401));

        Map<String, String> bad = Forgeries.of(token, pki, elsewhere);
        bad.put("for somebody else", issued("\"audiences\":[\"vault\"]"));
        String brief = issued("\"expirationSeconds\":600");
        TIME.advance(Duration.ofSeconds(601));
        bad.put("expired", brief);
        List<Row> some =
                List.of(
                        new Row("GET", "/livez", ""),
                        new Row("GET", "/api", ""),
                        new Row("GET", "/api/v1/pods", "pods"),
                        new Row("GET", "/api/v1/namespaces/default/pods/x/exec", "pods/exec"),
                        new Row(
                                "POST",
                                "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                                "selfsubjectreviews"));
        for (Map.Entry<String, String> forged : bad.entrySet()) {
            askAll(
                    Optional.of(forged.getValue()),
                    some,
                    (row, reply) ->
                            assertThat(reply.code())
                                    .as(row + " with a token that is wrong: " + forged.getKey())
                                    .isEqualTo(401));
        }
    }

    @Test
    void noSecretIsInTheLogOrTheAudit() throws IOException {
        Queue<String> said = new ConcurrentLinkedQueue<>();
        Handler listening =
                new Handler() {
                    @Override
                    public void publish(LogRecord record) {
                        said.add(record.getMessage() + List.of(parameters(record)));
                        if (record.getThrown() != null) {
                            said.add(record.getThrown().toString());
                        }
                    }

                    private Object[] parameters(LogRecord record) {
                        return record.getParameters() == null
                                ? new Object[0]
                                : record.getParameters();
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        Logger logger = Logger.getLogger("dev.kemudi");
        Level before = logger.getLevel();
        logger.addHandler(listening);
        logger.setLevel(Level.ALL);
        String mine = issued("");
        try (Https account = with(Optional.of(mine));
                Https wrong = with(Optional.of("guess-me-not"))) {
            account.get("/api/v1/secrets");
            wrong.get("/api/v1/secrets");
            admin.post(
                    "/api/v1/namespaces/default/secrets",
                    "{\"metadata\":{\"name\":\"s\"},\"stringData\":{\"p\":\"hunter2\"}}");
            admin.post("/api/v1/namespaces/default/secrets", "{\"stringData\":{\"p\":\"hunter2\"");
            admin.get("/api/v1/namespaces/default/secrets/s");
            admin.get("/api/v1/nodes");
        } finally {
            logger.removeHandler(listening);
            logger.setLevel(before);
        }
        Path log = folder.resolve("audit.log");
        Eventually.holds("the audit log is written", () -> text(log).contains("/api/v1/nodes"));

        String all = text(log) + String.join("\n", said);
        for (String secret :
                List.of(
                        mine,
                        Https.token(pki),
                        "guess-me-not",
                        "hunter2",
                        TokenSecrets.base64("hunter2"))) {
            assertThat(all.contains(secret)).as(secret.substring(0, 6)).isFalse();
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "";
        }
    }
}
