package dev.kemudi.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HardeningTest {
    private static final String OK = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    /**
     * Requests that two parties could read differently (and near ones that they cannot) | the
     * answer.
     */
    private static final String DOUBTFUL =
            """
            {POST}{LENGTH}: 4\\r\\n{CHUNKED}\\r\\n\\r\\n0\\r\\n\\r\\n | 400
            {POST}{LENGTH}: 4\\r\\n{LENGTH}: 5\\r\\n\\r\\nabcd | 400
            {POST}{LENGTH}: 4\\r\\n{LENGTH}: 4\\r\\n\\r\\nabcd | 400
            {POST}{LENGTH}: 4, 4\\r\\n\\r\\nabcd | 400
            {POST}{LENGTH}: +4\\r\\n\\r\\nabcd | 400
            {POST}{LENGTH}: 0x4\\r\\n\\r\\nabcd | 400
            {POST}{LENGTH}: -1\\r\\n\\r\\n | 400
            {POST}{LENGTH}:\\r\\n\\r\\n | 400
            {POST}{LENGTH}: 99999999999999999999\\r\\n\\r\\n | 400
            {POST}{CHUNKED}\\r\\n{CHUNKED}\\r\\n\\r\\n0\\r\\n\\r\\n | 400
            {POST}Transfer-Encoding: gzip, chunked\\r\\n\\r\\n0\\r\\n\\r\\n | 501
            {POST}Transfer-Encoding: xchunked\\r\\n\\r\\n0\\r\\n\\r\\n | 400
            {POST}Transfer-Encoding: identity\\r\\n\\r\\n | 400
            POST / HTTP/1.0\\r\\nHost: a\\r\\n{CHUNKED}\\r\\n\\r\\n0\\r\\n\\r\\n | 400
            {POST}Transfer-Encoding : chunked\\r\\n\\r\\n0\\r\\n\\r\\n | 400
            {POST}Transfer-Encoding:\\r\\n chunked\\r\\n\\r\\n0\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a\\r\\nX: a\\r\\n b\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\n X: a\\r\\nHost: a\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\nHost: a\\n\\n | 400
            GET / HTTP/1.1\\r\\nHost: a\\nX: b\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a\\r\\nX: a\\rb\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a\\r\\nX: a\\0b\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a\\r\\nX(: a\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a\\r\\n: a\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a\\r\\nno colon\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a b\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost:\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a@b\\r\\n\\r\\n | 400
            GET / HTTP/1.1\\r\\nHost: a/b\\r\\n\\r\\n | 400
            GET http://b/ HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET http://a@b/ HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n | 400
            GET ftp://a/ HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET http://a/ HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 200
            GET a HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET  / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET / x HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET /\\t HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET /#f HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET /../etc HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET /%2e%2e/etc HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET /a/..;/etc HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET /a%00 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET /a%zz HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET / HTTP/2.0\\r\\nHost: a\\r\\n\\r\\n | 505
            GET / HTTP/1.2\\r\\nHost: a\\r\\n\\r\\n | 505
            GET / HTTX/1.1\\r\\nHost: a\\r\\n\\r\\n | 400
            GET /\\r\\n\\r\\n | 400
            CONNECT a:80 HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 501
            GET / HTTP/1.1\\r\\nHost: a\\r\\nExpect: magic\\r\\n\\r\\n | 417
            PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n | 505
            {POST}{CHUNKED}\\r\\n\\r\\n-1\\r\\n\\r\\n | 400
            {POST}{CHUNKED}\\r\\n\\r\\n1\\nx\\r\\n0\\r\\n\\r\\n | 400
            {POST}{CHUNKED}\\r\\n\\r\\n1\\r\\nxy0\\r\\n\\r\\n | 400
            {POST}{CHUNKED}\\r\\n\\r\\n1 ;a\\r\\nx\\r\\n0\\r\\n\\r\\n | 400
            {POST}{CHUNKED}\\r\\n\\r\\n1;a\\nb\\r\\nx\\r\\n0\\r\\n\\r\\n | 400
            {POST}{CHUNKED}\\r\\n\\r\\nfffffffffffffffff\\r\\n | 400
            \\r\\nGET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n | 200
            GET / HTTP/1.1\\r\\nHost: [::1]:80\\r\\n\\r\\n | 200
            """;

    private static Origin origin;
    private static Edge edge;

    @BeforeAll
    static void start() throws IOException {
        origin = Origin.saying("ok");
        edge = new Edge(origin.port());
    }

    @AfterAll
    static void stop() throws IOException {
        edge.close();
        origin.close();
    }

    private static String unescaped(String text) {
        return text.replace("{POST}", "POST / HTTP/1.1\r\nHost: a\r\n")
                .replace("{CHUNKED}", "Transfer-Encoding: chunked")
                .replace("{LENGTH}", "Content-Length")
                .replace("\\r", "\r")
                .replace("\\n", "\n")
                .replace("\\t", "\t")
                .replace("\\0", "\0")
                .replace("\\s", " ");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = DOUBTFUL)
    void whatTwoPartiesCouldReadDifferentlyIsRefusedAndTheConnectionCloses(
            String request, int status) throws IOException {
        int before = origin.heads.size();
        try (Wire wire = edge.wire()) {
            wire.send(unescaped(request));
            String response = wire.response();
            assertThat(response).startsWith("HTTP/1.1 " + status);
            if (status != 200) {
                assertThat(response).contains("Connection: close");
                wire.socket().shutdownOutput();
                assertThat(wire.rest()).isEmpty();
                boolean mayReachOrigin = request.contains("{CHUNKED}");
                assertThat(mayReachOrigin ? before : origin.heads.size()).isEqualTo(before);
            }
        }
    }

    @Test
    void whatFollowsARefusedRequestIsNeverServed() throws IOException {
        try (Wire wire = edge.wire()) {
            wire.send(
                    unescaped("{POST}")
                            + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                            + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(wire.status()).isEqualTo(400);
            wire.socket().shutdownOutput();
            assertThat(wire.rest()).isEmpty();
            assertThat(origin.heads).noneMatch(h -> h.contains("smuggled"));
        }
    }

    @Test
    void headsAndTargetsBeyondTheirLimitsAreRefused() throws IOException {
        try (Wire wire = edge.wire()) {
            assertThat(wire.get("/" + "a".repeat(9_000)).status()).isEqualTo(414);
        }
        try (Wire wire = edge.wire()) {
            assertThat(wire.get("/" + "a".repeat(40_000)).status()).isEqualTo(414);
        }
        try (Wire wire = edge.wire()) {
            wire.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + "a".repeat(40_000) + "\r\n\r\n");
            assertThat(wire.status()).isEqualTo(431);
        }
        try (Wire wire = edge.wire()) {
            wire.send("GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n".repeat(200) + "\r\n");
            assertThat(wire.status()).isEqualTo(431);
        }
    }

    @Test
    void aRequestThatNeverEndsIsAnswered408AndClosed() throws IOException {
        Limits limits =
                SmallLimits.with(
                        Map.of(
                                "headerTimeoutMillis",
                                200,
                                "bodyIdleMillis",
                                200,
                                "lingerMillis",
                                100));
        try (Edge slow = new Edge(limits, dev.kemudi.kernel.Tracer.NONE, r -> r, origin.port())) {
            try (Wire wire = slow.wire()) {
                wire.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
                assertThat(wire.status()).isEqualTo(408);
                assertThat(wire.rest()).isEmpty();
            }
            try (Wire wire = slow.wire()) {
                assertThat(wire.rest()).isEmpty();
            }
            try (Origin silent = new Origin((head, in, out) -> in.read() >= 0);
                    Edge waiting =
                            new Edge(limits, dev.kemudi.kernel.Tracer.NONE, r -> r, silent.port());
                    Wire wire = waiting.wire()) {
                wire.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
                assertThat(wire.status()).isEqualTo(408);
            }
        }
    }

    @Test
    void connectionsBeyondTheLimitAreRefusedAndTheRestGoOn() throws Exception {
        try (Edge small =
                new Edge(
                        SmallLimits.with(Map.of("connectionsMax", 2)),
                        dev.kemudi.kernel.Tracer.NONE,
                        r -> r,
                        origin.port())) {
            try (Wire first = small.wire();
                    Wire second = small.wire()) {
                assertThat(first.send(OK).status()).isEqualTo(200);
                assertThat(second.send(OK).status()).isEqualTo(200);
                try (Wire third = small.wire()) {
                    assertThat(third.rest()).isEmpty();
                }
                assertThat(first.send(OK).status()).isEqualTo(200);
                assertThat(small.metrics.connectionsRefused.get()).isEqualTo(1);
            }
            Eventually.holds(() -> {
                try (Wire again = small.wire()) {
                    return assertThat(again.send(OK).status()).isEqualTo(200);
                }
            });
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nx",
                "HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\nContent-Length: 2\\r\\n\\r\\nx",
                "HTTP/1.1 200 OK\\r\\nTransfer-Encoding: gzip\\r\\n\\r\\nx",
                "HTTP/1.1 200 OK\\r\\nX: a\\nSet-Cookie: b\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nX: a\\rb\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nX: a\\r\\n b\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nX : a\\r\\n\\r\\n",
                "HTTP/1.1 2000 OK\\r\\n\\r\\n",
                "HTTP/1.1 099 OK\\r\\n\\r\\n",
                "HTTP/2.0 200 OK\\r\\n\\r\\n",
                "ICY 200 OK\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\nContent-Length: 0\\n\\n",
                "HTTP/1.1 101 Switching Protocols\\r\\nConnection: upgrade\\r\\nUpgrade: x\\r\\n\\r\\n",
                "HTTP/1.1 200 OK\\r\\nContent-Le",
            })
    void aMalformedResponseBecomes502AndNothingOfItIsPassedOn(String response) throws IOException {
        Origin.Script script =
                (head, in, out) -> {
                    out.write(unescaped(response).getBytes(StandardCharsets.ISO_8859_1));
                    return false;
                };
        try (Origin broken = new Origin(script);
                Edge front = new Edge(broken.port());
                Wire wire = front.wire()) {
            String answer = wire.get("/").response();
            assertThat(answer)
                    .startsWith("HTTP/1.1 502")
                    .doesNotContain("Set-Cookie")
                    .contains("bad response");
        }
    }

    @Test
    void aBodyCutShortOrMalformedBreaksTheConnectionAndNeverLooksWhole() throws IOException {
        for (String response :
                new String[] {
                    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"
                }) {
            Origin.Script script =
                    (head, in, out) -> {
                        out.write(response.getBytes(StandardCharsets.ISO_8859_1));
                        return false;
                    };
            try (Origin broken = new Origin(script);
                    Edge front = new Edge(broken.port());
                    Wire wire = front.wire()) {
                String all = wire.get("/").rest();
                assertThat(all).doesNotEndWith("\r\n0\r\n\r\n").doesNotContain("HTTP/1.1 502");
            }
        }
    }

    @Test
    void bytesAfterACompleteResponseAreNeverTakenForTheNextOne() throws IOException {
        Origin.Script script =
                Origin.always(
                        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                                + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        try (Origin desync = new Origin(script);
                Edge front = new Edge(desync.port());
                Wire wire = front.wire()) {
            for (int i = 0; i < 20; i++) {
                assertThat(wire.get("/").response()).endsWith("\r\n\r\nok");
            }
            assertThat(desync.connections.get()).isEqualTo(20);
        }
    }

    @Test
    void randomBytesNeverHangNorBreakTheFront() throws IOException {
        long seed = 20261122L;
        Random random = new Random(seed);
        String[] words = {
            "GET ",
            "POST ",
            "/",
            " HTTP/1.1",
            "\r\n",
            "\n",
            "\r",
            "Host: a",
            "Content-Length: ",
            "5",
            "Transfer-Encoding: chunked",
            "Connection: upgrade, x",
            "Upgrade: websocket",
            "0",
            ";",
            ":",
            " ",
            "%2e",
            "..",
            "\r\n\r\n",
            "Expect: 100-continue",
            "\0",
            "\u00ff",
            "x".repeat(300),
            "1;a=b",
            "HTTP/1.0",
            "http://a/"
        };
        Limits limits =
                SmallLimits.with(
                        Map.of(
                                "headerTimeoutMillis",
                                300,
                                "bodyIdleMillis",
                                300,
                                "lingerMillis",
                                50));
        try (Edge front = new Edge(limits, dev.kemudi.kernel.Tracer.NONE, r -> r, origin.port())) {
            for (int round = 0; round < 400; round++) {
                StringBuilder bytes =
                        new StringBuilder(
                                random.nextBoolean() ? "GET / HTTP/1.1\r\nHost: a\r\n" : "");
                int count = random.nextInt(12);
                for (int i = 0; i < count; i++) {
                    bytes.append(
                            random.nextInt(8) == 0
                                    ? String.valueOf((char) random.nextInt(256))
                                    : words[random.nextInt(words.length)]);
                }
                try (Wire wire = front.wire()) {
                    wire.send(bytes.toString());
                    wire.socket().shutdownOutput();
                    String answer = wire.rest();
                    assertThat(answer.isEmpty() || answer.startsWith("HTTP/1.1 "))
                            .as("seed %d round %d sent %s got %s", seed, round, bytes, answer)
                            .isTrue();
                }
            }
            try (Wire wire = front.wire()) {
                assertThat(wire.send(OK).status()).isEqualTo(200);
            }
        }
    }
}
