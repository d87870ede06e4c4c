package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * Webhooks as others write them: the JDK's HTTPS server, with a certificate of its own authority.
 */
final class WebhookServer implements AutoCloseable {
    private final HttpsServer server;
    // bounded by the calls that a test makes
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final String caBundle;
    private final Map<String, List<JsonNode>> heard = new ConcurrentHashMap<>();

    /** Answers one exchange as it likes. */
    @FunctionalInterface
    interface Handler {
        void handle(HttpExchange exchange, byte[] body) throws IOException;
    }

    WebhookServer(Path directory) {
        try {
            Pki pki = Pki.open(directory, "127.0.0.1", Instant.now());
            caBundle =
                    Base64.getEncoder()
                            .encodeToString(Files.readAllBytes(directory.resolve("ca.crt")));
            server =
                    HttpsServer.create(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setHttpsConfigurator(new HttpsConfigurator(pki.serverContext()));
            server.setExecutor(threads);
            server.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return server.getAddress().getPort();
    }

    String caBundle() {
        return caBundle;
    }

    /** A {@code clientConfig} for one path here. */
    String client(String path) {
        return "{\"url\":\"https://127.0.0.1:%d%s\",\"caBundle\":\"%s\"}"
                .formatted(port(), path, caBundle);
    }

    void raw(String path, Handler handler) {
        server.createContext(
                path,
                exchange -> {
                    try (exchange) {
                        handler.handle(exchange, exchange.getRequestBody().readAllBytes());
                    }
                });
    }

    /** Answers the member {@code request} of a review with its {@code response}, less the uid. */
    void review(String path, Function<JsonNode, String> answer) {
        raw(
                path,
                (exchange, body) -> {
                    ObjectNode review = (ObjectNode) Json.MAPPER.readTree(body);
                    JsonNode request = review.remove("request");
                    heard.computeIfAbsent(path, p -> new CopyOnWriteArrayList<>()).add(request);
                    ObjectNode response =
                            (ObjectNode)
                                    Json.MAPPER.readTree(answer.apply(request).replace('\'', '"'));
                    response.set("uid", request.get("uid"));
                    review.set("response", response);
                    send(exchange, 200, Json.MAPPER.writeValueAsBytes(review));
                });
    }

    static void send(HttpExchange exchange, int code, byte[] answer) throws IOException {
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(code, answer.length);
        exchange.getResponseBody().write(answer);
    }

    /** What was asked at a path, in order. */
    List<JsonNode> heard(String path) {
        return heard.getOrDefault(path, List.of());
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
