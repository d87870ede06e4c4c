package dev.kemudi.node;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.PodStreams.ExecStreams;
import dev.kemudi.api.PodStreams.LogOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.apiserver.ApiServer;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import dev.kemudi.kinds.BuiltinKinds;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A real API server over a store in memory, and one real node. */
final class Cluster implements AutoCloseable {
    private static final AtomicInteger NAMES = new AtomicInteger();

    final ApiClient client;
    Path pods;
    final String nodeName = "node-" + NAMES.incrementAndGet();
    private final Store store;
    private final ApiServer server;
    Node node;

    Cluster(Path directory) throws IOException, InterruptedException {
        this(directory, Limits.defaults());
    }

    Cluster(Path directory, Limits limits) throws IOException, InterruptedException {
        PrometheusRegistry metrics = new PrometheusRegistry();
        store = KemudiStore.inMemory(TimeSource.system(), metrics);
        server =
                new ApiServer(
                        new ApiServer.Config("127.0.0.1", 0, directory.resolve("pki")),
                        store,
                        BuiltinKinds.all(),
                        metrics,
                        Tracer.NONE,
                        TimeSource.system(),
                        dev.kemudi.apiserver.Limits.defaults());
        server.start();
        client = server.client("system:node");
        pods = directory.resolve("pods").toAbsolutePath();
        node = start(limits);
    }

    /** A node on this cluster's folder, as after a restart of Kemudi. */
    Node start(Limits limits) throws IOException, InterruptedException {
        Node started =
                new Node(
                        new Node.Config(nodeName, pods),
                        client,
                        new PrometheusRegistry(),
                        TimeSource.system(),
                        limits);
        started.start();
        server.attach(started.streams());
        return started;
    }

    void crashAndRestart() throws IOException, InterruptedException {
        node.detach();
        node = start(Limits.defaults());
    }

    /** Creates a pod bound to the node; {@code spec} is the inside of its spec object. */
    ApiObject create(String name, String spec) {
        return client.create(
                Resource.PODS,
                ApiObject.parse(
                        """
                        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"default",
                         "labels":{"app":"%s"}},"spec":{"nodeName":"%s",%s}}
                        """
                                .formatted(name, name, nodeName, spec)));
    }

    /** A pod of one container {@code c} that runs a shell script. */
    ApiObject sh(String name, String script) {
        return sh(name, script, "");
    }

    ApiObject sh(String name, String script, String more) {
        return create(name, "\"containers\":[%s]%s".formatted(containerOf("c", script, ""), more));
    }

    /** As {@link #sh}, with more members of the container. */
    ApiObject container(String name, String script, String more) {
        return create(name, "\"containers\":[%s]".formatted(containerOf("c", script, more)));
    }

    static String containerOf(String name, String script, String more) {
        String text = com.fasterxml.jackson.databind.node.TextNode.valueOf(script).toString();
        return "{\"name\":\"%s\",\"image\":\"host\",\"command\":[\"sh\",\"-c\",%s]%s}"
                .formatted(name, text, more);
    }

    ApiObject get(String name) {
        return client.get(Resource.PODS, "default", name);
    }

    Optional<ApiObject> find(String name) {
        return client.find(Resource.PODS, "default", name);
    }

    String condition(String name, String type) {
        for (var condition : get(name).at("/status/conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return condition.path("status").asText();
            }
        }
        return "absent";
    }

    void awaitReady(String name) throws Exception {
        Eventually.within(
                20,
                () -> {
                    if (!condition(name, "Ready").equals("True")) {
                        throw new AssertionError("not ready: " + get(name).at("/status"));
                    }
                });
    }

    void awaitPhase(String name, String phase) throws Exception {
        Eventually.within(
                30,
                () -> {
                    if (!get(name).text("/status/phase").equals(phase)) {
                        throw new AssertionError("not " + phase + ": " + get(name).at("/status"));
                    }
                });
    }

    void delete(String name, long graceSeconds) {
        client.delete(
                Resource.PODS,
                "default",
                name,
                DeleteOptions.BACKGROUND.graceSeconds(graceSeconds));
    }

    void awaitGone(String name) throws Exception {
        Eventually.within(
                20,
                () -> {
                    if (find(name).isPresent()) {
                        throw new AssertionError("still there: " + get(name));
                    }
                });
    }

    String logs(String name, LogOptions options) throws IOException, InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        node.streams().logs(get(name), "", options, out);
        return out.toString(StandardCharsets.UTF_8);
    }

    String logs(String name) throws IOException, InterruptedException {
        return logs(name, new LogOptions(false, false, false, -1, -1, -1));
    }

    /** What an exec printed on stdout, and its exit code. */
    record Ran(int code, String out, String err) {}

    Ran exec(String name, String stdin, String... command)
            throws IOException, InterruptedException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        byte[] in = stdin.getBytes(StandardCharsets.UTF_8);
        int code =
                node.streams()
                        .exec(
                                get(name),
                                "",
                                List.of(command),
                                new ExecStreams(new ByteArrayInputStream(in), out, err));
        return new Ran(
                code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    long pid(String name) {
        String[] parts = get(name).text("/status/containerStatuses/0/containerID").split("-");
        return Long.parseLong(parts[parts.length - 2]);
    }

    List<String> eventReasons(String name) {
        return client
                .list(
                        Resource.EVENTS,
                        "default",
                        dev.kemudi.api.ListOptions.fields("involvedObject.name=" + name))
                .items()
                .stream()
                .map(e -> e.text("/reason"))
                .toList();
    }

    List<ProcTable.Entry> processes() throws IOException {
        return new ProcTable(pods.toRealPath()).scan();
    }

    @Override
    public void close() {
        node.close();
        server.close();
        store.close();
    }
}
