package dev.kemudi.server;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.apiserver.ApiServer;
import dev.kemudi.etcd.EtcdServer;
import dev.kemudi.kernel.Fanout;
import dev.kemudi.kinds.BuiltinKinds;
import dev.kemudi.log.LogRefusedException;
import dev.kemudi.observe.MetricsServer;
import dev.kemudi.store.Store;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/*
 * The order of things
 * -------------------
 * Start: store → API server and etcd API → gateway → node, controllers, scheduler, those of one stage
 * side by side. In a cluster the doors open once there is a leader, and what acts is the leader's
 * alone (Leadership). Every part is on a stack, and a start that fails, like a stop, takes the stack
 * down from the top: first what could create pods, then the pods, then the edge, then the APIs, and
 * last the store, which flushes. Metrics are there from the first moment to the last.
 */
/**
 * The whole of Kemudi in this process. {@link #start} answers when every endpoint does; {@link
 * #close} stops pods in order and flushes. Safe for use by many threads.
 */
public final class Platform implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Platform.class.getName());
    private static final int LEADER_POLL_MILLIS = 20;
    private static final int ACTING_POLL_MILLIS = 100;
    private static final int ACTING_SECONDS_MAX = 60;
    private static final String ROUTE_VERSION = "gateway.networking.k8s.io/v1";
    private static final int SAY_AFTER_SECONDS = 2;

    private final Deque<AutoCloseable> running;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicBoolean ready = new AtomicBoolean();
    private final Options options;
    private final Store store;
    private final ApiServer apiServer;
    private final Discovery discovery;
    private final Endpoints endpoints;

    private Platform(Options options, Deque<AutoCloseable> running)
            throws IOException, InterruptedException, ExecutionException {
        this.options = options;
        this.running = running;
        Assembly parts = new Assembly(options, running);
        MetricsServer metrics = parts.metricsServer(ready::get);
        store = parts.store();
        apiServer = parts.apiServer(store);
        EtcdServer etcd = parts.etcd(store);
        discovery = new Discovery(BuiltinKinds.all(), client("kemudi-discovery"));

        metrics.start();
        if (options.cluster().isPresent()) {
            parts.endPodsOfEarlierLife();
            awaitLeader(store);
        }
        try (Fanout doors = Fanout.open(dev.kemudi.kernel.Limits.defaults())) {
            doors.fork(() -> Patience.with(() -> opened(apiServer)));
            doors.fork(() -> Actors.started(etcd::start));
            doors.join();
        }
        Leadership.Making acting = registry -> Actors.start(parts, apiServer, discovery, registry);
        int gatewayPort = options.gatewayPort();
        if (options.cluster().isPresent()) {
            running.push(new Leadership(store, acting, parts.metrics()));
            awaitActing(discovery);
        } else {
            Actors actors = acting.make(parts.metrics());
            running.push(actors);
            gatewayPort = actors.gatewayPort();
        }
        endpoints =
                new Endpoints(
                        ProcessHandle.current().pid(),
                        at(apiServer.port()),
                        at(etcd.port()),
                        at(gatewayPort),
                        at(metrics.port()),
                        writeKubeconfig());
        endpoints.write(options.dataDirectory());
        ready.set(true);
    }

    /** The leader, whichever that is, installs the kinds of what acts when it begins. */
    private static void awaitActing(Discovery discovery) throws InterruptedException {
        long untilNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(ACTING_SECONDS_MAX);
        while (Patience.with(
                () ->
                        discovery.of(ROUTE_VERSION, "Gateway").isEmpty()
                                || discovery.of(ROUTE_VERSION, "HTTPRoute").isEmpty())) {
            if (System.nanoTime() - untilNanos > 0) {
                throw new IllegalStateException(
                        "no leader began to act within %d s".formatted(ACTING_SECONDS_MAX));
            }
            Thread.sleep(ACTING_POLL_MILLIS);
        }
    }

    /** A member alone cannot know what was decided: nothing is served before there is a leader. */
    private static void awaitLeader(Store store) throws InterruptedException {
        long sayAtNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(SAY_AFTER_SECONDS);
        boolean said = false;
        while (!answers(store)) {
            if (!said && System.nanoTime() - sayAtNanos > 0) {
                LOG.log(Level.WARNING, "waiting until more than half of the peers have started");
                said = true;
            }
            Thread.sleep(LEADER_POLL_MILLIS);
        }
    }

    private static boolean opened(ApiServer apiServer) {
        apiServer.start();
        return true;
    }

    /** Whether a majority agrees on who leads. */
    private static boolean answers(Store store) throws InterruptedException {
        if (!store.standing().hasLeader()) {
            return false;
        }
        try {
            store.readBarrier().get();
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LogRefusedException) {
                return false;
            }
            throw new IllegalStateException("the store failed while starting", e);
        }
    }

    /**
     * Starts everything; answers when every endpoint does.
     *
     * @throws UsageException when the data directory is in use or cannot be used
     * @throws IllegalStateException when something cannot start; nothing is left running then
     */
    public static Platform start(Options options) {
        Deque<AutoCloseable> running = new ArrayDeque<>();
        boolean started = false;
        try {
            Files.createDirectories(options.dataDirectory());
            Platform platform = new Platform(options, running);
            started = true;
            return platform;
        } catch (IOException e) {
            throw new UsageException("cannot start: " + e.getMessage(), e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw cause instanceof IOException || cause instanceof ApiException
                    ? new UsageException("cannot start: " + cause.getMessage(), cause)
                    : new IllegalStateException("cannot start: " + cause.getMessage(), cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while starting", e);
        } finally {
            if (!started) {
                Actors.takeDown(running);
                forgetEndpoints(options);
            }
        }
    }

    private String at(int port) {
        String listen = options.listenAddress();
        String host = listen.equals("0.0.0.0") || listen.equals("::") ? "127.0.0.1" : listen;
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /** Written whole or not at all, and for its owner only: it holds the administrator's key. */
    private Path writeKubeconfig() throws IOException {
        Path data = options.dataDirectory().toAbsolutePath().normalize();
        Path kubeconfig = data.resolve("kubeconfig");
        Path fresh = data.resolve("kubeconfig.new");
        Files.deleteIfExists(fresh);
        Files.createFile(
                fresh,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(fresh, apiServer.kubeconfig());
        return Files.move(
                fresh,
                kubeconfig,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    public Endpoints endpoints() {
        return endpoints;
    }

    /**
     * The API in this process, with administrator's rights, under a name for audit and field
     * ownership.
     */
    public ApiClient client(String userName) {
        return apiServer.client(userName);
    }

    /** The store beneath: what the API shows and what it does not. */
    public Store store() {
        return store;
    }

    /** The API server, for what only its owner may do with it. */
    public ApiServer apiServer() {
        return apiServer;
    }

    Discovery discovery() {
        return discovery;
    }

    /** Applies manifest files and folders and waits until everything declared in them is ready. */
    public void apply(List<Path> manifests) throws InterruptedException {
        Declaration declaration =
                new Declaration(
                        Manifests.read(manifests), client(Declaration.FIELD_MANAGER), discovery);
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
        Actors.takeDown(running);
        forgetEndpoints(options);
    }

    private static void forgetEndpoints(Options options) {
        try {
            Endpoints.forget(options.dataDirectory());
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "the note about endpoints could not be removed: {0}",
                    e.getMessage());
        }
    }
}
