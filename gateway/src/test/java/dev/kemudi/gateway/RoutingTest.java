package dev.kemudi.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoutingTest {
    private final GatewayMetrics metrics = Tables.metrics();
    private final Head head = new Head(Limits.defaults());
    private final Request request = new Request(Limits.defaults());

    private void read(String target, String host, String more) {
        String text = target + " HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n";
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        assertThat(head.readRequest(Unpooled.wrappedBuffer(bytes), bytes.length))
                .isEqualTo(Fault.NONE);
        assertThat(request.read(head)).isEqualTo(Fault.NONE);
    }

    private Match match(String name, boolean exact, String path) {
        return match(name, exact, path, "", List.of(), List.of(), 0);
    }

    private Match match(
            String name,
            boolean exact,
            String path,
            String method,
            List<String> headers,
            List<String> params,
            long age) {
        return new Match(
                exact,
                path,
                method,
                headers.stream().map(h -> Match.Named.of(h, "1")).toList(),
                params.stream().map(p -> Match.Named.of(p, "1")).toList(),
                Rule.forwarding(metrics.route(name), List.of()),
                age,
                name,
                0);
    }

    private String found(RouteTable table, String target, String host, String more) {
        read(target, host, more);
        @Nullable Match match = table.find(80, request, head);
        return match == null ? "none" : match.route();
    }

    @Test
    void theMoreSpecificPathWinsAndPrefixesEndAtSlashes() {
        RouteTable table =
                new RouteTable.Builder()
                        .add(80, "", "", match("root", false, "/"))
                        .add(80, "", "", match("a", false, "/a"))
                        .add(80, "", "", match("ab", false, "/a/b"))
                        .add(80, "", "", match("exact", true, "/a/b"))
                        .build();
        assertThat(found(table, "GET /", "x", "")).isEqualTo("root");
        assertThat(found(table, "GET /a", "x", "")).isEqualTo("a");
        assertThat(found(table, "GET /a/", "x", "")).isEqualTo("a");
        assertThat(found(table, "GET /ab", "x", "")).isEqualTo("root");
        assertThat(found(table, "GET /a/b", "x", "")).isEqualTo("exact");
        assertThat(found(table, "GET /a/b/", "x", "")).isEqualTo("ab");
        assertThat(found(table, "GET /a/b/c?d=/e", "x", "")).isEqualTo("ab");
        assertThat(found(table, "GET /a/x/../b/c", "x", "")).isEqualTo("ab");
        assertThat(found(table, "GET /a//b/%63", "x", "")).isEqualTo("ab");
    }

    @Test
    void methodThenHeadersThenParametersThenAgeThenNameDecide() {
        RouteTable table =
                new RouteTable.Builder()
                        .add(80, "", "", match("young", false, "/", "", List.of(), List.of(), 9))
                        .add(80, "", "", match("old-b", false, "/", "", List.of(), List.of(), 1))
                        .add(80, "", "", match("old-a", false, "/", "", List.of(), List.of(), 1))
                        .add(80, "", "", match("param", false, "/", "", List.of(), List.of("p"), 9))
                        .add(
                                80,
                                "",
                                "",
                                match("header", false, "/", "", List.of("x-h"), List.of(), 9))
                        .add(
                                80,
                                "",
                                "",
                                match(
                                        "headers",
                                        false,
                                        "/",
                                        "",
                                        List.of("x-h", "x-i"),
                                        List.of(),
                                        9))
                        .add(80, "", "", match("post", false, "/", "POST", List.of(), List.of(), 9))
                        .build();
        assertThat(found(table, "GET /", "x", "")).isEqualTo("old-a");
        assertThat(found(table, "GET /?p=1", "x", "")).isEqualTo("param");
        assertThat(found(table, "GET /?p=2&p=1", "x", "")).isEqualTo("old-a");
        assertThat(found(table, "GET /?%70=1", "x", "")).isEqualTo("param");
        assertThat(found(table, "GET /?p=1", "x", "X-H: 1\r\n")).isEqualTo("header");
        assertThat(found(table, "GET /?p=1", "x", "x-h: 1\r\nX-I: 1\r\n")).isEqualTo("headers");
        assertThat(found(table, "POST /", "x", "x-h: 1\r\nX-I: 1\r\n")).isEqualTo("post");
    }

    @Test
    void theMostSpecificHostWinsAndListenersIsolate() {
        RouteTable table =
                new RouteTable.Builder()
                        .add(80, "", "*.example.com", match("wild", false, "/"))
                        .add(80, "", "a.example.com", match("exact", false, "/only"))
                        .add(80, "", "*.b.example.com", match("longer", false, "/"))
                        .add(
                                80,
                                "closed.example.com",
                                "closed.example.com",
                                match("closed", false, "/in"))
                        .build();
        assertThat(found(table, "GET /only", "a.example.com", "")).isEqualTo("exact");
        assertThat(found(table, "GET /else", "A.Example.com:8080", "")).isEqualTo("wild");
        assertThat(found(table, "GET /", "x.b.example.com", "")).isEqualTo("longer");
        assertThat(found(table, "GET /", "example.com", "")).isEqualTo("none");
        assertThat(found(table, "GET /in", "closed.example.com", "")).isEqualTo("closed");
        assertThat(found(table, "GET /", "closed.example.com", "")).isEqualTo("none");
        read("GET /in", "closed.example.com", "");
        assertThat(table.find(81, request, head)).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "'', a.b, a.b",
        "a.b, '', a.b",
        "*.b, a.b, a.b",
        "a.b, *.b, a.b",
        "*.b, *.a.b, *.a.b",
        "a.b, a.b, a.b",
        "*.b, b, -",
        "a.b, c.b, -",
        "*.b, *.c, -"
    })
    void listenerAndRouteHostsMeetInTheMoreSpecific(String listener, String route, String both) {
        assertThat(Hostnames.intersect(listener, route).orElse("-")).isEqualTo(both);
    }

    @ParameterizedTest
    @CsvSource({
        "/, /",
        "/a/./b, /a/b",
        "/a/../b, /b",
        "/a/b/.., /a/",
        "//a///b, /a/b",
        "/%7Ea, /~a",
        "/a%2fb, /a%2Fb",
        "/a/, /a/",
        "/.a, /.a",
        "/a..b, /a..b",
        "/a/..a, /a/..a",
        "/.., -",
        "/a/../.., -",
        "/%2e%2E, -",
        "/a%, -",
        "/a%2, -",
        "/..;x/a, -"
    })
    void pathsHaveOneNormalForm(String path, String normal) {
        byte[] bytes = Bytes.ascii(path);
        Optional<String> result = RequestPath.normalise(bytes, 0, bytes.length);
        assertThat(result.orElse("-")).isEqualTo(normal);
        if (RequestPath.isNormal(bytes, 0, bytes.length)) {
            assertThat(normal).isEqualTo(path);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/old, /new, /old/a, /new/a",
        "/old, /new, /old, /new",
        "/old, /new/, /old/a, /new/a",
        "/old, /, /old/a, /a",
        "/old, /, /old, /",
        "/, /new, /a, /new/a",
        "/old, '', /old/a, /a"
    })
    void aPrefixIsReplacedAtSlashes(
            String matched, String replacement, String path, String changed) {
        int length = matched.equals("/") ? 0 : matched.length();
        assertThat(PathEdit.apply(new PathEdit.Prefix(replacement), path, length))
                .isEqualTo(changed);
    }

    @Test
    void redirectsKeepWhatTheyDoNotChange() {
        read("GET /old/a?b=c", "h.test:8080", "");
        PathEdit keep = new PathEdit.Keep();
        assertThat(new Redirect("", "", 0, new PathEdit.Prefix("/new"), 301).location(request, 4))
                .isEqualTo("http://h.test:8080/new/a?b=c");
        assertThat(new Redirect("https", "", 0, keep, 301).location(request, 0))
                .isEqualTo("https://h.test/old/a?b=c");
        assertThat(new Redirect("https", "o.test", 8443, keep, 302).location(request, 0))
                .isEqualTo("https://o.test:8443/old/a?b=c");
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "0s, 0", "10s, 10000", "500ms, 500", "1m30s, 90000", "1h, 3600000"})
    void durationsAreRead(String text, int millis) {
        assertThat(RouteCompiler.millis(text)).isEqualTo(millis);
    }

    @Test
    void weightsShareTheLoad() {
        Backend heavy = new Backend("heavy");
        Backend light = new Backend("light");
        Rule rule =
                Rule.forwarding(
                        metrics.none(),
                        List.of(
                                new Rule.Choice(Optional.of(heavy), 3),
                                new Rule.Choice(Optional.of(light), 1),
                                new Rule.Choice(Optional.empty(), 0)));
        long first =
                java.util.stream.IntStream.range(0, rule.totalWeight())
                        .filter(i -> rule.pick(i).filter(heavy::equals).isPresent())
                        .count();
        assertThat(first).isEqualTo(3);
        assertThat(rule.pick(3)).contains(light);
    }
}
