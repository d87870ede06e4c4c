package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.LeaseKeepAliveRequest;
import dev.kemudi.etcd.proto.LeaseKeepAliveResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.function.LongFunction;

/** The server's side of one stream of keep-alives. Safe for use by many threads. */
final class KeepAliveStream implements StreamObserver<LeaseKeepAliveRequest>, OpenStreams.Stream {
    private final ServerCallStreamObserver<LeaseKeepAliveResponse> out;
    private final LongFunction<LeaseKeepAliveResponse> renew;
    private final OpenStreams streams;
    private final InboundPace pace;
    private boolean over;

    KeepAliveStream(
            ServerCallStreamObserver<LeaseKeepAliveResponse> out,
            LongFunction<LeaseKeepAliveResponse> renew,
            OpenStreams streams) {
        this.out = out;
        this.renew = renew;
        this.streams = streams;
        this.pace = InboundPace.of(out);
        out.setOnCancelHandler(() -> onError(Errors.STOPPED.asRuntimeException()));
    }

    @Override
    public synchronized void onNext(LeaseKeepAliveRequest request) {
        if (over) {
            return;
        }
        try {
            out.onNext(renew.apply(request.getID()));
            pace.handled();
        } catch (RuntimeException e) {
            finish();
            out.onError(Errors.told(e));
        }
    }

    private void finish() {
        over = true;
        streams.remove(this);
    }

    /** The client left; nothing else is held for it. */
    @Override
    public synchronized void onError(Throwable gone) {
        finish();
    }

    @Override
    public synchronized void onCompleted() {
        if (!over) {
            finish();
            out.onCompleted();
        }
    }

    @Override
    public synchronized void stop() {
        if (!over) {
            finish();
            out.onError(Errors.STOPPED.asRuntimeException());
        }
    }
}
