package dev.kemudi.observe;

import static dev.kemudi.observe.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kemudi.kernel.BoundedExecutor;
import dev.kemudi.kernel.EventBroker;
import dev.kemudi.kernel.TraceContext;
import dev.kemudi.kernel.Tracer;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MetricsServerTest {
    private static final Limits LIMITS = new Limits(1, 64, 2, 8, 8, 4, 10, 2_000, 2);

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final SpanExporter spans = SpanExporter.local(LIMITS, registry);
    private final AtomicReference<Optional<String>> notReady =
            new AtomicReference<>(Optional.empty());
    private final HttpClient client = HttpClient.newHttpClient();
    private MetricsServer server;

    @BeforeEach
    void start() throws IOException {
        server =
                new MetricsServer(loopback(0), "1.2.3", registry, notReady::get, spans, LIMITS)
                        .start();
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        server.close();
        spans.close();
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    private HttpResponse<String> get(String path, String... headers)
            throws IOException, InterruptedException {
        return client.send(request(path, headers).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return request;
    }

    @Test
    void prometheusTextIsServedByDefault() throws Exception {
        HttpResponse<String> answer = get("/metrics");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
                .startsWith("text/plain; version=0.0.4");
        assertThat(answer.body())
                .contains(
                        "kemudi_build_info{java=\"" + Runtime.version() + "\",version=\"1.2.3\"} 1")
                .contains("process_resident_memory_bytes")
                .contains("jvm_memory_used_bytes")
                .contains("jvm_threads_current")
                .contains("kemudi_observe_spans_total 0.0");
        assertThat(get("/metrics").statusCode()).isEqualTo(200);
    }

    @Test
    void openMetricsIsServedToWhoAsksForIt() throws Exception {
        HttpResponse<String> answer =
                get("/metrics", "Accept", "application/openmetrics-text; version=1.0.0");
        assertThat(answer.headers().firstValue("Content-Type").orElseThrow())
                .startsWith("application/openmetrics-text");
        assertThat(answer.body()).endsWith("# EOF\n");
    }

    @Test
    void gzipIsServedToWhoAcceptsIt() throws Exception {
        HttpResponse<byte[]> answer =
                client.send(
                        request("/metrics", "Accept-Encoding", "br, gzip;q=0.5").build(),
                        HttpResponse.BodyHandlers.ofByteArray());
        assertThat(answer.headers().firstValue("Content-Encoding")).contains("gzip");
        try (InputStream plain = new GZIPInputStream(new ByteArrayInputStream(answer.body()))) {
            assertThat(new String(plain.readAllBytes(), StandardCharsets.UTF_8))
                    .contains("kemudi_build_info");
        }
        assertThat(
                        get("/metrics", "Accept-Encoding", "gzip;q=0")
                                .headers()
                                .firstValue("Content-Encoding"))
                .isEmpty();
    }

    @Test
    void promtoolFindsNothingToComplainAbout() throws Exception {
        boolean present = Files.isExecutable(Path.of("/usr/bin/promtool"));
        assumeTrue(
                present,
                "skipped: promtool is not at /usr/bin/promtool (Debian package prometheus)");
        try (BoundedExecutor executor =
                        new BoundedExecutor(
                                "test", 2, dev.kemudi.kernel.Limits.defaults(), registry);
                EventBroker<String> broker =
                        new EventBroker<>("test", dev.kemudi.kernel.Limits.defaults(), registry)) {
            broker.publish("event");
            executor.offer(() -> {});
            Process promtool =
                    new ProcessBuilder("/usr/bin/promtool", "check", "metrics")
                            .redirectErrorStream(true)
                            .start();
            promtool.getOutputStream()
                    .write(get("/metrics").body().getBytes(StandardCharsets.UTF_8));
            promtool.getOutputStream().close();
            String complaints =
                    new String(promtool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(promtool.waitFor()).as(complaints).isZero();
            assertThat(complaints).isEmpty();
        }
    }

    @Test
    void readinessSaysWhatIsMissing() throws Exception {
        assertThat(get("/healthz").body()).isEqualTo("ok\n");
        assertThat(get("/readyz").statusCode()).isEqualTo(200);
        notReady.set(Optional.of("the store replays its log"));
        HttpResponse<String> answer = get("/readyz");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).isEqualTo("the store replays its log\n");
    }

    @Test
    void everythingElseIsRefusedInOneLine() throws Exception {
        assertThat(get("/nothing").statusCode()).isEqualTo(404);
        assertThat(get("/metrics/../secret").statusCode()).isEqualTo(404);
        HttpResponse<String> post =
                client.send(
                        request("/metrics").POST(HttpRequest.BodyPublishers.ofString("x")).build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(post.statusCode()).isEqualTo(405);
        assertThat(post.headers().firstValue("Allow")).contains("GET, HEAD");
        assertThat(post.body().lines()).hasSize(1);
        HttpResponse<String> head =
                client.send(
                        request("/healthz")
                                .method("HEAD", HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
    }

    @Test
    void keptSpansOfATraceCanBeReadAndTheRingIsBounded() throws Exception {
        TraceContext first = TraceContext.root(true);
        spans.finished(
                new Tracer.Span(
                        first, 0, "GET /", Tracer.Kind.SERVER, 1_000, 500, "broken \"pipe\"\n"));
        assertThat(get("/debug/traces?trace=" + first.traceId()).body())
                .contains("\"traceId\":\"" + first.traceId() + "\"")
                .contains("\"endTimeUnixNano\":\"1500\"")
                .contains("broken \\\"pipe\\\"\\u000a");
        for (int i = 0; i < LIMITS.spansKept(); i++) {
            spans.finished(
                    new Tracer.Span(
                            TraceContext.root(true), 0, "x", Tracer.Kind.INTERNAL, 1, 1, ""));
        }
        assertThat(get("/debug/traces?trace=" + first.traceId()).body())
                .doesNotContain(first.traceId());
        assertThat(spans.kept("")).hasSize(LIMITS.spansKept());
        assertThat(get("/debug/traces?trace=../etc").statusCode()).isEqualTo(400);
    }

    @Test
    void scrapesAtOnceAreBounded() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        get("/metrics");
        GaugeWithCallback.builder()
                .name("slow")
                .help("Blocks a scrape.")
                .callback(callback -> {
                    entered.countDown();
                    await(release);
                    callback.call(1);
                })
                .register(registry);
        var slow =
                client.sendAsync(request("/metrics").build(), HttpResponse.BodyHandlers.ofString());
        entered.await();
        HttpResponse<String> second = get("/metrics");
        assertThat(second.statusCode()).isEqualTo(503);
        assertThat(second.headers().firstValue("Retry-After")).contains("1");
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
        release.countDown();
        assertThat(slow.join().statusCode()).isEqualTo(200);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aClientThatNeverFinishesItsRequestIsCutOff() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream().write("GET /metrics HTT".getBytes(StandardCharsets.US_ASCII));
            socket.setSoTimeout(15_000);
            eventually("the server hangs up", () -> hungUp(socket));
        }
    }

    private static boolean hungUp(Socket socket) {
        try {
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Test
    void anOccupiedPortIsNamed() {
        assertThatThrownBy(() ->
                        new MetricsServer(
                                loopback(server.port()),
                                "1",
                                registry,
                                Optional::empty,
                                spans,
                                LIMITS))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(":" + server.port())
                .hasMessageContaining("--metrics-port");
    }
}
