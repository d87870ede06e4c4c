package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.WatchGrpc;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Store;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Store} on the network under etcd's v3 API: KV, Watch, Lease, Lock, Election, Cluster,
 * Maintenance, Auth and gRPC's health over gRPC, and on the same port the JSON gateway and etcd's
 * pages over HTTP/1.1; in plain text or with TLS. Does not close the store. Safe for use by many
 * threads.
 */
public final class EtcdServer implements AutoCloseable {
    /** A watch is told after one to two of its quiet periods' halves. */
    private static final int NOTIFY_PARTS = 2;

    private final Config config;
    private final Store store;
    private final PrometheusRegistry registry;
    private final Limits limits;
    private final CallGate gate;
    private final OpenStreams streams = new OpenStreams();
    private final ChannelGroup connections =
            new DefaultChannelGroup("etcd-http", GlobalEventExecutor.INSTANCE);
    private @Nullable Running running;

    private record Running(
            Server server,
            PagesDoor door,
            EventLoopGroup loops,
            ExecutorService calls,
            Thread notifier,
            LocalServer local,
            Lookout lookout) {}

    public EtcdServer(Config config, Store store, PrometheusRegistry registry, Limits limits) {
        this.config = config;
        this.store = store;
        this.registry = registry;
        this.limits = limits;
        this.gate = new CallGate(limits.callsMax(), registry);
    }

