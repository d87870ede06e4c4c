package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.Json;
import dev.kemudi.apiserver.Https.Reply;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One kept event, seen through the core group and through events.k8s.io. */
final class EventVersionsTest {
    private static final String CORE = "/api/v1/namespaces/default/events";
    private static final String NEW = "/apis/events.k8s.io/v1/namespaces/default/events";

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

    private static String event(String name) {
        return """
        {"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"%s"},
         "eventTime":"2026-01-01T00:00:00.000001Z","reportingController":"example.com/operator",
         "reportingInstance":"operator-0","action":"Scale","reason":"Scaled","type":"Normal","note":"up",
         "regarding":{"kind":"Pod","namespace":"default","name":"web"}}\
        """
                .formatted(name);
    }

    @Test
    void whatANewRecorderWritesIsReadByOldClients() {
        Reply made = https.post(NEW, event("written-new"));
        assertThat(made.code()).as(made.message()).isEqualTo(201);
        assertThat(made.body().path("note").asText()).isEqualTo("up");

        JsonNode old = https.get(CORE + "/written-new").body();
        assertThat(old.path("apiVersion").asText()).isEqualTo("v1");
        assertThat(old.path("message").asText()).isEqualTo("up");
        assertThat(old.at("/involvedObject/name").asText()).isEqualTo("web");
        assertThat(old.path("reportingComponent").asText()).isEqualTo("example.com/operator");
        assertThat(old.has("note")).isFalse();

        Reply repeated =
                https.send(
                        "PATCH",
                        NEW + "/written-new",
                        "application/merge-patch+json",
                        "{\"series\":{\"count\":2,\"lastObservedTime\":\"2026-01-01T00:01:00.000000Z\"}}");
        assertThat(repeated.code()).as(repeated.message()).isEqualTo(200);
        assertThat(https.get(CORE + "/written-new").body().at("/series/count").asInt())
                .isEqualTo(2);
    }

    @Test
    void whatAnOldRecorderWritesIsReadByNewClients() {
        https.post(
                CORE,
                "{\"metadata\":{\"name\":\"written-old\"},\"message\":\"m\",\"reason\":\"R\",\"count\":3,"
                        + "\"source\":{\"component\":\"kubelet\"},"
                        + "\"involvedObject\":{\"kind\":\"Pod\",\"namespace\":\"default\",\"name\":\"db\"}}");
        Reply listed = https.get(NEW + "?fieldSelector=regarding.name%3Ddb");
        assertThat(listed.body().path("apiVersion").asText()).isEqualTo("events.k8s.io/v1");
        assertThat(listed.body().path("items")).hasSize(1);
        JsonNode event = listed.body().at("/items/0");
        assertThat(event.path("note").asText()).isEqualTo("m");
        assertThat(event.path("deprecatedCount").asInt()).isEqualTo(3);
        assertThat(event.at("/deprecatedSource/component").asText()).isEqualTo("kubelet");
        assertThat(https.get(NEW + "?fieldSelector=involvedObject.name%3Ddb").code())
                .isEqualTo(400);
    }

    @Test
    void aWatchShowsEventsInItsOwnVersion() throws IOException {
        String revision = https.get(NEW).body().at("/metadata/resourceVersion").asText();
        https.post(NEW, event("watched"));
        try (BufferedReader lines =
                new BufferedReader(
                        new InputStreamReader(
                                https.stream(NEW + "?watch=true&resourceVersion=" + revision),
                                StandardCharsets.UTF_8))) {
            JsonNode seen = Json.MAPPER.readTree(lines.readLine());
            assertThat(seen.at("/object/apiVersion").asText()).isEqualTo("events.k8s.io/v1");
            assertThat(seen.at("/object/regarding/name").asText()).isEqualTo("web");
        }
    }

    @Test
    void whatANewRecorderLeavesOutIsNamedAndWhatItSaidStays() {
        Reply empty =
                https.post(
                        NEW,
                        "{\"metadata\":{\"name\":\"e\"},\"deprecatedCount\":1,"
                                + "\"regarding\":{\"namespace\":\"default\"}}");
        assertThat(empty.code()).isEqualTo(422);
        assertThat(empty.message())
                .contains("eventTime: Required value")
                .contains("reportingController: Required value")
                .contains("count: Invalid value: \"\": needs to be unset");
        https.post(NEW, event("fixed"));
        Reply changed =
                https.send(
                        "PATCH",
                        NEW + "/fixed",
                        "application/merge-patch+json",
                        "{\"reason\":\"Other\"}");
        assertThat(changed.code()).isEqualTo(422);
        assertThat(changed.message())
                .contains("reason: Invalid value: \"Other\": field is immutable");
    }

    @Test
    void deletingItInOneVersionDeletesIt() {
        https.post(NEW, event("short"));
        assertThat(https.send("DELETE", CORE + "/short", "application/json", "").code())
                .isEqualTo(200);
        assertThat(https.get(NEW + "/short").code()).isEqualTo(404);
    }
}
