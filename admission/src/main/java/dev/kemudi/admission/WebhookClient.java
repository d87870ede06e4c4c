package dev.kemudi.admission;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/**
 * Calls webhooks: one JSON document there, one back, within a deadline. Safe for use by many
 * threads; a call blocks. Connections are kept between calls, made at the first one.
 */
final class WebhookClient implements AutoCloseable {
    private static final int SHOWN_CHARS = 200;
    private static final int OK = 200;

    private final Cluster cluster;
    private final Limits limits;
    private final Semaphore places;
    private final Map<Peer, HttpClient> clients = new LinkedHashMap<>(16, 0.75f, true);

    private record Peer(String caBundle, String serverName) {}

    WebhookClient(Cluster cluster, Limits limits) {
        this.cluster = cluster;
        this.limits = limits;
        places = new Semaphore(limits.callsMax());
    }

    /**
     * @param config a {@code clientConfig}
     * @return the answer, one JSON object
     * @throws WebhookException when there is no usable answer in time
     */
    ObjectNode post(JsonNode config, ObjectNode body, int timeoutSeconds) throws WebhookException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeoutSeconds);
        LongSupplier left = () -> Math.max(1, end - System.nanoTime());
        WebhookTarget target = WebhookTarget.of(config, timeoutSeconds, cluster);
        try {
            if (!places.tryAcquire(left.getAsLong(), TimeUnit.NANOSECONDS)) {
                throw failed(target, "too many webhook calls are under way");
            }
            try {
                return answer(target, send(config, target, body, left.getAsLong()));
            } finally {
                places.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiException(
                    Status.of(503, "ServiceUnavailable", "the request was interrupted"));
        }
    }

    private HttpResponse<byte[]> send(
            JsonNode config, WebhookTarget target, ObjectNode body, long nanos)
            throws WebhookException, InterruptedException {
        HttpRequest request;
        try {
            request =
                    HttpRequest.newBuilder(target.at())
                            .header("Content-Type", "application/json")
                            .header("Accept", "application/json")
                            .timeout(Duration.ofNanos(nanos))
                            .POST(BodyPublishers.ofByteArray(Json.MAPPER.writeValueAsBytes(body)))
                            .build();
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a JSON tree cannot be written", e);
        } catch (IllegalArgumentException e) {
            throw failed(target, String.valueOf(e.getMessage()));
        }
        CompletableFuture<HttpResponse<byte[]>> answer =
                client(config.path("caBundle").asText(""), target.serverName())
                        .sendAsync(
                                request,
                                BodyHandlers.limiting(
                                        BodyHandlers.ofByteArray(), limits.answerBytesMax()));
        try {
            return answer.get(nanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw failed(target, "context deadline exceeded");
        } catch (ExecutionException e) {
            throw failed(target, why(e.getCause() == null ? e : e.getCause(), target));
        }
    }

    private static String why(Throwable cause, WebhookTarget target) {
        return switch (cause) {
            case HttpTimeoutException _ -> "context deadline exceeded";
            case ConnectException e when e.getCause() instanceof UnresolvedAddressException ->
                    "dial tcp: lookup " + target.serverName() + ": no such host";
            case ConnectException _ ->
                    "dial tcp " + target.at().getAuthority() + ": connect: connection refused";
            case SSLException e -> "tls: failed to verify certificate: " + e.getMessage();
            case IOException e -> String.valueOf(e.getMessage());
            default -> String.valueOf(cause);
        };
    }

    private static WebhookException failed(WebhookTarget target, String why) {
        return new WebhookException(
                "failed to call webhook: Post \"" + target.shown() + "\": " + why);
    }

    private static ObjectNode answer(WebhookTarget target, HttpResponse<byte[]> response)
            throws WebhookException {
        String text = new String(response.body(), StandardCharsets.UTF_8);
        String shown = text.length() > SHOWN_CHARS ? text.substring(0, SHOWN_CHARS) + "…" : text;
        int code = response.statusCode();
        if (code != OK) {
            throw new WebhookException(
                    "failed to call webhook: "
                            + switch (code) {
                                case 404 -> "the server could not find the requested resource";
                                case 500, 502, 503, 504 ->
                                        ("an error on the server (\"%s\") has prevented the request"
                                                        + " from succeeding")
                                                .formatted(shown.strip());
                                default ->
                                        ("the server responded with the status code %d but did not "
                                                        + "return more information")
                                                .formatted(code);
                            });
        }
        try {
            if (Json.MAPPER.readTree(response.body()) instanceof ObjectNode object) {
                return object;
            }
        } catch (IOException e) {
            throw new WebhookException(
                    "received invalid webhook response: expected one JSON object: "
                            + e.getMessage(),
                    e);
        }
        throw new WebhookException(
                "received invalid webhook response: expected one JSON object, found: " + shown);
    }

    private HttpClient client(String caBundle, String serverName) throws WebhookException {
        Peer peer = new Peer(caBundle, serverName);
        synchronized (clients) {
            HttpClient known = clients.get(peer);
            if (known == null) {
                SSLParameters parameters = new SSLParameters();
                parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
                if (serverName.endsWith(".svc")) { // reached by address, so nobody else says it
                    parameters.setServerNames(List.of(new SNIHostName(serverName)));
                }
                known =
                        HttpClient.newBuilder()
                                .sslContext(ServerTrust.context(caBundle, serverName))
                                .sslParameters(parameters)
                                .connectTimeout(Duration.ofMillis(limits.connectMillis()))
                                .followRedirects(HttpClient.Redirect.NEVER)
                                // bounded by callsMax: each call has few tasks, one after the other
                                .executor(task -> Thread.ofVirtual().start(task))
                                .build();
                clients.put(peer, known);
                if (clients.size() > limits.clientsMax()) {
                    Peer oldest = clients.keySet().iterator().next();
                    HttpClient evicted = clients.remove(oldest);
                    if (evicted != null) {
                        evicted.shutdown(); // calls under way come to their end
                    }
                }
            }
            return known;
        }
    }

    /** Gives up calls under way. */
    @Override
    public void close() {
        synchronized (clients) {
            clients.values().forEach(HttpClient::shutdownNow);
            clients.clear();
        }
    }
}
