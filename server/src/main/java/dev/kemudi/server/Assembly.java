package dev.kemudi.server;

import dev.kemudi.api.Resource;
import dev.kemudi.apiserver.ApiServer;
import dev.kemudi.etcd.EtcdServer;
import dev.kemudi.gateway.Gateway;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kinds.BuiltinKinds;
import dev.kemudi.node.Node;
import dev.kemudi.observe.MetricsServer;
import dev.kemudi.observe.SpanExporter;
import dev.kemudi.scheduler.Scheduler;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import dev.kemudi.workloads.PodUsage;
import dev.kemudi.workloads.Workloads;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Makes each part with what it needs and puts it on the stack of what must be closed. Starts
 * nothing.
 */
final class Assembly {
    private static final String NODE_NAME = "kemudi";

    private final Options options;
    private final Deque<AutoCloseable> running;
    private final Path data;
    private final PrometheusRegistry metrics = new PrometheusRegistry();
    private final TimeSource time;
    private final SpanExporter spans;

    Assembly(Options options, Deque<AutoCloseable> running) {
        this.options = options;
        this.running = running;
        this.time = options.time();
        this.data = options.dataDirectory().toAbsolutePath().normalize();
        this.spans =
                push(
                        SpanExporter.fromEnvironment(
                                System.getenv(), dev.kemudi.observe.Limits.defaults(), metrics));
    }

    PrometheusRegistry metrics() {
        return metrics;
    }

    private <T extends AutoCloseable> T push(T part) {
        running.push(part);
        return part;
    }

    MetricsServer metricsServer(BooleanSupplier ready) throws IOException {
        return push(
                new MetricsServer(
                        new InetSocketAddress(options.listenAddress(), options.metricsPort()),
                        VersionCommand.version(),
                        metrics,
                        () ->
                                ready.getAsBoolean()
                                        ? Optional.empty()
                                        : Optional.of("still starting, or stopping"),
                        spans,
                        dev.kemudi.observe.Limits.defaults()));
    }

    Store store() throws IOException {
        var limits = dev.kemudi.store.Limits.defaults();
        if (options.inMemory()) {
            return push(KemudiStore.inMemory(limits, time, metrics));
        }
        Path directory = data.resolve("store");
        boolean wasReplicated = ReplicatedLog.isIn(directory);
        if (options.cluster().isEmpty()) {
            if (wasReplicated) {
                throw new IOException(
                        "%s belongs to a node of a cluster: give --cluster-peers and --node-name as before"
                                .formatted(data));
            }
            return push(KemudiStore.open(directory, limits, time, metrics));
        }
        Peers peers = options.cluster().get();
        boolean restored = ReplicatedLog.isRestored(directory);
        if (Files.isDirectory(directory)
                && !wasReplicated
                && !restored
                && peers.addresses().size() > 1) {
            throw new IOException(
                    ("%s holds a store of its own, which the peers do not have: take a snapshot"
                                    + " (kemudi store snapshot) and restore it on every node")
                            .formatted(data));
        }
        return push(
                KemudiStore.open(
                        directory,
                        ReplicatedLog.opener(restored ? peers.config().asSeeded() : peers.config()),
                        peers.identity(
                                "http://" + options.listenAddress() + ":" + options.etcdPort()),
                        limits,
                        time,
                        metrics));
    }

    ApiServer apiServer(Store store) {
        return push(
                new ApiServer(
                        new ApiServer.Config(
                                options.listenAddress(),
                                options.apiPort(),
                                options.keys().orElseGet(() -> data.resolve("pki")),
                                options.audit()),
                        store,
                        BuiltinKinds.all(),
                        metrics,
                        spans,
                        time,
                        dev.kemudi.apiserver.Limits.defaults()));
    }

    EtcdServer etcd(Store store) {
        return push(
                new EtcdServer(
                        new dev.kemudi.etcd.Config(options.listenAddress(), options.etcdPort())
                                .withScratch(data.resolve("scratch")),
                        store,
                        metrics,
                        dev.kemudi.etcd.Limits.defaults()));
    }

    Gateway gateway(ApiServer apiServer, PrometheusRegistry metrics) {
        return new Gateway(
                new Gateway.Config(options.listenAddress(), options.gatewayPort()),
                apiServer.client("kemudi-gateway"),
                metrics,
                spans,
                time,
                dev.kemudi.gateway.Limits.defaults());
    }

    /**
     * What a killed life of this member left running: whoever leads since then has started the same
     * pods.
     */
    void endPodsOfEarlierLife() throws IOException, InterruptedException {
        Node.sweep(nodeConfig(), dev.kemudi.node.Limits.defaults());
    }

    private Node.Config nodeConfig() {
        return new Node.Config(NODE_NAME, data.resolve("pods"));
    }

    Node node(ApiServer apiServer, PrometheusRegistry metrics) throws IOException {
        Node node =
                new Node(
                        nodeConfig(),
                        apiServer.client("system:node:" + NODE_NAME),
                        metrics,
                        time,
                        dev.kemudi.node.Limits.defaults());
        apiServer.attach(node.streams());
        return node;
    }

    Scheduler scheduler(ApiServer apiServer, PrometheusRegistry metrics) {
        return new Scheduler(
                apiServer.client("system:kube-scheduler"),
                metrics,
                time,
                dev.kemudi.scheduler.Limits.defaults());
    }

    Workloads workloads(
            ApiServer apiServer,
            Supplier<List<Resource>> served,
            PodUsage usage,
            PrometheusRegistry metrics) {
        return new Workloads(
                apiServer.client("system:kube-controller-manager"),
                served,
                usage,
                metrics,
                time,
                dev.kemudi.workloads.Limits.defaults());
    }
}
