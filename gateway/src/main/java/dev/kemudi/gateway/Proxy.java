package dev.kemudi.gateway;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.util.concurrent.FastThreadLocalThread;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The data path: sockets, event loops and the route table in force. It never asks anybody anything
 * while serving. Safe for use by many threads; {@link #bind} and {@link #close} block.
 */
final class Proxy implements AutoCloseable {
    private static final int BACKLOG = 1024;
    private static final int PAGE_BYTES = 8192;

    private final Limits limits;
    private final GatewayMetrics metrics;
    private final Tracer tracer;
    private final TimeSource time;
    private final IoTransport transport;
    private final MultiThreadIoEventLoopGroup group;
    private final PooledByteBufAllocator allocator;
    private final List<Lane> lanes = new ArrayList<>();
    private final Map<Integer, Channel> listeners = new ConcurrentHashMap<>();
    private final AtomicInteger fronts = new AtomicInteger();
    private volatile RouteTable table = RouteTable.EMPTY;
    private volatile boolean draining;

    Proxy(
            Limits limits,
            GatewayMetrics metrics,
            Tracer tracer,
            TimeSource time,
            IoTransport wanted) {
        this.limits = limits;
        this.metrics = metrics;
        this.tracer = tracer;
        this.time = time;
        int order =
                Integer.numberOfTrailingZeros(Math.max(1, limits.poolChunkBytes() / PAGE_BYTES));
        // One arena for each loop and no caches for other threads: idle memory counts.
        allocator =
                new PooledByteBufAllocator(
                        true, 0, limits.eventLoops(), PAGE_BYTES, order, 64, 16, false);
        AtomicInteger number = new AtomicInteger();
        IoTransport.Loops loops =
                IoTransport.open(
                        wanted,
                        limits.eventLoops(),
                        task -> {
                            Thread thread =
                                    new FastThreadLocalThread(
                                            task, "gateway-loop-" + number.getAndIncrement());
                            thread.setDaemon(true);
                            return thread;
                        });
        transport = loops.transport();
        group = loops.group();
        Bootstrap connector =
                new Bootstrap()
                        .channel(transport.client())
                        .option(ChannelOption.ALLOCATOR, allocator)
                        .option(ChannelOption.TCP_NODELAY, true)
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, limits.connectTimeoutMillis())
                        .option(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
                        .option(ChannelOption.RECVBUF_ALLOCATOR, receiving());
        group.forEach(executor ->
                lanes.add(new Lane(lanes.size(), (EventLoop) executor, this, connector)));
    }

    private WriteBufferWaterMark waterMark() {
        return new WriteBufferWaterMark(
                limits.writeBufferBytesMax() / 2, limits.writeBufferBytesMax());
    }

    private AdaptiveRecvByteBufAllocator receiving() {
        return new AdaptiveRecvByteBufAllocator(1024, 2048, limits.writeBufferBytesMax());
    }

    Limits limits() {
        return limits;
    }

    GatewayMetrics metrics() {
        return metrics;
    }

    Tracer tracer() {
        return tracer;
    }

    TimeSource time() {
        return time;
    }

    RouteTable table() {
        return table;
    }

    boolean draining() {
        return draining;
    }

    IoTransport transport() {
        return transport;
    }

    /**
     * Memory in buffers that somebody still holds; 0 once everything is closed, or something leaks.
     */
    long pinnedBytes() {
        return allocator.pinnedDirectMemory();
    }

    int lanes() {
        return lanes.size();
    }

    /** From the next request on, {@code next} decides. */
    void swap(RouteTable next) {
        table = next;
    }

    /**
     * Listens.
     *
     * @param key the port that {@link RouteTable} knows this listener by
     * @param port 0 for a free one
     * @return the port bound
     * @throws IOException when the port cannot be bound; the message says why
     */
    int bind(int key, String address, int port) throws IOException {
        ServerBootstrap bootstrap =
                new ServerBootstrap()
                        .group(group)
                        .channel(transport.server())
                        .option(ChannelOption.SO_BACKLOG, BACKLOG)
                        .option(ChannelOption.SO_REUSEADDR, true)
                        .option(ChannelOption.ALLOCATOR, allocator)
                        .childOption(ChannelOption.ALLOCATOR, allocator)
                        .childOption(ChannelOption.TCP_NODELAY, true)
                        .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, waterMark())
                        .childOption(ChannelOption.RECVBUF_ALLOCATOR, receiving())
                        .childHandler(
                                new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        accept(channel, key);
                                    }
                                });
        ChannelFuture bound =
                bootstrap.bind(new InetSocketAddress(address, port)).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            Throwable cause = bound.cause();
            throw new IOException(
                    "cannot listen on %s:%d: %s"
                            .formatted(address, port, cause == null ? "?" : cause.getMessage()),
                    cause);
        }
        listeners.put(key, bound.channel());
        return ((InetSocketAddress) bound.channel().localAddress()).getPort();
    }

    /** Stops listening; connections that are open live on. */
    void unbind(int key) {
        Channel channel = listeners.remove(key);
        if (channel != null) {
            channel.close().awaitUninterruptibly();
        }
    }

    private void accept(Channel channel, int key) {
        if (fronts.incrementAndGet() > limits.connectionsMax() || draining) {
            fronts.decrementAndGet();
            metrics.connectionsRefused.inc();
            // Closing within the initializer would be too early for its own bookkeeping.
            channel.pipeline().addLast(new ChannelInboundHandlerAdapter());
            channel.eventLoop().execute(channel::close);
            return;
        }
        Lane lane = laneOf(channel.eventLoop());
        FrontConnection front = new FrontConnection(lane, key, channel);
        lane.add(front);
        channel.pipeline().addLast(front);
    }

    private Lane laneOf(EventLoop loop) {
        for (Lane lane : lanes) {
            if (lane.loop() == loop) {
                return lane;
            }
        }
        throw new IllegalStateException(
                "channel on an event loop that is not the gateway's: " + loop);
    }

    void closedFront() {
        fronts.decrementAndGet();
    }

    /**
     * Idle connections to endpoints that serve no longer are closed now rather than at the next
     * tick.
     */
    void endpointsChanged() {
        for (Lane lane : lanes) {
            lane.loop().execute(() -> lane.dropRetired());
        }
    }

    /** Stops accepting, waits for requests in flight, then closes everything. */
    @Override
    public void close() {
        draining = true;
        List.copyOf(listeners.keySet()).forEach(this::unbind);
        for (Lane lane : lanes) {
            lane.loop().execute(() -> lane.fronts().forEach(FrontConnection::drain));
        }
        long until = time.nanoTime() + limits.drainMillis() * 1_000_000L;
        try {
            while (fronts.get() > 0 && time.nanoTime() < until) {
                time.sleep(5);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (Lane lane : lanes) {
            lane.loop()
                    .execute(() -> {
                        lane.fronts().forEach(FrontConnection::close);
                        lane.closeIdleUpstreams();
                    });
        }
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
    }
}
