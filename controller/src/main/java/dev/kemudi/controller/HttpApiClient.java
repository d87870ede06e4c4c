package dev.kemudi.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.Json;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectList;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchOptions;
import dev.kemudi.api.WatchStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The API over HTTPS, for programs outside of the server's process, against Kemudi or any other
 * Kubernetes API server. Calls block; a lost connection is an {@link UncheckedIOException}. Safe
 * for use by many threads.
 */
public final class HttpApiClient implements ApiClient, AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(60);

    private final Kubeconfig config;
    private final Limits limits;
    private final HttpClient http;
    // Bounded by the callers: a call blocks, so the tasks are those of calls and watches that are
    // open.
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private HttpApiClient(Kubeconfig config, Limits limits) {
        this.config = config;
        this.limits = limits;
        this.http =
                HttpClient.newBuilder()
                        .sslContext(config.tls())
                        .connectTimeout(CONNECT)
                        .executor(threads)
                        .build();
    }

    /**
     * A client for the current context of a kubeconfig.
     *
     * @throws IOException when the file, or one that it names, cannot be read
     * @throws IllegalArgumentException when it does not say what is needed
     */
    public static HttpApiClient fromKubeconfig(Path kubeconfig) throws IOException {
        return new HttpApiClient(Kubeconfig.read(kubeconfig), Limits.defaults());
    }

    // ---- reading
    // ---------------------------------------------------------------------------------------------------

    @Override
    public ApiObject get(Resource resource, String namespace, String name) {
        return ApiObject.of(call(request(path(resource, namespace, name), Map.of()).GET()));
    }

    @Override
    public ObjectList list(Resource resource, String namespace, ListOptions options) {
        Map<String, String> query = new LinkedHashMap<>();
        query.put("labelSelector", options.labelSelector());
        query.put("fieldSelector", options.fieldSelector());
        query.put("limit", options.limit() == 0 ? "" : Integer.toString(options.limit()));
        query.put("continue", options.continueToken());
        query.put("resourceVersion", options.resourceVersion());
        ObjectNode list = call(request(resource.path(namespace), query).GET());
        List<ApiObject> items = new ArrayList<>();
        for (JsonNode item : list.path("items")) {
            items.add(ApiObject.of(identified(resource, (ObjectNode) item)));
        }
        return new ObjectList(
                items,
                list.at("/metadata/resourceVersion").asText(""),
                list.at("/metadata/continue").asText(""));
    }

    /** Items of typed lists come without their kind: the list's own says it. */
    private static ObjectNode identified(Resource resource, ObjectNode item) {
        if (!item.has("kind")) {
            item.put("apiVersion", resource.apiVersion()).put("kind", resource.kind());
        }
        return item;
    }

    @Override
    public WatchStream watch(Resource resource, String namespace, WatchOptions options) {
        Map<String, String> query = new LinkedHashMap<>();
        query.put("watch", "true");
        query.put("labelSelector", options.labelSelector());
        query.put("fieldSelector", options.fieldSelector());
        query.put("resourceVersion", options.resourceVersion());
        query.put("allowWatchBookmarks", options.bookmarks() ? "true" : "");
        query.put(
                "timeoutSeconds",
                options.timeoutSeconds() == 0 ? "" : Integer.toString(options.timeoutSeconds()));
        if (options.sendInitialEvents()) {
            query.put("sendInitialEvents", "true");
            query.put("resourceVersionMatch", "NotOlderThan");
        }
        HttpResponse<InputStream> response = send(request(resource.path(namespace), query).GET());
        if (response.statusCode() >= 300) {
            throw refused(response.statusCode(), body(response));
        }
        return new HttpWatch(response.body(), limits.responseBytesMax());
    }

    // ---- writing
    // ---------------------------------------------------------------------------------------------------

    @Override
    public ApiObject create(Resource resource, ApiObject object) {
        return write("POST", resource.path(object.namespace()), object);
    }

    @Override
    public ApiObject create(
            Resource resource, String namespace, String name, String subresource, ApiObject body) {
        return write("POST", path(resource, namespace, name) + "/" + subresource, body);
    }

    @Override
    public ApiObject update(Resource resource, ApiObject object) {
        return write("PUT", path(resource, object.namespace(), object.name()), object);
    }

    @Override
    public ApiObject updateStatus(Resource resource, ApiObject object) {
        return write("PUT", path(resource, object.namespace(), object.name()) + "/status", object);
    }

    private ApiObject write(String method, String path, ApiObject object) {
        return ApiObject.of(
                call(
                        request(path, Map.of())
                                .header("Content-Type", "application/json")
                                .method(
                                        method,
                                        HttpRequest.BodyPublishers.ofString(object.toString()))));
    }

    @Override
    public ApiObject patch(Resource resource, String namespace, String name, Patch patch) {
        String suffix = patch.subresource().isEmpty() ? "" : "/" + patch.subresource();
        Map<String, String> query = new LinkedHashMap<>();
        query.put("fieldManager", patch.fieldManager());
        query.put("force", patch.force() ? "true" : "");
        return ApiObject.of(
                call(
                        request(path(resource, namespace, name) + suffix, query)
                                .header("Content-Type", patch.type().mediaType())
                                .method(
                                        "PATCH",
                                        HttpRequest.BodyPublishers.ofByteArray(patch.body()))));
    }

    @Override
    public Optional<ApiObject> delete(
            Resource resource, String namespace, String name, DeleteOptions options) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.put("kind", "DeleteOptions").put("apiVersion", "v1");
        body.put("propagationPolicy", options.propagation().policy());
        options.gracePeriodSeconds().ifPresent(s -> body.put("gracePeriodSeconds", s));
        ObjectNode preconditions = JsonNodeFactory.instance.objectNode();
        if (!options.uid().isEmpty()) {
            preconditions.put("uid", options.uid());
        }
        if (!options.resourceVersion().isEmpty()) {
            preconditions.put("resourceVersion", options.resourceVersion());
        }
        if (!preconditions.isEmpty()) {
            body.set("preconditions", preconditions);
        }
        ApiObject answer =
                ApiObject.of(
                        call(
                                request(path(resource, namespace, name), Map.of())
                                        .header("Content-Type", "application/json")
                                        .method(
                                                "DELETE",
                                                HttpRequest.BodyPublishers.ofString(
                                                        body.toString()))));
        boolean held = answer.kind().equals(resource.kind()) && answer.deleting();
        return held ? Optional.of(answer) : Optional.empty();
    }

    // ---- the wire
    // --------------------------------------------------------------------------------------------------

    private static String path(Resource resource, String namespace, String name) {
        return resource.path(namespace) + "/" + URLEncoder.encode(name, StandardCharsets.UTF_8);
    }

    private HttpRequest.Builder request(String path, Map<String, String> query) {
        StringBuilder uri =
                new StringBuilder(config.server().toString().replaceAll("/+$", "")).append(path);
        char separator = '?';
        for (var parameter : query.entrySet()) {
            if (!parameter.getValue().isEmpty()) {
                uri.append(separator).append(parameter.getKey()).append('=');
                uri.append(URLEncoder.encode(parameter.getValue(), StandardCharsets.UTF_8));
                separator = '&';
            }
        }
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(uri.toString()))
                        .timeout(ANSWER)
                        .header("Accept", "application/json");
        return config.token().isEmpty()
                ? request
                : request.header("Authorization", "Bearer " + config.token());
    }

    private ObjectNode call(HttpRequest.Builder request) {
        HttpResponse<InputStream> response = send(request);
        byte[] body = body(response);
        if (response.statusCode() >= 300) {
            throw refused(response.statusCode(), body);
        }
        try {
            if (Json.MAPPER.readTree(body) instanceof ObjectNode tree) {
                return tree;
            }
            throw new IOException(
                    "expected a JSON object from " + response.uri() + ", found something else");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private HttpResponse<InputStream> send(HttpRequest.Builder request) {
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(
                    new InterruptedIOException("interrupted while waiting for an answer"));
        }
    }

    private byte[] body(HttpResponse<InputStream> response) {
        try (InputStream body = response.body()) {
            byte[] bytes = body.readNBytes(limits.responseBytesMax());
            if (bytes.length == limits.responseBytesMax()) {
                throw new IOException(
                        "expected an answer below "
                                + bytes.length
                                + " bytes from "
                                + response.uri());
            }
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * The status as the server wrote it, or one made from the code when something else answered.
     */
    private static ApiException refused(int code, byte[] body) {
        try {
            if (Json.MAPPER.readTree(body) instanceof ObjectNode tree
                    && tree.path("kind").asText().equals("Status")) {
                return new ApiException(Status.from(tree));
            }
        } catch (IOException e) {
            return new ApiException(
                    Status.of(
                            code, "Unknown", "the server answered " + code + " without a Status"));
        }
        return new ApiException(
                Status.of(code, "Unknown", "the server answered " + code + " without a Status"));
    }

    /** Ends open watches and frees connections. */
    @Override
    public void close() {
        http.shutdownNow();
        threads.shutdownNow();
    }
}
