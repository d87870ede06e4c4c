package dev.kemudi.gateway;

import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One address that serves, shared by all event loops. Load and ejection are its only state;
 * connections belong to the loops, each of which reads and writes its own slot of {@code pools}
 * only.
 */
final class Endpoint {
    private static final int EJECTION_DOUBLINGS_MAX = 4;

    private final InetSocketAddress address;
    private final AtomicInteger active = new AtomicInteger();
    private final @Nullable EndpointPool[] pools;
    private volatile long ejectedUntilNanos;
    private volatile int ejections;
    private volatile boolean retired;

    Endpoint(InetSocketAddress address, int lanes) {
        this.address = address;
        this.pools = new EndpointPool[lanes];
    }

    InetSocketAddress address() {
        return address;
    }

    AtomicInteger active() {
        return active;
    }

    EndpointPool pool(Lane lane) {
        EndpointPool pool = pools[lane.index()];
        if (pool == null) {
            pool = new EndpointPool(this, lane);
            pools[lane.index()] = pool;
        }
        return pool;
    }

    @Nullable EndpointPool poolIfAny(Lane lane) {
        return pools[lane.index()];
    }

    void forget(Lane lane) {
        pools[lane.index()] = null;
    }

    /** Sets the endpoint aside because it refused a connection. */
    void eject(long nowNanos, int ejectionMillis) {
        int doublings = Math.min(ejections, EJECTION_DOUBLINGS_MAX);
        ejectedUntilNanos = nowNanos + ((long) ejectionMillis << doublings) * 1_000_000L;
        ejections = doublings + 1;
    }

    void answered() {
        if (ejections != 0) {
            ejections = 0;
        }
    }

    boolean ejected(long nowNanos) {
        return ejections != 0 && nowNanos - ejectedUntilNanos < 0;
    }

    /** No longer part of any back end: requests in flight finish, then its connections close. */
    void retire() {
        retired = true;
    }

    boolean retired() {
        return retired;
    }

    @Override
    public String toString() {
        return address.getAddress().getHostAddress() + ":" + address.getPort();
    }
}