    /**
     * Begins to listen.
     *
     * @throws IOException naming the address that cannot be listened on, or the file that cannot be
     *     used
     */
    public synchronized void start() throws IOException {
        if (running != null) {
            throw new IllegalStateException("the etcd server was started already");
        }
        Tokens tokens = TokenKinds.of(config.accounts(), limits, TimeSource.system());
        Optional<Certificates> certificates =
                config.isSecure()
                        ? Optional.of(new Certificates(config.tls(), hosts()))
                        : Optional.empty();
        Alarms alarms = new Alarms(store, config.quotaBytes());
        Guard guard = new Guard(store, tokens, config.tls().clientCertificates(), alarms);
        store.onChange(Accounts.AREA, guard::changed);
        store.onChange(Alarms.AREA, alarms::changed);
        Member member = Member.of(store, this::clientUrl);
        EtcdSeries series = new EtcdSeries(registry, store, member, config.quotaBytes(), gate);

        EventLoopGroup loops = Transport.loops(limits.eventLoopThreads());
        // Bounded by callsMax for unary calls and, per connection, by callsPerConnectionMax for
        // streams.
        ExecutorService calls =
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("etcd-call").factory());
        Lanes lanes = new Lanes(loops, calls);
        WatchService watches = watches(member, guard, calls);
        KvService keys = new KvService(store, member, limits, guard, lanes);
        List<BindableService> services = services(member, keys, watches, guard, alarms, tokens);
        Lookout[] lookout = new Lookout[1];
        Credentials credentials =
                new Credentials(() -> store.standing().hasLeader(), () -> lookout[0].isLearner());
        lookout[0] = new Lookout(store, limits, credentials::leaderLost, series, certificates);
        LocalServer local = new LocalServer(services, List.of(credentials, gate), gate, calls);
        Optional<JsonGateway> gateway =
                config.gateway()
                        ? Optional.of(
                                new JsonGateway(local::channel, limits.callsPerConnectionMax()))
                        : Optional.empty();
        HttpPages all = pages(alarms, gateway, series);
        HttpPages pages = pages(alarms, Optional.empty(), series);
        Front front =
                new Front(
                        limits,
                        config::isSecure,
                        certificates,
                        () -> new HttpConnection(all, calls, limits.pipelinedMax()),
                        connections,
                        new UnaryCalls(keys.methods(), gate, credentials));
        PagesDoor door =
                new PagesDoor(
                        loops,
                        limits,
                        certificates,
                        () -> new HttpConnection(pages, calls, limits.pipelinedMax()),
                        connections);
        Server server = server(loops, lanes, services, front, credentials);
        try {
            listen(server, door);
        } catch (IOException e) {
            server.shutdownNow();
            door.close();
            release(loops, calls);
            throw e;
        }
        Thread notifier =
                Thread.ofVirtual().name("etcd-progress").start(() -> notifyProgress(watches));
        lookout[0].start();
        running = new Running(server, door, loops, calls, notifier, local, lookout[0]);
    }

    private WatchService watches(Member member, Guard guard, ExecutorService calls) {
        CallGate.Kind kind = gate.knows(WatchGrpc.getWatchMethod());
        return new WatchService(store, member, limits, streams, guard, kind, calls);
    }

    private HttpPages pages(Alarms alarms, Optional<JsonGateway> gateway, EtcdSeries series) {
        return new HttpPages(store, alarms, gateway, series, limits.barrierMillis());
    }

    private void listen(Server server, PagesDoor door) throws IOException {
        try {
            server.start();
        } catch (IOException e) {
            throw taken(config.listenUrls(), e);
        }
        for (URI url : config.pageUrls()) {
            try {
                door.listen(url);
            } catch (IOException e) {
                throw taken(List.of(url), e);
            }
        }
    }

    private static IOException taken(List<URI> urls, IOException failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return new IOException(
                "etcd cannot listen on "
                        + urls.stream().map(URI::getAuthority).collect(Collectors.joining(", "))
                        + " ("
                        + cause.getMessage()
                        + "): choose another port",
                failure);
    }

    /** What a certificate made here is for. */
    private List<String> hosts() {
        return Stream.concat(
                        Stream.of("localhost", "127.0.0.1"),
                        config.listenUrls().stream().map(Config::host))
                .distinct()
                .toList();
    }

    private String clientUrl() {
        URI first = config.listenUrls().getFirst();
        return first.getScheme() + "://" + first.getHost() + ":" + port();
    }

    private List<BindableService> services(
            Member member,
            KvService keys,
            WatchService watches,
            Guard guard,
            Alarms alarms,
            Tokens tokens) {
        KeyQueue queue = new KeyQueue(store, guard);
        SnapshotStream snapshots = new SnapshotStream(store, config.scratch(), limits);
        Passwords passwords =
                new Passwords(config.accounts().bcryptCost(), limits.passwordsAtATime());
        List<BindableService> services =
                List.of(
                        keys,
                        watches,
                        new LeaseService(store, member, streams, guard),
                        new LockService(queue, member),
                        new ElectionService(store, queue, member, streams, guard),
                        new ClusterService(store, member, guard),
                        new MaintenanceService(store, member, guard, alarms, snapshots),
                        new AuthService(store, member, guard, tokens, passwords));
        Set<String> names =
                services.stream()
                        .map(service -> service.bindService().getServiceDescriptor().getName())
                        .collect(Collectors.toUnmodifiableSet());
        return Stream.concat(services.stream(), Stream.of(new HealthService(names))).toList();
    }

    private Server server(
            EventLoopGroup loops,
            Lanes lanes,
            List<BindableService> services,
            Front front,
            Credentials credentials) {
        List<InetSocketAddress> addresses = config.addresses();
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(
                                addresses.getFirst(), InternalNettyServerCredentials.create(front))
                        .bossEventLoopGroup(loops)
                        .workerEventLoopGroup(loops)
                        .channelType(Transport.serverChannel())
                        .directExecutor()
                        .maxInboundMessageSize(limits.messageBytesMax())
                        .maxConcurrentCallsPerConnection(limits.callsPerConnectionMax())
                        .permitKeepAliveTime(limits.keepAliveFloorMillis(), TimeUnit.MILLISECONDS)
                        .permitKeepAliveWithoutCalls(true)
                        .addStreamTracerFactory(gate)
                        .intercept(new StalenessBound())
                        .intercept(credentials)
                        .intercept(gate);
        addresses.stream().skip(1).forEach(builder::addListenAddress);
        Offload offload = new Offload(lanes.blocking());
        for (BindableService service : services) {
            ServerServiceDefinition definition = service.bindService();
            definition.getMethods().forEach(method -> gate.knows(method.getMethodDescriptor()));
            builder.addService(
                    service instanceof KvService
                            ? definition
                            : ServerInterceptors.intercept(definition, offload));
        }
        return builder.build();
    }

    private void notifyProgress(WatchService watches) {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(limits.progressNotifyMillis() / NOTIFY_PARTS);
                watches.notifyProgress();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The port of the first address; 0 before {@link #start} when any will do. */
    public synchronized int port() {
        int asked = config.listenUrls().getFirst().getPort();
        if (asked != 0 || running == null) {
            return asked;
        }
        return running.server.getListenSockets().stream()
                .map(socket -> ((InetSocketAddress) socket).getPort())
                .filter(port -> !config.namesPort(port))
                .findFirst()
                .orElseThrow();
    }

    /**
     * The ports of the pages alone, in the order of their addresses; empty before {@link #start}.
     */
    synchronized List<Integer> pagePorts() {
        return running == null ? List.of() : running.door.ports();
    }

    private void release(EventLoopGroup loops, ExecutorService calls) {
        loops.shutdownGracefully(0, limits.stopMillis(), TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(limits.stopMillis());
        calls.shutdownNow();
    }

    /**
     * Stops listening, lets calls finish for {@code stopMillis}, ends streams; the store stays
     * open.
     */
    @Override
    public synchronized void close() {
        Running was = running;
        if (was == null) {
            return;
        }
        running = null;
        gate.close();
        was.notifier.interrupt();
        was.lookout.close();
        was.local.close();
        was.door.close();
        was.server.shutdown();
        streams.stopAll();
        try {
            was.server.awaitTermination(limits.stopMillis(), TimeUnit.MILLISECONDS);
            was.server.shutdownNow();
            was.server.awaitTermination(limits.stopMillis(), TimeUnit.MILLISECONDS);
            connections.close().await(limits.stopMillis());
        } catch (InterruptedException e) {
            was.server.shutdownNow();
            Thread.currentThread().interrupt();
        }
        release(was.loops, was.calls);
    }
}
