package dev.kemudi.etcd;

import dev.kemudi.store.Store;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Store} on the network under etcd's v3 gRPC API: KV, Watch, Lease, Lock, Election,
 * Cluster (member list), Maintenance (status, defragment) and gRPC's health. Without TLS, so it
 * belongs on loopback. Does not close the store. Safe for use by many threads.
 */
public final class EtcdServer implements AutoCloseable {
    /** A watch is told after one to two of its quiet periods' halves. */
    private static final int NOTIFY_PARTS = 2;

    private final Config config;
    private final Store store;
    private final Limits limits;
    private final CallGate gate;
    private final OpenStreams streams = new OpenStreams();
    private @Nullable Running running;

    private record Running(
            Server server, EventLoopGroup loops, ExecutorService calls, Thread notifier) {}

    public EtcdServer(Config config, Store store, PrometheusRegistry registry, Limits limits) {
        this.config = config;
        this.store = store;
        this.limits = limits;
        this.gate = new CallGate(limits.callsMax(), registry);
    }

    /**
     * Begins to listen.
     *
     * @throws IOException naming the address, when it cannot be listened on
     */
    public synchronized void start() throws IOException {
        if (running != null) {
            throw new IllegalStateException("the etcd server was started already");
        }
        EventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(
                        limits.eventLoopThreads(),
                        new DefaultThreadFactory("etcd-io", true),
                        NioIoHandler.newFactory());
        // Bounded by callsMax for unary calls and, per connection, by callsPerConnectionMax for
        // streams.
        ExecutorService calls =
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("etcd-call").factory());
        Member member = Member.single(() -> config.listenAddress() + ":" + port());
        WatchService watches = new WatchService(store, member, limits, streams);
        Server server = server(loops, calls, services(member, watches));
        try {
            server.start();
        } catch (IOException e) {
            release(loops, calls);
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(
                    "etcd cannot listen on "
                            + config.listenAddress()
                            + ":"
                            + config.port()
                            + " ("
                            + cause.getMessage()
                            + "): choose another port",
                    e);
        }
        Thread notifier =
                Thread.ofVirtual().name("etcd-progress").start(() -> notifyProgress(watches));
        running = new Running(server, loops, calls, notifier);
    }

    private List<BindableService> services(Member member, WatchService watches) {
        KeyQueue queue = new KeyQueue(store);
        List<BindableService> services =
                List.of(
                        new KvService(store, member, limits),
                        watches,
                        new LeaseService(store, member, streams),
                        new LockService(queue, member),
                        new ElectionService(store, queue, member, streams),
                        new ClusterService(store, member),
                        new MaintenanceService(store, member));
        Set<String> names =
                services.stream()
                        .map(service -> service.bindService().getServiceDescriptor().getName())
                        .collect(Collectors.toUnmodifiableSet());
        return Stream.concat(services.stream(), Stream.of(new HealthService(names))).toList();
    }

    private Server server(
            EventLoopGroup loops, ExecutorService calls, List<BindableService> services) {
        NettyServerBuilder builder =
                NettyServerBuilder.forAddress(
                                new InetSocketAddress(config.listenAddress(), config.port()))
                        .bossEventLoopGroup(loops)
                        .workerEventLoopGroup(loops)
                        .channelType(NioServerSocketChannel.class)
                        .executor(calls)
                        .maxInboundMessageSize(limits.messageBytesMax())
                        .maxConcurrentCallsPerConnection(limits.callsPerConnectionMax())
                        .permitKeepAliveTime(limits.keepAliveFloorMillis(), TimeUnit.MILLISECONDS)
                        .permitKeepAliveWithoutCalls(true)
                        .intercept(gate);
        services.forEach(builder::addService);
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

    /** The port listened on; the configured one before {@link #start}. */
    public synchronized int port() {
        return running == null ? config.port() : running.server.getPort();
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
        was.server.shutdown();
        streams.stopAll();
        try {
            // for.
            was.server.awaitTermination(limits.stopMillis(), TimeUnit.MILLISECONDS);
            was.server.shutdownNow();
            was.server.awaitTermination(limits.stopMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            was.server.shutdownNow();
            Thread.currentThread().interrupt();
        }
        release(was.loops, was.calls);
    }
}
