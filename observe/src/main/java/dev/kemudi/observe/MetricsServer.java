package dev.kemudi.observe;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.zip.GZIPOutputStream;

/**
 * The port that Prometheus, probes and people look at: {@code /metrics} (Prometheus text,
 * OpenMetrics, gzip), {@code /healthz}, {@code /readyz}, {@code /debug/traces?trace=ID}. Plain
 * HTTP/1.1 without authentication: bind it to an address that only those who may know can reach.
 * Safe for use by many threads.
 */
public final class MetricsServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(MetricsServer.class.getName());
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final int STOP_SECONDS = 1;

    private final HttpServer server;
    // Bounded by connectionsMax: the JDK's server runs one request of a connection at a time.
    private final ExecutorService threads =
            Executors.newThreadPerTaskExecutor(
                    Thread.ofVirtual().name("kemudi-metrics-", 0).factory());
    private final PrometheusRegistry registry;
    private final RuntimeMetrics runtimeMetrics;
    private final Supplier<Optional<String>> notReady;
    private final SpanExporter spans;
    private final Semaphore scrapes;

    /**
     * Binds the port; {@link #start()} begins to answer.
     *
     * @param listen port 0 picks a free one
     * @param version for {@code kemudi_build_info}
     * @param notReady empty when ready, else one sentence on what is missing; must not block
     * @throws IOException when the port cannot be bound, naming it
     */
    public MetricsServer(
            InetSocketAddress listen,
            String version,
            PrometheusRegistry registry,
            Supplier<Optional<String>> notReady,
            SpanExporter spans,
            Limits limits)
            throws IOException {
        this.registry = registry;
        this.notReady = notReady;
        this.spans = spans;
        runtimeMetrics = new RuntimeMetrics(registry, version);
        scrapes = new Semaphore(limits.scrapesMax());
        boundTheJdkServer(limits);
        try {
            server = HttpServer.create(listen, 0);
        } catch (IOException e) {
            threads.close();
            throw new IOException(
                    "the metrics port %s:%d cannot be used: %s; choose another with --metrics-port"
                            .formatted(listen.getHostString(), listen.getPort(), e.getMessage()),
                    e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
    }

    /** The JDK's server reads its limits from system properties, once in a process. */
    static void boundTheJdkServer(Limits limits) {
        setIfAbsent("sun.net.httpserver.maxReqTime", limits.requestSeconds());
        setIfAbsent("sun.net.httpserver.maxRspTime", limits.requestSeconds());
        setIfAbsent("jdk.httpserver.maxConnections", limits.connectionsMax());
    }

    private static void setIfAbsent(String property, int value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, Integer.toString(value));
        }
    }

    /** Begins to answer. */
    public MetricsServer start() {
        server.start();
        return this;
    }

    /** The bound port. */
    public int port() {
        return server.getAddress().getPort();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            if (!"GET".equals(method) && !"HEAD".equals(method)) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                text(exchange, 405, "only GET and HEAD here, not " + printable(method));
                return;
            }
            switch (exchange.getRequestURI().getPath()) {
                case "/metrics" -> metrics(exchange);
                case "/healthz" -> text(exchange, 200, "ok");
                case "/readyz" -> ready(exchange);
                case "/debug/traces" -> traces(exchange);
                default ->
                        text(
                                exchange,
                                404,
                                "nothing at this path; there are /metrics, /healthz, /readyz, /debug/traces");
            }
        } catch (RuntimeException e) {
            LOG.log(Level.WARNING, "a request to the metrics port failed", e);
            throw e;
        }
    }

    private static String printable(String method) {
        return method.length() > 20 ? "that" : method.replaceAll("[^A-Za-z]", "?");
    }

    private void ready(HttpExchange exchange) throws IOException {
        Optional<String> missing = notReady.get();
        text(exchange, missing.isEmpty() ? 200 : 503, missing.orElse("ok"));
    }

    private void traces(HttpExchange exchange) throws IOException {
        String query = Optional.ofNullable(exchange.getRequestURI().getQuery()).orElse("");
        String trace = query.startsWith("trace=") ? query.substring("trace=".length()) : "";
        if (!query.isEmpty() && !trace.matches("[0-9a-f]{32}")) {
            text(
                    exchange,
                    400,
                    "ask with ?trace= and a trace id of 32 lower-case hex digits, or without a query");
            return;
        }
        send(
                exchange,
                200,
                "application/json",
                spans.keptJson(trace).getBytes(StandardCharsets.UTF_8));
    }

    private void metrics(HttpExchange exchange) throws IOException {
        if (!scrapes.tryAcquire()) {
            exchange.getResponseHeaders().set("Retry-After", "1");
            text(exchange, 503, "too many scrapes at once: retry");
            return;
        }
        try {
            runtimeMetrics.registerOnce();
            Headers headers = exchange.getRequestHeaders();
            ExpositionFormatWriter writer =
                    Formats.INSTANCE.formats.findWriter(
                            Optional.ofNullable(headers.getFirst("Accept")).orElse(""));
            ByteArrayOutputStream body = new ByteArrayOutputStream(64 << 10);
            if (accepts(headers.getFirst("Accept-Encoding"), "gzip")) {
                exchange.getResponseHeaders().set("Content-Encoding", "gzip");
                try (OutputStream gzip = new GZIPOutputStream(body)) {
                    writer.write(gzip, registry.scrape());
                }
            } else {
                writer.write(body, registry.scrape());
            }
            exchange.getResponseHeaders().set("Vary", "Accept, Accept-Encoding");
            send(exchange, 200, writer.getContentType(), body.toByteArray());
        } finally {
            scrapes.release();
        }
    }

    private static boolean accepts(
            @org.jspecify.annotations.Nullable String header, String coding) {
        if (header == null) {
            return false;
        }
        for (String part : header.split(",", -1)) {
            String[] pieces = part.strip().split("\\s*;\\s*", -1);
            if (pieces[0].equalsIgnoreCase(coding)) {
                return pieces.length < 2 || !pieces[1].matches("q=0(\\.0*)?");
            }
        }
        return false;
    }

    private static void text(HttpExchange exchange, int status, String line) throws IOException {
        send(exchange, status, TEXT, (line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private static void send(HttpExchange exchange, int status, String contentType, byte[] body)
            throws IOException {
        exchange.getResponseHeaders().set("Content-Type", contentType);
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        if ("HEAD".equals(exchange.getRequestMethod())) {
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    /** Stops listening, and lets answers in progress end for at most a second. */
    @Override
    public void close() {
        server.stop(STOP_SECONDS);
        threads.shutdownNow();
    }

    /** Loaded at the first scrape, as its classes are many. */
    private enum Formats {
        INSTANCE;

        private final ExpositionFormats formats = ExpositionFormats.init();
    }
}
