package dev.kemudi.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProxyTest {
    private static final byte[] CRLF = {'\r', '\n'};

    private static Edge edge(Map<String, Number> limits, int... origins) throws IOException {
        return new Edge(SmallLimits.with(limits), Tracer.NONE, rule -> rule, origins);
    }

    private static void write(java.io.OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @ParameterizedTest
    @EnumSource(IoTransport.class)
    void everyTransportServes(IoTransport transport) throws IOException {
        GatewayMetrics metrics = Tables.metrics();
        try (Origin origin = Origin.saying("hi");
                Proxy proxy =
                        new Proxy(
                                Limits.defaults(),
                                metrics,
                                Tracer.NONE,
                                TimeSource.system(),
                                transport)) {
            proxy.swap(Tables.everything(metrics, Tables.backend(proxy.lanes(), origin.port())));
            try (Wire wire = new Wire(proxy.bind(80, "127.0.0.1", 0))) {
                assertThat(wire.get("/").response()).endsWith("hi");
            }
        }
    }

    @Test
    void connectionsAreKeptOnBothSides() throws IOException {
        try (Origin origin = Origin.saying("hi");
                Edge edge = new Edge(origin.port());
                Wire wire = edge.wire()) {
            for (int i = 0; i < 50; i++) {
                assertThat(wire.get("/" + i).response()).endsWith("hi");
            }
            assertThat(origin.connections.get()).isEqualTo(1);
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() throws IOException {
        Origin.Script echo =
                (head, in, out) -> {
                    String path = head.split(" ")[1];
                    write(
                            out,
                            "HTTP/1.1 200 OK\r\nContent-Length: "
                                    + path.length()
                                    + "\r\n\r\n"
                                    + path);
                    return true;
                };
        try (Origin origin = new Origin(echo);
                Edge edge = new Edge(origin.port());
                Wire wire = edge.wire()) {
            StringBuilder all = new StringBuilder();
            for (int i = 0; i < 100; i++) {
                all.append("GET /").append(i).append(" HTTP/1.1\r\nHost: a\r\n\r\n");
            }
            wire.send(all.toString());
            for (int i = 0; i < 100; i++) {
                assertThat(wire.response()).endsWith("\r\n\r\n/" + i);
            }
        }
    }

    @Test
    void hopByHopHeadersStayAndForwardingHeadersAreSet() throws IOException {
        try (Origin origin =
                        new Origin(
                                Origin.always(
                                        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                                                + "Connection: keep-alive, X-Hop\r\n"
                                                + "X-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-Kept: 1\r\n\r\n"));
                Edge edge = new Edge(origin.port());
                Wire wire = edge.wire()) {
            wire.send(
                    "GET /a?b=c HTTP/1.1\r\nHost: A.test:81\r\n"
                            + "Connection: X-Secret, Host\r\nX-Secret: 1\r\nTE: trailers\r\n"
                            + "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\n"
                            + "Upgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n");
            String response = wire.response();
            assertThat(response)
                    .startsWith("HTTP/1.1 200 OK\r\n")
                    .contains("X-Kept: 1")
                    .doesNotContain("X-Hop", "Keep-Alive");
            assertThat(origin.heads.getFirst())
                    .startsWith("GET /a?b=c HTTP/1.1\r\nHost: A.test:81\r\n")
                    .contains("X-Forwarded-For: 9.9.9.9, 127.0.0.1\r\n")
                    .contains("X-Forwarded-Proto: http\r\n")
                    .contains("X-Forwarded-Host: A.test:81\r\n")
                    .doesNotContain("X-Secret", "TE:", "https", "Upgrade", "HTTP2");
        }
    }

    /** Answers in chunks with what came, a chunk or a body at a time, and with its trailers. */
    private static final Origin.Script ECHO =
            (head, in, out) -> {
                boolean chunked = head.contains("Transfer-Encoding: chunked");
                write(out, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                if (chunked) {
                    String size;
                    while (!(size = line(in)).equals("0")) {
                        byte[] chunk = in.readNBytes(Integer.parseInt(size, 16));
                        line(in);
                        write(out, Integer.toHexString(chunk.length) + ";ext=1\r\n");
                        out.write(chunk);
                        out.write(CRLF);
                    }
                    StringBuilder trailers = new StringBuilder();
                    String trailer;
                    while (!(trailer = line(in)).isEmpty()) {
                        trailers.append(trailer).append("\r\n");
                    }
                    write(out, "0\r\n" + trailers + "Content-Length: 5\r\n\r\n");
                } else {
                    int length =
                            Integer.parseInt(
                                    head.replaceAll("(?s).*Content-Length: (\\d+).*", "$1"));
                    byte[] body = in.readNBytes(length);
                    write(out, Integer.toHexString(body.length) + "\r\n");
                    out.write(body);
                    write(out, "\r\n0\r\n\r\n");
                }
                return true;
            };

    @Test
    void bodiesOfAnySizeStreamBothWaysWithTheirFramingAndTrailers() throws IOException {
        String big = "0123456789abcdef".repeat(100_000);
        try (Origin origin = new Origin(ECHO);
                Edge edge = new Edge(origin.port());
                Wire wire = edge.wire()) {
            for (String body : new String[] {"x", big}) {
                Thread sender =
                        Thread.ofVirtual()
                                .unstarted(() -> {
                                    try {
                                        wire.send(
                                                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "
                                                        + body.length()
                                                        + "\r\n\r\n"
                                                        + body);
                                    } catch (IOException e) {
                                        throw new java.io.UncheckedIOException(e);
                                    }
                                });
                sender.start();
                assertThat(wire.head()).contains("Transfer-Encoding: chunked");
                assertThat(dechunk(wire)).isEqualTo(body);
                Thread chunker =
                        Thread.ofVirtual()
                                .unstarted(() -> {
                                    try {
                                        wire.send(
                                                "POST / HTTP/1.1\r\nHost: a\r\n"
                                                        + "Transfer-Encoding: chunked\r\n\r\n"
                                                        + Integer.toHexString(body.length())
                                                        + "\r\n"
                                                        + body
                                                        + "\r\n0\r\nX-Sum: 7\r\n\r\n");
                                    } catch (IOException e) {
                                        throw new java.io.UncheckedIOException(e);
                                    }
                                });
                chunker.start();
                assertThat(wire.head()).contains("Transfer-Encoding: chunked");
                // The trailer crossed both ways; a framing field among the trailers did not.
                assertThat(dechunk(wire)).isEqualTo(body + "X-Sum: 7");
            }
        }
    }

    private static String line(java.io.InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        int b;
        while ((b = in.read()) >= 0 && b != '\n') {
            if (b != '\r') {
                line.append((char) b);
            }
        }
        return line.toString();
    }

    /** Body and then the trailers, as text. */
    private static String dechunk(Wire wire) throws IOException {
        StringBuilder all = new StringBuilder();
        while (true) {
            String size = "";
            while (!size.endsWith("\r\n")) {
                size += wire.bytes(1);
            }
            int count = Integer.parseInt(size.strip(), 16);
            if (count > 0) {
                all.append(wire.bytes(count));
                wire.bytes(2);
                continue;
            }
            String trailers = "";
            while (!trailers.equals("\r\n") && !trailers.endsWith("\r\n\r\n")) {
                trailers += wire.bytes(1);
            }
            return all + trailers.strip();
        }
    }

    @Test
    void responsesWithoutBodyAreReadAndPassedOnAsSuch() throws IOException {
        Origin.Script script =
                (head, in, out) -> {
                    String status = head.split(" ")[1].substring(1);
                    write(out, "HTTP/1.1 " + status + " X\r\nContent-Length: 7\r\n\r\n");
                    return true;
                };
        try (Origin origin = new Origin(script);
                Edge edge = new Edge(origin.port());
                Wire wire = edge.wire()) {
            for (int i = 0; i < 3; i++) {
                wire.send("HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n");
                assertThat(wire.head()).contains("200 X", "Content-Length: 7");
                assertThat(wire.get("/204").head())
                        .contains("204 X")
                        .doesNotContain("Content-Length");
                assertThat(wire.get("/304").head()).contains("304 X");
            }
            assertThat(origin.connections.get()).isEqualTo(1);
        }
    }

    @Test
    void aResponseThatEndsWithItsConnectionIsFramedAnew() throws IOException {
        try (Origin origin =
                        new Origin((head, in, out) -> {
                            write(out, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
                            return false;
                        });
                Edge edge = new Edge(origin.port());
                Wire wire = edge.wire()) {
            assertThat(wire.get("/").head()).contains("Transfer-Encoding: chunked");
            assertThat(dechunk(wire)).isEqualTo("until the end");
            wire.send("GET / HTTP/1.0\r\n\r\n");
            assertThat(wire.rest()).contains("Connection: close").endsWith("until the end");
        }
    }

    @Test
    void anExpectedContinueComesFromTheEndpoint() throws IOException {
        Origin.Script script =
                (head, in, out) -> {
                    write(out, "HTTP/1.1 100 Continue\r\n\r\n");
                    out.flush();
                    String body = new String(in.readNBytes(3), StandardCharsets.ISO_8859_1);
                    write(out, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + body);
                    return true;
                };
        try (Origin origin = new Origin(script);
                Edge edge = new Edge(origin.port());
                Wire wire = edge.wire()) {
            wire.send(
                    "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
            assertThat(wire.head()).startsWith("HTTP/1.1 100");
            assertThat(wire.send("abc").response()).startsWith("HTTP/1.1 200").endsWith("abc");
        }
    }

    @Test
    void anUpgradedConnectionPassesBytesBothWays() throws IOException {
        Origin.Script script =
                (head, in, out) -> {
                    write(
                            out,
                            "HTTP/1.1 101 Switching Protocols\r\n"
                                    + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst");
                    out.flush();
                    int b;
                    while ((b = in.read()) >= 0 && b != '!') {
                        out.write(Character.toUpperCase(b));
                        out.flush();
                    }
                    return false;
                };
        try (Origin origin = new Origin(script);
                Edge edge = new Edge(origin.port());
                Wire wire = edge.wire()) {
            wire.send(
                    "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
            assertThat(wire.head()).startsWith("HTTP/1.1 101").contains("Upgrade: websocket");
            assertThat(wire.bytes(5)).isEqualTo("first");
            assertThat(wire.send("abc").bytes(3)).isEqualTo("ABC");
            assertThat(wire.send("!").rest()).isEmpty();
        }
    }

    @Test
    void aRefusedConnectionIsRetriedElsewhereForAnyMethod() throws IOException {
        Origin gone = Origin.saying("gone");
        gone.close();
        try (Origin origin =
                        new Origin((head, in, out) -> {
                            byte[] body = in.readNBytes(4);
                            write(out, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
                            out.write(body);
                            return true;
                        });
                Edge edge = new Edge(gone.port(), origin.port())) {
            for (int i = 0; i < 20; i++) {
                try (Wire wire = edge.wire()) {
                    wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
                    assertThat(wire.response()).startsWith("HTTP/1.1 200").endsWith("body");
                }
            }
            assertThat(edge.metrics.ejections.get()).isPositive();
        }
    }

    @Test
    void aConnectionLostBeforeTheResponseIsRetriedForIdempotentMethodsOnly() throws IOException {
        AtomicInteger calls = new AtomicInteger();
        Origin.Script flaky =
                (head, in, out) -> {
                    if (calls.incrementAndGet() % 2 == 1) {
                        return false;
                    }
                    write(out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                    return true;
                };
        try (Origin first = new Origin(flaky);
                Origin second = new Origin(flaky);
                Edge edge = new Edge(first.port(), second.port());
                Wire wire = edge.wire()) {
            assertThat(wire.get("/").status()).isEqualTo(200);
            assertThat(calls.get()).isEqualTo(2);
            wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
            assertThat(wire.response()).startsWith("HTTP/1.1 502").contains("without an answer");
            assertThat(calls.get()).isEqualTo(3);
        }
    }

    @Test
    void silentEndpointsAndMissingOnesAreNamedInTheAnswer() throws IOException {
        try (Origin silent = new Origin((head, in, out) -> in.read() >= 0);
                Edge edge = edge(Map.of("responseIdleMillis", 200), silent.port());
                Edge none = new Edge();
                Wire wire = edge.wire();
                Wire other = none.wire()) {
            assertThat(wire.get("/").response()).startsWith("HTTP/1.1 504").contains("silent");
            assertThat(other.get("/").response())
                    .startsWith("HTTP/1.1 503")
                    .contains("no ready endpoint");
        }
    }

    @Test
    void theRoutesOwnTimeoutEndsARequest() throws IOException {
        try (Origin silent = new Origin((head, in, out) -> in.read() >= 0);
                Edge edge =
                        new Edge(
                                Limits.defaults(),
                                Tracer.NONE,
                                r ->
                                        new Rule(
                                                r.metrics(),
                                                r.backends(),
                                                1,
                                                r.requestEdit(),
                                                r.responseEdit(),
                                                r.redirect(),
                                                "",
                                                r.pathRewrite(),
                                                50,
                                                0),
                                silent.port());
                Wire wire = edge.wire()) {
            assertThat(wire.get("/").response()).startsWith("HTTP/1.1 504").contains("in time");
        }
    }

    @Test
    void requestsBeyondTheQueueOfAnEndpointAreShed() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        Origin.Script held =
                (head, in, out) -> {
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    write(out, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                    return true;
                };
        try (Origin origin = new Origin(held);
                Edge edge =
                        edge(
                                Map.of("upstreamConnectionsMax", 1, "upstreamPendingMax", 1),
                                origin.port());
                Wire first = edge.wire();
                Wire second = edge.wire();
                Wire third = edge.wire()) {
            first.get("/");
            Eventually.holds(() -> assertThat(origin.heads).hasSize(1));
            second.get("/");
            third.get("/");
            int shed = 0;
            // Which of the two came second is the network's choice; one waits and one is shed.
            second.socket().setSoTimeout(300);
            try {
                shed = second.status();
            } catch (java.net.SocketTimeoutException e) {
                shed = third.status();
            }
            assertThat(shed).isEqualTo(503);
            release.countDown();
            assertThat(first.status()).isEqualTo(200);
        }
    }

    @Test
    void aClientThatDoesNotReadHoldsBackTheEndpoint() throws Exception {
        AtomicInteger written = new AtomicInteger();
        byte[] megabyte = new byte[1 << 20];
        Origin.Script flood =
                (head, in, out) -> {
                    write(out, "HTTP/1.1 200 OK\r\nContent-Length: " + (256L << 20) + "\r\n\r\n");
                    for (int i = 0; i < 256; i++) {
                        out.write(megabyte);
                        written.incrementAndGet();
                    }
                    return true;
                };
        try (Origin origin = new Origin(flood);
                Edge edge = edge(Map.of("bodyIdleMillis", 500), origin.port());
                Wire wire = edge.wire()) {
            wire.get("/");
            Eventually.holds(() -> assertThat(written.get()).isPositive());
            // The stalled client is closed after bodyIdleMillis; until then only socket buffers
            // were filled.
            Eventually.holds(() -> assertThat(edge.metrics.connections.get()).isZero());
            assertThat(written.get()).isLessThan(64);
        }
    }

    @Test
    void anEndpointThatDoesNotReadHoldsBackTheClientAndIsGivenUp() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        Origin.Script deaf =
                (head, in, out) -> {
                    try {
                        over.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    return false;
                };
        try (Origin origin = new Origin(deaf);
                Edge edge = edge(Map.of("responseIdleMillis", 400), origin.port());
                Wire wire = edge.wire()) {
            Thread sender =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    wire.send(
                                            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "
                                                    + (1 << 28)
                                                    + "\r\n\r\n");
                                    wire.send(new byte[1 << 28]);
                                } catch (IOException e) {
                                    // closed by the gateway after its answer, as it should be
                                }
                            });
            assertThat(wire.response()).startsWith("HTTP/1.1 504");
            sender.join();
            over.countDown();
        }
    }

    @Test
    void traceContextIsContinuedAndTheSpanReported() throws Exception {
        List<Tracer.Span> spans = Collections.synchronizedList(new ArrayList<>());
        try (Origin origin = Origin.saying("x");
                Edge edge = new Edge(Limits.defaults(), spans::add, r -> r, origin.port());
                Wire wire = edge.wire()) {
            wire.send(
                    "GET / HTTP/1.1\r\nHost: a\r\n"
                            + "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
            assertThat(wire.status()).isEqualTo(200);
            Eventually.holds(() -> assertThat(spans).hasSize(1));
            Tracer.Span span = spans.getFirst();
            assertThat(span.context().traceId()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
            assertThat(span.parentSpanId()).isEqualTo(0xb7ad6b7169203331L);
            assertThat(origin.heads.getFirst()).contains("traceparent: " + span.context() + "\r\n");
            assertThat(span.name()).isEqualTo("GET test");
        }
    }

    @Test
    void aThousandTableSwapsUnderLoadFailNoRequest() throws Exception {
        try (Origin origin = Origin.saying("ok");
                Edge edge = new Edge(origin.port())) {
            AtomicBoolean stop = new AtomicBoolean();
            AtomicInteger failures = new AtomicInteger();
            AtomicInteger served = new AtomicInteger();
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(
                        Thread.ofPlatform()
                                .start(() -> {
                                    try (Wire wire = edge.wire()) {
                                        while (!stop.get()) {
                                            if (wire.get("/").response().endsWith("\r\n\r\nok")) {
                                                served.incrementAndGet();
                                            } else {
                                                failures.incrementAndGet();
                                            }
                                        }
                                    } catch (IOException e) {
                                        failures.incrementAndGet();
                                    }
                                }));
            }
            for (int i = 0; i < 1_000; i++) {
                // A new table with a new back end over a new endpoint object; the old endpoint
                // retires.
                int before = served.get();
                Backend next = Tables.backend(edge.proxy.lanes(), origin.port());
                Endpoint old = edge.backend.endpoints()[0];
                edge.proxy.swap(Tables.everything(edge.metrics, next));
                edge.backend.endpoints(next.endpoints());
                old.retire();
                edge.proxy.endpointsChanged();
                if (i % 50 == 0) {
                    Eventually.holds(() -> assertThat(served.get()).isGreaterThan(before));
                }
            }
            stop.set(true);
            for (Thread client : clients) {
                client.join();
            }
            assertThat(failures.get()).isZero();
            assertThat(served.get()).isGreaterThan(20);
        }
    }

    @Test
    void endpointsKilledUnderLoadFailNoIdempotentRequest() throws Exception {
        try (Origin stable = Origin.saying("ok");
                Edge edge = new Edge()) {
            AtomicBoolean stop = new AtomicBoolean();
            List<String> failures = Collections.synchronizedList(new ArrayList<>());
            AtomicInteger served = new AtomicInteger();
            Origin victim = Origin.saying("ok");
            edge.backend.endpoints(
                    Tables.backend(edge.proxy.lanes(), stable.port(), victim.port()).endpoints());
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                clients.add(
                        Thread.ofPlatform()
                                .start(() -> {
                                    try (Wire wire = edge.wire()) {
                                        while (!stop.get()) {
                                            String response = wire.get("/").response();
                                            if (response.endsWith("\r\n\r\nok")) {
                                                served.incrementAndGet();
                                            } else {
                                                failures.add(response);
                                            }
                                        }
                                    } catch (IOException e) {
                                        failures.add(e.toString());
                                    }
                                }));
            }
            int port = victim.port();
            for (int i = 0; i < 20; i++) {
                int before = served.get();
                Eventually.holds(() -> assertThat(served.get()).isGreaterThan(before + 50));
                victim.resetAll();
                victim.close();
                int after = served.get();
                Eventually.holds(() -> assertThat(served.get()).isGreaterThan(after + 50));
                victim =
                        new Origin(
                                port,
                                Origin.always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
            }
            stop.set(true);
            for (Thread client : clients) {
                client.join();
            }
            victim.close();
            assertThat(failures).isEmpty();
        }
    }

    @Test
    void closingLetsRequestsInFlightEnd() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        Origin.Script held =
                (head, in, out) -> {
                    arrived.countDown();
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    write(out, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlast");
                    return true;
                };
        try (Origin origin = new Origin(held)) {
            Edge edge = new Edge(origin.port());
            try (Wire wire = edge.wire()) {
                wire.get("/");
                arrived.await();
                Thread closing = Thread.ofPlatform().start(edge::close);
                Eventually.holds(() -> assertThat(edge.proxy.draining()).isTrue());
                release.countDown();
                assertThat(wire.response()).contains("Connection: close").endsWith("last");
                closing.join();
            }
        }
    }

    @Test
    void requestsAreCountedByRouteAndCode() throws Exception {
        try (Origin origin = Origin.saying("x");
                Edge edge = new Edge(origin.port());
                Wire wire = edge.wire()) {
            wire.get("/").response();
            wire.get("/").response();
            wire.send("bad\r\n\r\n").response();
            Eventually.holds(() -> {
                Map<String, Double> counts = new java.util.HashMap<>();
                edge.registry
                        .scrape("kemudi_gateway_requests_total"::equals)
                        .forEach(snapshot ->
                                snapshot.getDataPoints()
                                        .forEach(p ->
                                                counts.put(
                                                        p.getLabels().get("route")
                                                                + " "
                                                                + p.getLabels().get("code"),
                                                        ((io.prometheus.metrics.model.snapshots
                                                                                .CounterSnapshot
                                                                                .CounterDataPointSnapshot)
                                                                        p)
                                                                .getValue())));
                return assertThat(counts)
                        .containsEntry("test 200", 2.0)
                        .containsEntry("none 400", 1.0);
            });
            assertThat(Optional.of(edge.metrics.route("test")).get().route()).isEqualTo("test");
        }
    }
}
