package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.apiserver.Https.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BadInputTest {
    private static final String CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

    @TempDir static Path pki;

    private static RunningServer running;
    private static Https https;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Small.limits(), 0);
        https = Https.admin(pki, running.server.port());
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    private static void stillServes() {
        assertThat(https.get(CONFIG_MAPS).code()).isEqualTo(200);
    }

    private static Reply refused(String contentType, String body) {
        Reply reply = https.send("POST", CONFIG_MAPS, contentType, body);
        assertThat(reply.code()).as(body.substring(0, Math.min(40, body.length()))).isEqualTo(400);
        assertThat(reply.body().path("kind").asText()).isEqualTo("Status");
        return reply;
    }

    @Test
    void malformedBodiesAreRefusedWithWhereTheyGoWrong() {
        assertThat(refused("application/json", "{\"metadata\":{").message()).contains("line 1");
        refused("application/json", "");
        refused("application/json", "[]");
        refused("application/json", "\"text\"");
        refused("application/json", "{} {}");
        refused("application/json", "{\"metadata\":7}");
        refused("application/yaml", "a: b: c:\n  - d\n e");
        refused("application/yaml", "a: &x [*x]");
        refused("application/vnd.kubernetes.protobuf", "not protobuf");
        refused("application/vnd.kubernetes.protobuf", "k8s\0\u0001\u0002\u0003");
        stillServes();
    }

    @Test
    void duplicateKeysAreRefused() {
        assertThat(
                        refused(
                                        "application/json",
                                        "{\"metadata\":{\"name\":\"a\",\"name\":\"b\"}}")
                                .message())
                .contains("Duplicate field");
        refused("application/yaml", "metadata: {name: a, name: b}");
    }

    @Test
    void nestingBeyondReasonIsRefused() {
        refused("application/json", "{\"a\":".repeat(100_000));
        refused("application/json", "[".repeat(1_000) + "]".repeat(1_000));
        refused("application/yaml", "[".repeat(20_000) + "]".repeat(20_000));
        stillServes();
    }

    @Test
    void aYamlBombIsRefused() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
        for (int i = 1; i < 60; i++) {
            bomb.append("a%d: &a%d [*a%d,*a%d]\n".formatted(i, i, i - 1, i - 1));
        }
        refused("application/yaml", bomb.toString());
        stillServes();
    }

    @Test
    void invalidUtf8IsRefused() {
        byte[] body = "{\"metadata\":{\"name\":\"x?\"}}".getBytes(StandardCharsets.UTF_8);
        body[body.length - 4] = (byte) 0xc3;
        Reply reply =
                https.send(
                        "POST", CONFIG_MAPS, "application/json", BodyPublishers.ofByteArray(body));
        assertThat(reply.code()).isEqualTo(400);
        assertThat(reply.message()).contains("UTF-8");
    }

    @Test
    void aBodyOfTenMegabytesIsTooLargeWhetherItSaysSoOrNot() {
        byte[] body = new byte[10_000_000];
        Reply said =
                https.send(
                        "POST", CONFIG_MAPS, "application/json", BodyPublishers.ofByteArray(body));
        assertThat(said.code()).isEqualTo(413);
        assertThat(said.reason()).isEqualTo("RequestEntityTooLarge");
        var unsaid = BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(body));
        assertThat(https.send("POST", CONFIG_MAPS, "application/json", unsaid).code())
                .isEqualTo(413);
        stillServes();
    }

    @Test
    void namesCannotLeaveTheirPlace() {
        for (String name :
                List.of("..%2f..%2fsecrets", "%2e%2e", "a%2fb", "a%00b", "a%252fb", "%c3%28")) {
            int code = https.get(CONFIG_MAPS + "/" + name).code();
            assertThat(code).as(name).isIn(400, 404);
        }
        for (String name :
                List.of("../x", "a/b", "A", "a b", "-a", "a%2fb", "é", "x".repeat(300))) {
            Reply reply = https.post(CONFIG_MAPS, "{\"metadata\":{\"name\":\"" + name + "\"}}");
            assertThat(reply.code()).as(name).isEqualTo(422);
            assertThat(reply.message()).contains("metadata.name");
        }
        stillServes();
    }

    @Test
    void aPatchBombIsRefused() {
        https.post(
                CONFIG_MAPS,
                "{\"metadata\":{\"name\":\"bombed\"},\"data\":{\"a\":\"aaaaaaaaaa\"}}");
        StringBuilder patch =
                new StringBuilder("[{\"op\":\"add\",\"path\":\"/data/a0\",\"value\":\"x\"}");
        for (int i = 0; i < 60; i++) {
            patch.append(",{\"op\":\"copy\",\"from\":\"\",\"path\":\"/data/c")
                    .append(i)
                    .append("\"}");
        }
        Reply reply =
                https.send(
                        "PATCH",
                        CONFIG_MAPS + "/bombed",
                        "application/json-patch+json",
                        patch.append(']').toString());
        assertThat(reply.code()).isIn(400, 413, 422);
        stillServes();
    }

    private static SSLSocket connect() throws IOException {
        return (SSLSocket)
                Https.trusting(pki)
                        .getSocketFactory()
                        .createSocket("127.0.0.1", running.server.port());
    }

    @Test
    void aClientThatNeverFinishesItsRequestIsCutOff() throws IOException {
        try (SSLSocket socket = connect()) {
            OutputStream out = socket.getOutputStream();
            String head =
                    "POST "
                            + CONFIG_MAPS
                            + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                            + Https.token(pki)
                            + "\r\nContent-Type: application/json\r\nContent-Length: "
                            + "1000\r\n\r\n{\"metadata\"";
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.flush();
            socket.setSoTimeout(20_000);
            InputStream in = socket.getInputStream();
            byte[] bytes = in.readAllBytes(); // ends: with a 408 or with the connection's end
            assertThat(new String(bytes, StandardCharsets.US_ASCII)).doesNotContain("201 Created");
        }
        stillServes();
    }

    @Test
    void aClientThatNeverReadsItsWatchIsCutOffAndOthersAreNot() throws Exception {
        ApiClient client = running.server.client("test");
        String filler = "x".repeat(100_000);
        try (SSLSocket socket = connect();
                var attentive =
                        client.watch(
                                Resource.CONFIG_MAPS,
                                "default",
                                new dev.kemudi.api.WatchOptions(
                                        "group=flood", "", "", false, 0, false))) {
            socket.setReceiveBufferSize(8_192);
            OutputStream out = socket.getOutputStream();
            String head =
                    "GET "
                            + CONFIG_MAPS
                            + "?watch=true&labelSelector=group%3Dflood HTTP/1.1\r\nHost: x\r\n"
                            + "Authorization: Bearer "
                            + Https.token(pki)
                            + "\r\n\r\n";
            out.write(head.getBytes(StandardCharsets.US_ASCII));
            out.flush();
            Eventually.holds("the watch is open", () -> running.openWatches() == 1);
            ApiObject object =
                    ApiObject.parse(
                            "{\"metadata\":{\"name\":\"flood\",\"namespace\":\"default\","
                                    + "\"labels\":{\"group\":\"flood\"}},\"data\":{\"n\":\"0\",\"f\":\""
                                    + filler
                                    + "\"}}");
            ApiObject current = client.create(Resource.CONFIG_MAPS, object);
            int changes = 0;
            while (running.openWatches() > 0 && changes < 2_000) {
                String n = Integer.toString(++changes);
                current =
                        client.update(
                                Resource.CONFIG_MAPS,
                                current.edit(t -> t.withObjectProperty("data").put("n", n)));
                assertThat(attentive.next()).isPresent();
            }
            Eventually.holds(
                    "the client that does not read is cut", () -> running.openWatches() == 0);
        }
        stillServes();
    }
}
