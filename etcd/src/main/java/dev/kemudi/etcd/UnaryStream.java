package dev.kemudi.etcd;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * One call that {@link UnaryStreams} took. It may be answered on any thread, once; the rest happens
 * on its connection's event loop.
 */
final class UnaryStream implements StreamObserver<Payload>, Runnable {
    private final UnaryStreams connection;
    private final CallGate.Kind kind;
    final Http2Stream stream;
    private @Nullable Payload message;
    private Status status = Status.OK;
    private @Nullable Future<?> timeout;
    private boolean over;

    UnaryStream(UnaryStreams connection, Http2Stream stream, CallGate.Kind kind) {
        this.connection = connection;
        this.stream = stream;
        this.kind = kind;
        kind.began();
    }

    /** On the loop. */
    void expires(Future<?> at) {
        timeout = at;
    }

    @Override
    public void onNext(Payload answer) {
        message = answer;
    }

    @Override
    public void onError(Throwable failure) {
        status = Status.fromThrowable(failure);
        onCompleted();
    }

    @Override
    public void onCompleted() {
        if (connection.inEventLoop()) {
            run();
            return;
        }
        try {
            connection.execute(this);
        } catch (RejectedExecutionException stopped) {
            // The server has stopped, and closing the connection has ended this call already.
            over = true;
        }
    }

    /** Sends the answer, on the loop. */
    @Override
    public void run() {
        if (over) {
            return;
        }
        end(status.getCode());
        if (status.isOk() && message != null) {
            kind.sent(message.length());
            connection.answer(stream, message);
        } else {
            connection.refuse(stream, status);
        }
    }

    /** The client has waited long enough; on the loop. */
    void expired() {
        if (!over) {
            end(Status.Code.DEADLINE_EXCEEDED);
            connection.refuse(stream, UnaryStreams.EXPIRED);
        }
    }

    /** Nobody waits for the answer any more; on the loop. */
    void gone() {
        if (!over) {
            end(Status.Code.CANCELLED);
        }
    }

    private void end(Status.Code code) {
        over = true;
        if (timeout != null) {
            timeout.cancel(false);
        }
        kind.ended(code);
    }
}
