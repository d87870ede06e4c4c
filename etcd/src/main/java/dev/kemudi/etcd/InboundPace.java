package dev.kemudi.etcd;

import io.grpc.stub.ServerCallStreamObserver;

/**
 * Takes the next message of a stream only when the client reads what it was sent: a client that
 * only writes is stopped by its own transport. Safe for use by many threads.
 */
final class InboundPace {
    private final ServerCallStreamObserver<?> out;
    private boolean owed;

    private InboundPace(ServerCallStreamObserver<?> out) {
        this.out = out;
    }

    static InboundPace of(ServerCallStreamObserver<?> out) {
        InboundPace pace = new InboundPace(out);
        out.disableAutoRequest();
        out.setOnReadyHandler(pace::ready);
        out.request(1);
        return pace;
    }

    /** The last message is dealt with. */
    void handled() {
        synchronized (this) {
            owed = true;
        }
        if (out.isReady()) {
            ready();
        }
    }

    /** The client has room again. */
    void ready() {
        synchronized (this) {
            if (!owed) {
                return;
            }
            owed = false;
        }
        out.request(1);
    }
}
