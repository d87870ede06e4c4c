package dev.kemudi.gateway;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * One event loop and all that belongs to it alone: scratch space, its clients, its connections to
 * endpoints, its retry budget. Nothing here is touched by another thread, so nothing is locked and
 * no request ever hops between loops.
 */
final class Lane {
    private static final int TICK_MILLIS = 100;

    private final int index;
    private final EventLoop loop;
    private final Proxy proxy;
    private final Limits limits;
    private final TimeSource time;
    private final Bootstrap connector;
    private final List<FrontConnection> fronts = new ArrayList<>();
    private final List<EndpointPool> pools = new ArrayList<>();
    private final Head head;
    private final Out out = new Out();
    private final Response response = new Response();
    private long random = ThreadLocalRandom.current().nextLong() | 1;
    private double retryTokens;
    private int tracesLeft;
    private long traceSecond;
    private long coarseNanos;
    private boolean ticking;

    Lane(int index, EventLoop loop, Proxy proxy, Bootstrap connector) {
        this.index = index;
        this.loop = loop;
        this.proxy = proxy;
        this.limits = proxy.limits();
        this.time = proxy.time();
        this.connector = connector.clone(loop);
        this.head = new Head(limits);
        this.retryTokens = limits.retryTokensMax();
        this.coarseNanos = time.nanoTime();
    }

    int index() {
        return index;
    }

    EventLoop loop() {
        return loop;
    }

    Limits limits() {
        return limits;
    }

    Head head() {
        return head;
    }

    Out out() {
        return out;
    }

    Response response() {
        return response;
    }

    GatewayMetrics metrics() {
        return proxy.metrics();
    }

    Tracer tracer() {
        return proxy.tracer();
    }

    TimeSource time() {
        return time;
    }

    RouteTable table() {
        return proxy.table();
    }

    boolean draining() {
        return proxy.draining();
    }

    /** Monotonic time, read anew. */
    long nanos() {
        coarseNanos = time.nanoTime();
        return coarseNanos;
    }

    /** Monotonic time as of the last reading: good enough for time-outs, and free. */
    long coarseNanos() {
        return coarseNanos;
    }

    /** Uniform enough and without contention (xorshift). */
    int random(int bound) {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return (int) (((random >>> 33) * bound) >>> 31);
    }

    /** Each request earns a little of the retry budget. */
    void earn() {
        retryTokens =
                Math.min(limits.retryTokensMax(), retryTokens + limits.retryPercent() / 100.0);
    }

    boolean spendRetry() {
        if (retryTokens < 1) {
            metrics().refusedRetries.inc();
            return false;
        }
        retryTokens--;
        return true;
    }

    /** Whether a trace that starts here is recorded: the first ones of each second are. */
    boolean sampleTrace() {
        if (tracer() == Tracer.NONE) {
            return false;
        }
        long second = coarseNanos / 1_000_000_000L;
        if (second != traceSecond) {
            traceSecond = second;
            tracesLeft = limits.tracesPerSecondMax();
        }
        return tracesLeft-- > 0;
    }

    ChannelFuture connect(InetSocketAddress address, UpstreamConnection handler) {
        return connector.clone().handler(handler).connect(address);
    }

    void add(FrontConnection front) {
        front.slot(fronts.size());
        fronts.add(front);
        metrics().connections.inc();
        startTicking();
    }

    void remove(FrontConnection front) {
        FrontConnection last = fronts.removeLast();
        if (last != front) {
            fronts.set(front.slot(), last);
            last.slot(front.slot());
        }
        metrics().connections.dec();
        proxy.closedFront();
    }

    void add(EndpointPool pool) {
        pools.add(pool);
        startTicking();
    }

    List<FrontConnection> fronts() {
        return List.copyOf(fronts);
    }

    void closeIdleUpstreams() {
        pools.forEach(EndpointPool::closeIdle);
    }

    void dropRetired() {
        long now = nanos();
        pools.forEach(pool -> pool.tick(now));
    }

    private void startTicking() {
        if (!ticking) {
            ticking = true;
            loop.schedule(this::tick, TICK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    /* Time-outs are found by looking at every connection ten times a second: cheaper than a timer for each
     * request. */
    private void tick() {
        long now = nanos();
        for (int i = fronts.size() - 1; i >= 0; i--) {
            if (i < fronts.size()) {
                fronts.get(i).tick(now);
            }
        }
        for (int i = pools.size() - 1; i >= 0; i--) {
            EndpointPool pool = pools.get(i);
            pool.tick(now);
            if (pool.abandoned()) {
                pools.remove(i);
                pool.endpoint().forget(this);
            }
        }
        ticking = false;
        if (!fronts.isEmpty() || !pools.isEmpty()) {
            startTicking();
        }
    }
}
