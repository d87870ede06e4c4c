package dev.kemudi.server;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ResourceDefinition;
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
import dev.kemudi.workloads.Workloads;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/*
 * The order of things
 * -------------------
 * Start: store → API server and etcd API → gateway, controllers, scheduler, node. Whatever started is put on a stack, and
 * a start that fails, like a stop, takes the stack down from the top: first what could create pods, then the pods, then
 * the edge, then the APIs, and last the store, which flushes. Metrics are there from the first moment to the last.
 */
/**
 * The whole of Kemudi in this process. {@link #start} answers when every endpoint does; {@link #close} stops pods in
 * order and flushes. Safe for use by many threads.
 */
public final class Platform implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Platform.class.getName());
    private static final String NODE_NAME = "kemudi";

    private final Deque<AutoCloseable> running;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean ready = new AtomicBoolean();
    private final Options options;
    private final ApiServer apiServer;
    private final Discovery discovery;
    private final Endpoints endpoints;

    private Platform(Options options, Deque<AutoCloseable> running) throws IOException, InterruptedException {
        this.options = options;
        this.running = running;
        Path data = Files.createDirectories(options.dataDirectory()).toAbsolutePath().normalize();
        PrometheusRegistry metrics = new PrometheusRegistry();
        TimeSource time = TimeSource.system();
        SpanExporter spans = push(SpanExporter.fromEnvironment(
                System.getenv(), dev.kemudi.observe.Limits.defaults(), metrics));
        MetricsServer metricsServer = push(new MetricsServer(
                new InetSocketAddress(options.listenAddress(), options.metricsPort()),
                VersionCommand.version(),
                metrics,
                () -> ready.get() ? Optional.empty() : Optional.of("still starting, or stopping"),
                spans,
                dev.kemudi.observe.Limits.defaults()));
        metricsServer.start();
        KemudiStore store = push(openStore(data, metrics, time));

        List<ResourceDefinition> kinds = BuiltinKinds.all();
        apiServer = push(new ApiServer(
                new ApiServer.Config(options.listenAddress(), options.apiPort(), data.resolve("pki")),
                store,
                kinds,
                metrics,
                spans,
                time,
                dev.kemudi.apiserver.Limits.defaults()));
        apiServer.start();
        EtcdServer etcd = push(new EtcdServer(
                new dev.kemudi.etcd.Config(options.listenAddress(), options.etcdPort()),
                store,
                metrics,
                dev.kemudi.etcd.Limits.defaults()));
        etcd.start();
        discovery = new Discovery(kinds, client("kemudi-discovery"));

        Gateway gateway = push(new Gateway(
                new Gateway.Config(options.listenAddress(), options.gatewayPort()),
                client("kemudi-gateway"),
                metrics,
                spans,
                time,
                dev.kemudi.gateway.Limits.defaults()));
        gateway.start();
        Node node = push(new Node(
                new Node.Config(NODE_NAME, data.resolve("pods")),
                client("system:node:" + NODE_NAME),
                metrics,
                time,
                dev.kemudi.node.Limits.defaults()));
        apiServer.attach(node.streams());
        node.start();
        Scheduler scheduler = push(new Scheduler(
                client("system:kube-scheduler"), metrics, time, dev.kemudi.scheduler.Limits.defaults()));
        scheduler.start();
        Workloads workloads = push(new Workloads(
                client("system:kube-controller-manager"),
                discovery::namespaced,
                metrics,
                time,
                dev.kemudi.workloads.Limits.defaults()));
        workloads.start();

        endpoints = new Endpoints(
                ProcessHandle.current().pid(),
                at(apiServer.port()),
                at(etcd.port()),
                at(gateway.port()),
                at(metricsServer.port()),
                writeKubeconfig(data));
        endpoints.write(data);
        ready.set(true);
    }

    /**
     * Starts everything; answers when every endpoint does.
     *
     * @throws UsageException when the data directory is in use or cannot be used
     * @throws IllegalStateException when something cannot start; nothing is left running then
     */
    public static Platform start(Options options) {
        Deque<AutoCloseable> running = new ArrayDeque<>();
        try {
            return new Platform(options, running);
        } catch (IOException e) {
            takeDown(running);
            throw new UsageException("--data-dir: %s: %s".formatted(options.dataDirectory(), e.getMessage()), e);
        } catch (InterruptedException e) {
            takeDown(running);
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while starting", e);
        } catch (RuntimeException e) {
            takeDown(running);
            throw e;
        }
    }

    private KemudiStore openStore(Path data, PrometheusRegistry metrics, TimeSource time) throws IOException {
        var limits = dev.kemudi.store.Limits.defaults();
        return options.inMemory()
                ? KemudiStore.inMemory(limits, time, metrics)
                : KemudiStore.open(data.resolve("store"), limits, time, metrics);
    }

    private <T extends AutoCloseable> T push(T part) {
        running.push(part);
        return part;
    }

    private String at(int port) {
        String listen = options.listenAddress();
        String host = listen.equals("0.0.0.0") || listen.equals("::") ? "127.0.0.1" : listen;
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /** Written whole or not at all, and for its owner only: it holds the administrator's key. */
    private Path writeKubeconfig(Path data) throws IOException {
        Path kubeconfig = data.resolve("kubeconfig");
        Path fresh = data.resolve("kubeconfig.new");
        Files.deleteIfExists(fresh);
        Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(fresh, apiServer.kubeconfig());
        return Files.move(fresh, kubeconfig, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    public Endpoints endpoints() {
        return endpoints;
    }

    /** The API in this process, with administrator's rights, under a name for audit and field ownership. */
    public ApiClient client(String userName) {
        return apiServer.client(userName);
    }

    Discovery discovery() {
        return discovery;
    }

    /** Applies manifest files and folders and waits until everything declared in them is ready. */
    public void apply(List<Path> manifests) throws InterruptedException {
        Declaration declaration =
                new Declaration(Manifests.read(manifests), client(Declaration.FIELD_MANAGER), discovery);
        declaration.apply();
        declaration.awaitReady(Progress.silent());
    }

    public boolean closed() {
        return closed.get();
    }

    /** Stops pods in order, then everything else, and flushes. Later calls do nothing. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        ready.set(false);
        takeDown(running);
        try {
            Endpoints.forget(options.dataDirectory());
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the note about endpoints could not be removed: {0}", e.getMessage());
        }
    }

    private static void takeDown(Deque<AutoCloseable> running) {
        while (!running.isEmpty()) {
            AutoCloseable part = running.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.log(Level.ERROR, part.getClass().getSimpleName() + " did not stop cleanly", e);
            }
        }
    }
}
