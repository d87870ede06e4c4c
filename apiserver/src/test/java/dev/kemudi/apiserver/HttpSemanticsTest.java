package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.Json;
import dev.kemudi.apiserver.Https.Reply;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HttpSemanticsTest {
    private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

    @TempDir static Path pki;

    private static RunningServer running;
    private static Https https;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Limits.defaults(), 0);
        https = Https.admin(pki, running.server.port());
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    private static String configMap(String name, String value) {
        return """
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"%s","labels":{"group":"g"}},
         "data":{"k":"%s"}}\
        """
                .formatted(name, value);
    }

    @Test
    void bothHttpVersionsAreServed() {
        assertThat(https.get("/version").response().version()).isEqualTo(HttpClient.Version.HTTP_2);
        try (Https old =
                new Https(
                        pki,
                        running.server.port(),
                        HttpClient.Version.HTTP_1_1,
                        Optional.of(Https.token(pki)))) {
            assertThat(old.get("/api/v1/namespaces").code()).isEqualTo(200);
        }
    }

    @Test
    void anonymousClientsSeeHealthAndVersionAndNothingElse() {
        try (Https anonymous =
                new Https(
                        pki, running.server.port(), HttpClient.Version.HTTP_2, Optional.empty())) {
            for (String path : List.of("/healthz", "/livez", "/readyz", "/version")) {
                assertThat(anonymous.get(path).code()).as(path).isEqualTo(200);
            }
            for (String path :
                    List.of("/", "/api", "/apis", "/openapi/v3", CONFIG_MAPS, "/nowhere")) {
                Reply reply = anonymous.get(path);
                assertThat(reply.code()).as(path).isEqualTo(403);
                assertThat(reply.message()).contains("User \"system:anonymous\" cannot");
            }
        }
        try (Https wrong =
                new Https(
                        pki,
                        running.server.port(),
                        HttpClient.Version.HTTP_2,
                        Optional.of("guess"))) {
            assertThat(wrong.get("/api").code()).isEqualTo(401);
            assertThat(wrong.get("/livez").code()).isEqualTo(401);
        }
    }

    @Test
    void aResourceVersionThatIsNotTheStoredOneIsAConflict() {
        JsonNode made = https.post(CONFIG_MAPS, configMap("conflicted", "1")).body();
        String body = made.toString().replace("\"k\":\"1\"", "\"k\":\"2\"");
        assertThat(https.send("PUT", CONFIG_MAPS + "/conflicted", "application/json", body).code())
                .isEqualTo(200);
        Reply stale = https.send("PUT", CONFIG_MAPS + "/conflicted", "application/json", body);
        assertThat(stale.code()).isEqualTo(409);
        assertThat(stale.reason()).isEqualTo("Conflict");
        assertThat(stale.message()).contains("the object has been modified");
    }

    @Test
    void anUpdateThatChangesNothingMakesNoNewVersion() {
        JsonNode made = https.post(CONFIG_MAPS, configMap("same", "1")).body();
        JsonNode again =
                https.send("PUT", CONFIG_MAPS + "/same", "application/json", made.toString())
                        .body();
        assertThat(again.at("/metadata/resourceVersion"))
                .isEqualTo(made.at("/metadata/resourceVersion"));
    }

    @Test
    void strictValidationRefusesUnknownFieldsAndWarnTellsOfThem() {
        String body = "{\"metadata\":{\"name\":\"odd\"},\"dada\":{}}";
        Reply strict = https.post(CONFIG_MAPS + "?fieldValidation=Strict", body);
        assertThat(strict.code()).isEqualTo(400);
        assertThat(strict.message()).contains("strict decoding error: unknown field \"dada\"");
        Reply warned = https.post(CONFIG_MAPS + "?fieldValidation=Warn", body);
        assertThat(warned.code()).isEqualTo(201);
        assertThat(warned.response().headers().firstValue("Warning").orElse(""))
                .contains("unknown field");
        assertThat(warned.body().has("dada")).isFalse();
    }

    @Test
    void aDryRunAnswersAndStoresNothing() {
        assertThat(https.post(CONFIG_MAPS + "?dryRun=All", configMap("dry", "1")).code())
                .isEqualTo(201);
        assertThat(https.get(CONFIG_MAPS + "/dry").code()).isEqualTo(404);
    }

    @Test
    void generateNameMakesANewNameEachTime() {
        String body = "{\"metadata\":{\"generateName\":\"gen-\"}}";
        String first = https.post(CONFIG_MAPS, body).body().at("/metadata/name").asText();
        String second = https.post(CONFIG_MAPS, body).body().at("/metadata/name").asText();
        assertThat(first).startsWith("gen-").isNotEqualTo(second);
    }

    @Test
    void aListIsPagedOverOneSnapshot() {
        for (int i = 0; i < 5; i++) {
            https.post(CONFIG_MAPS, configMap("page-" + i, "1").replace("\"g\"", "\"paged\""));
        }
        String query = CONFIG_MAPS + "?labelSelector=group%3Dpaged&limit=2";
        JsonNode first = https.get(query).body();
        https.send("DELETE", CONFIG_MAPS + "/page-3", "application/json", "{}");
        https.post(CONFIG_MAPS, configMap("page-9", "1").replace("\"g\"", "\"paged\""));
        List<String> names = new ArrayList<>();
        JsonNode page = first;
        while (true) {
            page.path("items").forEach(item -> names.add(item.at("/metadata/name").asText()));
            assertThat(page.at("/metadata/resourceVersion"))
                    .isEqualTo(first.at("/metadata/resourceVersion"));
            String token = page.at("/metadata/continue").asText("");
            if (token.isEmpty()) {
                break;
            }
            page = https.get(query + "&continue=" + token).body();
        }
        assertThat(names).containsExactly("page-0", "page-1", "page-2", "page-3", "page-4");
        Reply forged = https.get(query + "&continue=bm90IG91cnM");
        assertThat(forged.code()).isEqualTo(400);
    }

    @Test
    void aFinalizerHoldsADeletedObjectUntilItIsRemoved() {
        String body = "{\"metadata\":{\"name\":\"held\",\"finalizers\":[\"example.com/hold\"]}}";
        https.post(CONFIG_MAPS, body);
        Reply deleted = https.send("DELETE", CONFIG_MAPS + "/held", "application/json", "{}");
        assertThat(deleted.body().at("/metadata/deletionTimestamp").asText()).isNotEmpty();
        assertThat(https.get(CONFIG_MAPS + "/held").code()).isEqualTo(200);
        Reply freed =
                https.send(
                        "PATCH",
                        CONFIG_MAPS + "/held",
                        "application/merge-patch+json",
                        "{\"metadata\":{\"finalizers\":null}}");
        assertThat(freed.code()).isEqualTo(200);
        assertThat(https.get(CONFIG_MAPS + "/held").code()).isEqualTo(404);
    }

    @Test
    void deletionMindsItsPreconditions() {
        https.post(CONFIG_MAPS, configMap("guarded", "1"));
        Reply other =
                https.send(
                        "DELETE",
                        CONFIG_MAPS + "/guarded",
                        "application/json",
                        "{\"preconditions\":{\"uid\":\"other\"}}");
        assertThat(other.code()).isEqualTo(409);
        assertThat(https.get(CONFIG_MAPS + "/guarded").code()).isEqualTo(200);
    }

    @Test
    void writesNeedANamespaceThatIsThereAndNotGoing() {
        Reply missing = https.post("/api/v1/namespaces/nowhere/configmaps", configMap("a", "1"));
        assertThat(missing.code()).isEqualTo(404);
        assertThat(missing.message()).isEqualTo("namespaces \"nowhere\" not found");
        https.post("/api/v1/namespaces", "{\"metadata\":{\"name\":\"going\"}}");
        Reply going = https.send("DELETE", "/api/v1/namespaces/going", "application/json", "{}");
        assertThat(going.body().at("/status/phase").asText()).isEqualTo("Terminating");
        assertThat(https.post("/api/v1/namespaces/going/configmaps", configMap("a", "1")).code())
                .isEqualTo(403);
        ((com.fasterxml.jackson.databind.node.ObjectNode) going.body().path("spec"))
                .remove("finalizers");
        Reply finalized =
                https.send(
                        "PUT",
                        "/api/v1/namespaces/going/finalize",
                        "application/json",
                        going.body().toString());
        assertThat(finalized.code()).isEqualTo(200);
        assertThat(https.get("/api/v1/namespaces/going").code()).isEqualTo(404);
    }

    @Test
    void fieldSelectorsThatAreNotServedAreRefused() {
        assertThat(https.get(CONFIG_MAPS + "?fieldSelector=metadata.name%3Dx").code())
                .isEqualTo(200);
        assertThat(https.get(CONFIG_MAPS + "?fieldSelector=data.k%3Dx").code()).isEqualTo(400);
        assertThat(https.get(CONFIG_MAPS + "?labelSelector=a+in+(b").code()).isEqualTo(400);
    }

    @Test
    void yamlIsReadAndWritten() {
        Reply made =
                https.send(
                        "POST",
                        CONFIG_MAPS,
                        "application/yaml",
                        "metadata:\n  name: from-yaml\ndata:\n  k: \"1\"\n");
        assertThat(made.code()).isEqualTo(201);
        Reply read =
                https.send(
                        https.request(CONFIG_MAPS + "/from-yaml")
                                .header("Accept", "application/yaml")
                                .build());
        assertThat(new String(read.response().body(), StandardCharsets.UTF_8))
                .contains("name: from-yaml");
    }

    @Test
    void aTableHasTheKindsColumns() {
        https.post(CONFIG_MAPS, configMap("tabled", "1"));
        JsonNode table =
                https.send(
                                https.request(CONFIG_MAPS + "/tabled")
                                        .header(
                                                "Accept",
                                                "application/json;as=Table;v=v1;g=meta.k8s.io,"
                                                        + "application/json")
                                        .build())
                        .body();
        assertThat(table.path("kind").asText()).isEqualTo("Table");
        assertThat(table.at("/columnDefinitions/0/name").asText()).isEqualTo("Name");
        assertThat(table.at("/rows/0/cells/0").asText()).isEqualTo("tabled");
        assertThat(table.at("/rows/0/object/kind").asText()).isEqualTo("PartialObjectMetadata");
    }

    @Test
    void discoveryIsAnswered304ToWhoHasIt() {
        Reply first = https.get("/apis");
        String etag = first.response().headers().firstValue("ETag").orElseThrow();
        assertThat(https.send(https.request("/apis").header("If-None-Match", etag).build()).code())
                .isEqualTo(304);
    }

    private static JsonNode next(BufferedReader lines) throws IOException {
        return Json.MAPPER.readTree(lines.readLine());
    }

    private static BufferedReader watch(String query) {
        return new BufferedReader(
                new InputStreamReader(
                        https.stream(CONFIG_MAPS + "?watch=true&timeoutSeconds=30&" + query),
                        StandardCharsets.UTF_8));
    }

    @Test
    void aWatchToldToSendInitialEventsMarksTheirEnd() throws IOException {
        https.post(CONFIG_MAPS, configMap("listed", "1").replace("\"g\"", "\"wl\""));
        String query =
                "labelSelector=group%3Dwl&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
                        + "&allowWatchBookmarks=true";
        try (BufferedReader lines = watch(query)) {
            assertThat(next(lines).path("type").asText()).isEqualTo("ADDED");
            JsonNode end = next(lines);
            assertThat(end.path("type").asText()).isEqualTo("BOOKMARK");
            assertThat(end.at("/object/metadata/annotations/k8s.io~1initial-events-end").asText())
                    .isEqualTo("true");
        }
    }

    @Test
    void aWatchSeesWhatBeginsAndEndsToMatchItsSelector() throws IOException {
        String from = https.get(CONFIG_MAPS).body().at("/metadata/resourceVersion").asText();
        try (BufferedReader lines = watch("labelSelector=group%3Dsel&resourceVersion=" + from)) {
            https.post(CONFIG_MAPS, configMap("selected", "1"));
            String type = "application/merge-patch+json";
            String path = CONFIG_MAPS + "/selected";
            https.send("PATCH", path, type, "{\"metadata\":{\"labels\":{\"group\":\"sel\"}}}");
            https.send("PATCH", path, type, "{\"data\":{\"k\":\"2\"}}");
            https.send("PATCH", path, type, "{\"metadata\":{\"labels\":{\"group\":\"g\"}}}");
            assertThat(next(lines).path("type").asText()).isEqualTo("ADDED");
            assertThat(next(lines).path("type").asText()).isEqualTo("MODIFIED");
            assertThat(next(lines).path("type").asText()).isEqualTo("DELETED");
        }
    }

    @Test
    void anOccupiedPortIsOneClearSentence() {
        assertThatThrownBy(() -> new RunningServer(pki, Limits.defaults(), running.server.port()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("127.0.0.1:" + running.server.port())
                .hasMessageContaining("choose another port");
    }
}
