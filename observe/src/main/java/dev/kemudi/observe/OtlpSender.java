package dev.kemudi.observe;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Posts batches to a collector; for one thread. */
final class OtlpSender implements AutoCloseable {
    private static final Set<Integer> RETRYABLE = Set.of(429, 502, 503, 504);
    private static final long FIRST_BACKOFF_MILLIS = 200;

    private final HttpClient client;
    private final URI endpoint;
    private final Map<String, String> headers;
    private final Limits limits;

    OtlpSender(URI endpoint, Map<String, String> headers, Limits limits) {
        this.endpoint = endpoint;
        this.headers = headers;
        this.limits = limits;
        client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(Duration.ofMillis(limits.exportMillis()))
                        .build();
    }

    /**
     * Empty when the collector took it; else why not. Tries once only when {@code hurry} says so.
     */
    Optional<String> send(String json, BooleanSupplier hurry) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(endpoint)
                        .timeout(Duration.ofMillis(limits.exportMillis()))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(json));
        headers.forEach(request::setHeader);
        String problem = "";
        for (int attempt = 0; attempt < limits.exportAttempts(); attempt++) {
            if (attempt > 0) {
                if (hurry.getAsBoolean()) {
                    break;
                }
                LockSupport.parkNanos(
                        TimeUnit.MILLISECONDS.toNanos(FIRST_BACKOFF_MILLIS << attempt));
            }
            try {
                int status =
                        client.send(request.build(), HttpResponse.BodyHandlers.discarding())
                                .statusCode();
                if (status / 100 == 2) {
                    return Optional.empty();
                }
                problem = endpoint + " answered " + status;
                if (!RETRYABLE.contains(status)) {
                    break;
                }
            } catch (IOException e) {
                problem = endpoint + ": " + e;
            } catch (InterruptedException e) {
                problem = "interrupted by a stop";
            }
        }
        return Optional.of(problem);
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
