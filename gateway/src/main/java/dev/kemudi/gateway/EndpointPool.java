package dev.kemudi.gateway;

import java.util.ArrayDeque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One event loop's keep-alive connections to one endpoint. The last one used is used first, so that
 * surplus ones grow old and close. Owned by its loop's thread.
 */
final class EndpointPool {
    /* Requests that cannot be repeated avoid connections the endpoint may be closing just now. */
    private static final long FRESH_NANOS = 1_000_000_000L;

    private final Endpoint endpoint;
    private final Lane lane;
    private final ArrayDeque<UpstreamConnection> idle = new ArrayDeque<>();
    private final ArrayDeque<Exchange> waiting = new ArrayDeque<>();
    private int open;

    EndpointPool(Endpoint endpoint, Lane lane) {
        this.endpoint = endpoint;
        this.lane = lane;
        lane.add(this);
    }

    Endpoint endpoint() {
        return endpoint;
    }

    /**
     * Gives the exchange a connection now, or later by {@link Exchange#ready}, {@link
     * Exchange#connectFailed}.
     *
     * @return false when too many wait already
     */
    boolean acquire(Exchange exchange, boolean repeatable) {
        long now = lane.coarseNanos();
        UpstreamConnection connection;
        while ((connection = idle.pollLast()) != null) {
            if (!connection.usable(now)) {
                connection.close();
            } else if (!repeatable && now - connection.idleSinceNanos() > FRESH_NANOS) {
                idle.addLast(connection);
                break;
            } else {
                exchange.ready(connection);
                return true;
            }
        }
        if (open < lane.limits().upstreamConnectionsMax()) {
            connect(exchange);
            return true;
        }
        if (waiting.size() >= lane.limits().upstreamPendingMax()) {
            return false;
        }
        waiting.addLast(exchange);
        return true;
    }

    void cancel(Exchange exchange) {
        waiting.remove(exchange);
    }

    private void connect(Exchange exchange) {
        open++;
        lane.metrics().upstreamConnections.inc();
        UpstreamConnection connection = new UpstreamConnection(this, lane);
        lane.connect(endpoint.address(), connection)
                .addListener(future -> {
                    if (future.isSuccess()) {
                        lane.metrics().connected.inc();
                        endpoint.answered();
                        offer(connection, Optional.of(exchange));
                    } else {
                        closed();
                        lane.metrics().connectFailed.inc();
                        if (!exchange.done()) {
                            exchange.connectFailed(endpoint, Optional.ofNullable(future.cause()));
                        }
                    }
                });
    }

    private void offer(UpstreamConnection connection, Optional<Exchange> wanted) {
        if (wanted.isPresent() && wanted.get().awaits(endpoint)) {
            wanted.get().ready(connection);
        } else {
            release(connection);
        }
    }

    /** Takes back a connection whose exchange ended cleanly. */
    void release(UpstreamConnection connection) {
        Exchange next = nextWaiting();
        if (next != null) {
            next.ready(connection);
        } else if (endpoint.retired() || !connection.usable(lane.coarseNanos())) {
            connection.close();
        } else {
            connection.idleSince(lane.coarseNanos());
            idle.addLast(connection);
        }
    }

    private @Nullable Exchange nextWaiting() {
        Exchange next;
        while ((next = waiting.pollFirst()) != null) {
            if (next.awaits(endpoint)) {
                return next;
            }
        }
        return null;
    }

    /** A connection has gone; someone who waits gets a new one. */
    void closed(UpstreamConnection connection) {
        idle.remove(connection);
        closed();
    }

    private void closed() {
        open--;
        lane.metrics().upstreamConnections.dec();
        Exchange next = nextWaiting();
        if (next != null) {
            connect(next);
        }
    }

    void closeIdle() {
        for (UpstreamConnection connection : idle.toArray(UpstreamConnection[]::new)) {
            connection.close();
        }
    }

    void tick(long now) {
        if (endpoint.retired()) {
            closeIdle();
            return;
        }
        long limit = lane.limits().upstreamIdleMillis() * 1_000_000L;
        UpstreamConnection oldest;
        while ((oldest = idle.peekFirst()) != null && now - oldest.idleSinceNanos() > limit) {
            idle.pollFirst();
            oldest.close();
        }
    }

    boolean abandoned() {
        return open == 0 && waiting.isEmpty();
    }
}
