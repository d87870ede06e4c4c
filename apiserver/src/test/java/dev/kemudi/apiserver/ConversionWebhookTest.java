package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.apiserver.Https.Reply;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Custom resources in two versions that somebody else converts: v1 has host and port, v2 has both
 * in one.
 */
final class ConversionWebhookTest {
    private static final String DEFINITIONS =
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private static final String V1 = "/apis/example.org/v1/namespaces/default/";
    private static final String V2 = "/apis/example.org/v2/namespaces/default/";

    /** What the webhook does wrong now; empty when it does its work. */
    private static final AtomicReference<String> FAULT = new AtomicReference<>("");

    private static final AtomicInteger CALLS = new AtomicInteger();

    @TempDir static Path pki;
    @TempDir static Path others;

    private static RunningServer running;
    private static Https https;
    private static WebhookServer hooks;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Limits.defaults(), 0);
        https = Https.admin(pki, running.server.port());
        hooks = new WebhookServer(others);
        hooks.raw(
                "/convert",
                (exchange, body) -> {
                    CALLS.incrementAndGet();
                    WebhookServer.send(exchange, 200, answer(Json.MAPPER.readTree(body)));
                });
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
        hooks.close();
    }

    private static byte[] answer(JsonNode review) throws IOException {
        ObjectNode answer = Json.MAPPER.createObjectNode();
        answer.put("apiVersion", "apiextensions.k8s.io/v1").put("kind", "ConversionReview");
        ObjectNode response = answer.putObject("response");
        response.set("uid", review.at("/request/uid"));
        boolean refuses = "refuse".equals(FAULT.get());
        response.putObject("result")
                .put("status", refuses ? "Failure" : "Success")
                .put("message", refuses ? "no way back" : "");
        ArrayNode converted = response.putArray("convertedObjects");
        String to = review.at("/request/desiredAPIVersion").asText();
        for (JsonNode object : review.at("/request/objects")) {
            converted.add(converted(object.deepCopy(), to));
        }
        if ("lose".equals(FAULT.get())) {
            converted.remove(0);
        }
        return Json.MAPPER.writeValueAsBytes(answer);
    }

    private static ObjectNode converted(ObjectNode object, String to) {
        ObjectNode spec = object.withObjectProperty("spec");
        if (to.endsWith("/v2")) {
            spec.put("hostPort", spec.path("host").asText() + ":" + spec.path("port").asText());
            spec.remove("host");
            spec.remove("port");
        } else {
            String[] parts = spec.path("hostPort").asText().split(":");
            spec.put("host", parts[0]).put("port", parts[1]);
            spec.remove("hostPort");
        }
        ObjectNode metadata = object.withObjectProperty("metadata");
        metadata.withObjectProperty("annotations").put("converted-to", to);
        metadata.remove("creationTimestamp");
        if ("rename".equals(FAULT.get())) {
            metadata.put("name", "other");
        }
        return object.put("apiVersion", to);
    }

    private static Reply define(String plural, String kind, String conversion) {
        return https.post(
                DEFINITIONS,
                """
                {"metadata": {"name": "%1$s.example.org"},
                 "spec": {"group": "example.org", "scope": "Namespaced",
                   "names": {"plural": "%1$s", "kind": "%2$s"},
                   "conversion": %3$s,
                   "versions": [
                     {"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                       {"type": "object",
                       "properties": {"spec": {"type": "object", "properties": {
                         "host": {"type": "string"}, "port": {"type": "string"}}}}}}},
                     {"name": "v2", "served": true, "storage": false, "schema": {"openAPIV3Schema":
                       {"type": "object",
                       "properties": {"spec": {"type": "object", "properties": {
                         "hostPort": {"type": "string"}, "weight": {"type": "integer", "default": 1}}}}}}}]}}
                """
                        .formatted(plural, kind, conversion));
    }

    private static void defined(String plural, String kind) {
        FAULT.set("");
        Reply reply =
                define(
                        plural,
                        kind,
                        """
                        {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"],
                          "clientConfig": %s}}
                        """
                                .formatted(hooks.client("/convert")));
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
    }

    private static void made(String path, String name, String spec) {
        Reply reply =
                https.post(
                        path,
                        "{'metadata':{'name':'%s'},'spec':{%s}}"
                                .formatted(name, spec)
                                .replace('\'', '"'));
        assertThat(reply.code()).as(reply.message()).isEqualTo(201);
    }

    @Test
    void whatIsWrittenInOneVersionIsReadInTheOther() {
        defined("routes", "Route");
        made(V2 + "routes", "two", "'hostPort':'a:80'");
        made(V1 + "routes", "one", "'host':'b','port':'443'");

        JsonNode first = https.get(V1 + "routes/two").body();
        assertThat(first.path("spec").toString()).isEqualTo("{\"host\":\"a\",\"port\":\"80\"}");
        assertThat(first.at("/metadata/annotations/converted-to").asText())
                .isEqualTo("example.org/v1");
        assertThat(first.at("/metadata/creationTimestamp").asText()).isNotEmpty();
        JsonNode second = https.get(V2 + "routes/one").body();
        assertThat(second.path("apiVersion").asText()).isEqualTo("example.org/v2");
        assertThat(second.path("spec").toString())
                .isEqualTo("{\"hostPort\":\"b:443\",\"weight\":1}");

        Reply patched =
                https.send(
                        "PATCH",
                        V2 + "routes/one",
                        "application/merge-patch+json",
                        "{\"spec\":{\"hostPort\":\"c:1\"}}");
        assertThat(patched.code()).as(patched.message()).isEqualTo(200);
        assertThat(https.get(V1 + "routes/one").body().at("/spec/host").asText()).isEqualTo("c");
        assertThat(https.send("DELETE", V2 + "routes/one", "application/json", "").code())
                .isEqualTo(200);
    }

    @Test
    void aListIsConvertedInOneCallAndAWatchAsItGoes() throws IOException {
        defined("paths", "Path");
        for (int i = 0; i < 5; i++) {
            made(V1 + "paths", "p" + i, "'host':'h" + i + "','port':'1'");
        }
        int before = CALLS.get();
        Reply list = https.get(V2 + "paths");
        assertThat(CALLS.get() - before).isEqualTo(1);
        assertThat(list.body().at("/items/4/spec/hostPort").asText()).isEqualTo("h4:1");
        Resource resource = new Resource("example.org", "v2", "paths", "Path", true);
        assertThat(running.server.client("test").list(resource, "default", ListOptions.ALL).items())
                .extracting(ApiObject::apiVersion)
                .containsOnly("example.org/v2");

        String version = list.body().at("/metadata/resourceVersion").asText();
        try (BufferedReader events =
                new BufferedReader(
                        new InputStreamReader(
                                https.stream(
                                        V2
                                                + "paths?watch=true&timeoutSeconds=30&resourceVersion="
                                                + version),
                                StandardCharsets.UTF_8))) {
            made(V1 + "paths", "late", "'host':'z','port':'9'");
            JsonNode event = Json.MAPPER.readTree(events.readLine());
            assertThat(event.path("type").asText()).isEqualTo("ADDED");
            assertThat(event.at("/object/spec/hostPort").asText()).isEqualTo("z:9");
            FAULT.set("refuse");
            made(V1 + "paths", "never", "'host':'z','port':'9'");
            JsonNode error = Json.MAPPER.readTree(events.readLine());
            assertThat(error.path("type").asText()).isEqualTo("ERROR");
            assertThat(error.at("/object/message").asText()).contains("no way back");
            assertThat(events.readLine()).isNull();
        } finally {
            FAULT.set("");
        }
    }

    @Test
    void aWebhookThatFailsOrLiesIsNotBelieved() {
        defined("tracks", "Track");
        made(V1 + "tracks", "t", "'host':'h','port':'1'");

        assertThat(broken("refuse"))
                .isEqualTo("conversion webhook for example.org/v1, Kind=Track failed: no way back");
        assertThat(broken("lose"))
                .isEqualTo(
                        "conversion webhook for example.org/v1, Kind=Track returned 0 objects, expected 1");
        assertThat(broken("rename"))
                .isEqualTo(
                        "conversion webhook for example.org/v1, Kind=Track returned invalid converted"
                                + " object at index 0: metadata.name must not be changed:"
                                + " \"other\" != \"t\"");
        assertThat(https.get(V2 + "tracks/t").code()).isEqualTo(200);
    }

    private static String broken(String fault) {
        FAULT.set(fault);
        try {
            Reply read = https.get(V2 + "tracks/t");
            assertThat(read.code()).isEqualTo(500);
            assertThat(https.get(V2 + "tracks").message()).isEqualTo(read.message());
            assertThat(https.get(V1 + "tracks/t").code()).isEqualTo(200);
            return read.message();
        } finally {
            FAULT.set("");
        }
    }

    @Test
    void aWebhookMustSayWhereItIsAndWhatItSpeaks() {
        assertThat(define("lanes", "Lane", "{\"strategy\":\"Magic\"}").message())
                .contains("supported values: \"None\", \"Webhook\"");
        assertThat(define("lanes", "Lane", "{\"strategy\":\"Webhook\"}").message())
                .contains(
                        "spec.conversion.webhook.clientConfig: Required value: exactly one of url or"
                                + " service is required")
                .contains("spec.conversion.webhook.conversionReviewVersions: Required value");
        assertThat(
                        define(
                                        "lanes",
                                        "Lane",
                                        "{\"strategy\":\"None\",\"webhook\":"
                                                + "{\"conversionReviewVersions\":[\"v1\"]}}")
                                .message())
                .contains("should not be set when strategy is not set to Webhook");
    }

    @Test
    void whatWasStoredBeforeTheStorageVersionChangedIsShownAsWhatIsAskedFor() {
        assertThat(define("roads", "Road", "{\"strategy\":\"None\"}").code()).isEqualTo(201);
        made(V1 + "roads", "old", "'host':'h'");
        Reply moved =
                https.send(
                        "PATCH",
                        DEFINITIONS + "/roads.example.org",
                        "application/json-patch+json",
                        """
                        [{"op": "replace", "path": "/spec/versions/0/storage", "value": false},
                         {"op": "replace", "path": "/spec/versions/1/storage", "value": true}]
                        """);
        assertThat(moved.code()).as(moved.message()).isEqualTo(200);

        assertThat(https.get(V2 + "roads/old").body().path("apiVersion").asText())
                .isEqualTo("example.org/v2");
        assertThat(https.get(V2 + "roads").body().at("/items/0/apiVersion").asText())
                .isEqualTo("example.org/v2");
    }
}
