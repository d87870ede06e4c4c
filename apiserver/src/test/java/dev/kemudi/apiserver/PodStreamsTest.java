package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.api.Json;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.dsl.ExecWatch;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Attach, port-forward and watches on connections that were taken over. */
@Timeout(60)
final class PodStreamsTest {
    @TempDir static Path pki;
    static RunningServer running;
    static KubernetesClient fabric8;
    static HttpClient http;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Limits.defaults(), 0);
        fabric8 =
                new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(running.server.kubeconfig()))
                        .build();
        http = HttpClient.newBuilder().sslContext(Https.trusting(pki)).build();
        fabric8.pods()
                .inNamespace("default")
                .resource(
                        new PodBuilder()
                                .withNewMetadata()
                                .withName("p")
                                .endMetadata()
                                .withNewSpec()
                                .addNewContainer()
                                .withName("c")
                                .withImage("host")
                                .endContainer()
                                .endSpec()
                                .build())
                .create();
    }

    @AfterAll
    static void stop() {
        http.shutdownNow();
        fabric8.close();
        running.close();
    }

    /** What a WebSocket's client hears, in order; closing is the message {@code closed CODE}. */
    private static final class Heard implements WebSocket.Listener {
        final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        private final StringBuilder part = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(
                WebSocket socket, CharSequence text, boolean last) {
            part.append(text);
            if (last) {
                messages.add(part.toString());
                part.setLength(0);
            }
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            messages.add("closed " + code);
            return null;
        }

        String next() throws InterruptedException {
            String message = messages.poll(20, TimeUnit.SECONDS);
            assertThat(message).as("a message within 20 s").isNotNull();
            return message;
        }
    }

    private static WebSocket open(String path, Heard heard) {
        return http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + Https.token(pki))
                .buildAsync(URI.create("wss://127.0.0.1:" + running.server.port() + path), heard)
                .join();
    }

    @Test
    void aWatchOverAWebSocketTellsEachEventAsOneMessageAndSaysGoodbye() throws Exception {
        Heard heard = new Heard();
        WebSocket socket =
                open(
                        "/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=3"
                                + "&fieldSelector=metadata.name%3Dwatched",
                        heard);
        try (Https https = Https.admin(pki, running.server.port())) {
            https.post(
                    "/api/v1/namespaces/default/configmaps",
                    "{\"metadata\":{\"name\":\"watched\"},\"data\":{\"k\":\"v\"}}");
        }
        var event = Json.MAPPER.readTree(heard.next());
        assertThat(event.path("type").asText()).isEqualTo("ADDED");
        assertThat(event.at("/object/data/k").asText()).isEqualTo("v");
        assertThat(heard.next()).isEqualTo("closed 1000");
        socket.abort();
        Eventually.holds("no watch is open", () -> running.openWatches() == 0);
    }

    @Test
    void aWatchWhoseClientLeavesIsNoticedThoughNothingHappens() throws Exception {
        WebSocket socket = open("/api/v1/namespaces/default/secrets?watch=true", new Heard());
        Eventually.holds("the watch is open", () -> running.openWatches() == 1);
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
        Eventually.holds("the watch is closed", () -> running.openWatches() == 0);
        open("/api/v1/namespaces/default/secrets?watch=true", new Heard()).abort();
        Eventually.holds("the watch is closed too", () -> running.openWatches() == 0);
    }

    @Test
    void aWatchThatIsRefusedIsRefusedAsPlainHttp() {
        assertThatThrownBy(() -> open("/api/v1/nothings?watch=true", new Heard()))
                .isInstanceOf(CompletionException.class)
                .cause()
                .isInstanceOfSatisfying(
                        WebSocketHandshakeException.class,
                        e -> assertThat(e.getResponse().statusCode()).isEqualTo(404));
    }

    @Test
    void attachCopiesBothWaysUntilTheClientEnds() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ExecWatch attached =
                fabric8.pods()
                        .inNamespace("default")
                        .withName("p")
                        .readingInput(
                                new ByteArrayInputStream(
                                        "hello\n".getBytes(StandardCharsets.UTF_8)))
                        .writingOutput(out)
                        .attach()) {
            Eventually.holds(
                    "both lines came",
                    () -> out.toString(StandardCharsets.UTF_8).equals("attached to c\nhello\n"));
        }
    }

    /** Answers each connection with what it sent, when it has sent all. */
    private static ServerSocket echo() throws IOException {
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual()
                .start(() -> {
                    while (true) {
                        try (Socket socket = server.accept()) {
                            byte[] line = new byte[6];
                            int read = socket.getInputStream().readNBytes(line, 0, 6);
                            socket.getOutputStream().write(line, 0, read);
                        } catch (IOException e) {
                            return; // closed by the test
                        }
                    }
                });
        return server;
    }

    @Test
    void aForwardedPortCarriesConnectionAfterConnection() throws IOException {
        try (ServerSocket echo = echo();
                LocalPortForward forward =
                        fabric8.pods()
                                .inNamespace("default")
                                .withName("p")
                                .portForward(echo.getLocalPort())) {
            for (int i = 0; i < 3; i++) {
                try (Socket socket =
                        new Socket(InetAddress.getLoopbackAddress(), forward.getLocalPort())) {
                    byte[] line = ("line " + i).getBytes(StandardCharsets.UTF_8);
                    socket.getOutputStream().write(line);
                    assertThat(socket.getInputStream().readNBytes(6)).isEqualTo(line);
                }
            }
            assertThat(forward.errorOccurred()).isFalse();
        }
    }

    @Test
    void aPortWhereNothingListensIsToldInWords() throws Exception {
        int free;
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = probe.getLocalPort();
        }
        try (LocalPortForward forward =
                        fabric8.pods().inNamespace("default").withName("p").portForward(free);
                Socket socket =
                        new Socket(InetAddress.getLoopbackAddress(), forward.getLocalPort());
                InputStream in = socket.getInputStream()) {
            assertThat(in.read()).isEqualTo(-1);
            Eventually.holds("the reason came", () -> !forward.getServerThrowables().isEmpty());
            assertThat(forward.getServerThrowables().iterator().next())
                    .hasMessageContaining("error forwarding port " + free + " to pod p")
                    .hasMessageContaining("refused");
        }
    }

    @Test
    void aRequestThatIsWrongIsToldBeforeTheConnectionIsTakenOver() {
        try (Https https = Https.admin(pki, running.server.port())) {
            String pod = "/api/v1/namespaces/default/pods/p/portforward";
            assertThat(https.get(pod + "?ports=0").message())
                    .isEqualTo("ports: expected 1 to 65535, found \"0\"");
            assertThat(https.get(pod + "?ports=a").message())
                    .isEqualTo("ports: expected numbers, found \"a\"");
            assertThat(https.get(pod + "?ports=80").message())
                    .startsWith("portforward needs an upgrade to WebSocket");
            assertThat(https.get("/api/v1/namespaces/default/pods/none/portforward").code())
                    .isEqualTo(404);
        }
    }
}
