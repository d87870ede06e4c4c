package dev.kemudi.observe;

import static dev.kemudi.observe.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.kemudi.kernel.Context;
import dev.kemudi.kernel.Spans;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.TraceContext;
import dev.kemudi.kernel.Tracer;
import dev.kemudi.kernel.Tracer.Kind;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SpanExporterTest {
    private static final Limits LIMITS = new Limits(1, 64, 2, 8, 8, 4, 10, 2_000, 2);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Queue<JsonNode> received = new ConcurrentLinkedQueue<>();
    private final Queue<Integer> statuses = new ConcurrentLinkedQueue<>();
    private final Queue<String> tokens = new ConcurrentLinkedQueue<>();
    private final CountDownLatch open = new CountDownLatch(1);
    private HttpServer collector;

    @BeforeAll
    static void boundTheJdkServerFirst() {
        // The JDK's server reads its limits once in a process; this test may be the first to start
        // one.
        MetricsServer.boundTheJdkServer(LIMITS);
    }

    @BeforeEach
    void startCollector() throws IOException {
        collector =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", this::collect);
        collector.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        collector.start();
    }

    @AfterEach
    void stopCollector() {
        open.countDown();
        collector.stop(0);
    }

    private void collect(HttpExchange exchange) throws IOException {
        try (exchange) {
            open.await();
            JsonNode body = JSON.readTree(exchange.getRequestBody().readAllBytes());
            Integer status = statuses.poll();
            if (status == null) {
                tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("x-token")));
                assertThat(exchange.getRequestHeaders().getFirst("Content-Type"))
                        .isEqualTo("application/json");
                received.add(body);
            }
            exchange.sendResponseHeaders(status == null ? 200 : status, -1);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private SpanExporter exporter() {
        String base = "http://127.0.0.1:" + collector.getAddress().getPort();
        return SpanExporter.fromEnvironment(
                Map.of(
                        "OTEL_EXPORTER_OTLP_ENDPOINT", base,
                        "OTEL_EXPORTER_OTLP_HEADERS", "x-token=a%20b",
                        "OTEL_SERVICE_NAME", "shop"),
                LIMITS,
                registry);
    }

    private List<JsonNode> spans() {
        return received.stream()
                .map(body -> body.at("/resourceSpans/0/scopeSpans/0/spans"))
                .flatMap(spans -> spans.valueStream())
                .toList();
    }

    private double counter(String name, String reason) {
        for (MetricSnapshot snapshot : registry.scrape()) {
            if (snapshot.getMetadata().getName().equals(name)
                    && snapshot instanceof CounterSnapshot counter) {
                return counter.getDataPoints().stream()
                        .filter(point ->
                                reason.isEmpty() || reason.equals(point.getLabels().get("reason")))
                        .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
                        .sum();
            }
        }
        throw new AssertionError("no counter " + name);
    }

    @Test
    void aRequestAndWhatItCallsArriveAtTheCollectorAsOneTrace() {
        open.countDown();
        try (SpanExporter exporter = exporter()) {
            Spans spans = new Spans(exporter, TimeSource.system(), 1);
            try (Spans.Active request =
                    spans.start(
                            "GET /cart",
                            Kind.SERVER,
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")) {
                request.context()
                        .run(() -> {
                            try (Spans.Active call = spans.start("store", Kind.CLIENT)) {
                                assertThat(Context.current().trace()).isEqualTo(request.trace());
                                call.fail("timed out");
                            }
                        });
            }
            eventually("both spans arrive", () -> spans().size() == 2);
        }
        JsonNode call = spans().getFirst();
        JsonNode request = spans().getLast();
        assertThat(
                        received.peek()
                                .at("/resourceSpans/0/resource/attributes/0/value/stringValue")
                                .asText())
                .isEqualTo("shop");
        assertThat(request.get("traceId").asText()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
        assertThat(request.get("parentSpanId").asText()).isEqualTo("b7ad6b7169203331");
        assertThat(request.get("kind").asInt()).isEqualTo(2);
        assertThat(request.get("status").has("code")).isFalse();
        assertThat(call.get("parentSpanId").asText()).isEqualTo(request.get("spanId").asText());
        assertThat(call.at("/status/code").asInt()).isEqualTo(2);
        assertThat(call.at("/status/message").asText()).isEqualTo("timed out");
        assertThat(call.get("endTimeUnixNano").asLong())
                .isGreaterThanOrEqualTo(call.get("startTimeUnixNano").asLong());
        assertThat(tokens).contains("a b");
    }

    private static Tracer.Span span(String name) {
        return new Tracer.Span(TraceContext.root(true), 0, name, Kind.INTERNAL, 1, 1, "");
    }

    @Test
    void aStuckCollectorCostsSpansThatAreCountedAndNeverTime() {
        try (SpanExporter exporter = exporter()) {
            for (int i = 0; i < 100; i++) {
                exporter.finished(span("x"));
            }
            double dropped = counter("kemudi_observe_spans_dropped", "queue_full");
            assertThat(dropped)
                    .isBetween(100.0 - LIMITS.spansQueued() - 2 * LIMITS.batchSpans(), 100.0);
            open.countDown();
            eventually("the rest arrives", () -> spans().size() == 100 - (int) dropped);
        }
        assertThat(counter("kemudi_observe_spans", "")).isEqualTo(100);
    }

    @Test
    void aBusyCollectorIsAskedAgainAndARefusingOneIsNot() {
        open.countDown();
        try (SpanExporter exporter = exporter()) {
            statuses.add(503);
            exporter.finished(span("again"));
            eventually("it arrives at the second attempt", () -> spans().size() == 1);
            statuses.add(400);
            exporter.finished(span("refused"));
            eventually(
                    "it is counted as dropped",
                    () -> counter("kemudi_observe_spans_dropped", "export_failed") == 1);
        }
        assertThat(spans()).hasSize(1);
    }

    @Test
    void closingSendsWhatWaits() {
        open.countDown();
        SpanExporter exporter = exporter();
        exporter.finished(span("last"));
        exporter.close();
        assertThat(spans()).hasSize(1);
        assertThat(counter("kemudi_observe_spans_exported", "")).isEqualTo(1);
    }

    @Test
    void namesOfAnyShapeBecomeValidJson() throws Exception {
        String name = "a\"b\\c\n\u0001 \ud83d\ude00 \ud800 end";
        JsonNode tree = JSON.readTree(OtlpJson.encode("s", List.of(span(name))));
        assertThat(tree.at("/resourceSpans/0/scopeSpans/0/spans/0/name").asText()).isEqualTo(name);
        assertThat(tree.at("/resourceSpans/0/scopeSpans/0/spans/0/spanId").asText())
                .hasSize(HexFormat.of().toHexDigits(0L).length());
    }

    @Test
    void aWrongEndpointIsRefusedNamingTheVariable() {
        assertThatThrownBy(() ->
                        OtlpSettings.from(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("OTEL_EXPORTER_OTLP_ENDPOINT");
        assertThat(OtlpSettings.from(Map.of()).endpoint()).isEmpty();
        assertThat(
                        OtlpSettings.from(
                                        Map.of(
                                                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                                                "http://h:1/x"))
                                .endpoint()
                                .orElseThrow())
                .hasToString("http://h:1/x");
    }
}
