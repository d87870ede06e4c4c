package dev.kemudi.etcd;

import io.grpc.ClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Lets so many calls of the JSON gateway run; the next begins when one ends. Safe for many threads.
 */
final class GatewayTurns {
    private final int callsMax;
    // bounded by the connections and what each may have under way
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int running;

    GatewayTurns(int callsMax) {
        this.callsMax = callsMax;
    }

    /** Runs {@code begin} now or when it is its turn. */
    void take(Runnable begin) {
        synchronized (this) {
            if (running >= callsMax) {
                waiting.add(begin);
                return;
            }
            running++;
        }
        begin.run();
    }

    /** Whether {@code begin} was still waiting, and never runs now. */
    synchronized boolean leave(Runnable begin) {
        return waiting.remove(begin);
    }

    /** Passes everything on, and gives the turn away at the end. */
    <T> ClientCall.Listener<T> ending(ClientCall.Listener<T> listener) {
        return new SimpleForwardingClientCallListener<>(listener) {
            @Override
            public void onClose(Status status, Metadata trailers) {
                try {
                    super.onClose(status, trailers);
                } finally {
                    next();
                }
            }
        };
    }

    private void next() {
        Runnable begin;
        synchronized (this) {
            begin = waiting.poll();
            if (begin == null) {
                running--;
                return;
            }
        }
        begin.run();
    }
}
