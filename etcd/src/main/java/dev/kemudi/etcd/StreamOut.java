package dev.kemudi.etcd;

import io.grpc.stub.ServerCallStreamObserver;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/*
 * Messages past gRPC
 * ------------------
 * gRPC begins and ends a watch stream and reads what the client sends; what the server sends, a thousand
 * small messages per write, goes straight into the connection's Outbox: without a framer, a promise and a
 * command each. Every message of the stream takes this way, so they stay in order, and the end of the
 * stream stands in the same line behind them. Whoever sends asks isReady first, as with gRPC: what has not
 * gone into the connection yet is counted, and a client that does not read fills that count.
 */
/** What one stream of a client is told. Safe for use by many threads. */
final class StreamOut extends ServerCallStreamObserver<WatchMessage> {
    /**
     * As gRPC has it: enough to keep a socket busy, and little to hold for one that is not read.
     */
    private static final int READY_BYTES = 32_768;

    private final ServerCallStreamObserver<WatchMessage> grpc;
    private final UnaryStreams connection;
    private final CallGate.Kind kind;
    private final Executor threads;
    final Http2Stream stream;
    private final AtomicInteger waitingBytes = new AtomicInteger();
    private volatile Runnable whenReady = () -> {};

    /**
     * @param grpc which has sent the headers already
     * @param threads where the sender is told that there is room again
     */
    StreamOut(
            ServerCallStreamObserver<WatchMessage> grpc,
            UnaryStreams connection,
            Http2Stream stream,
            CallGate.Kind kind,
            Executor threads) {
        this.grpc = grpc;
        this.connection = connection;
        this.stream = stream;
        this.kind = kind;
        this.threads = threads;
    }

    @Override
    public boolean isReady() {
        return waitingBytes.get() < READY_BYTES;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {
        whenReady = handler;
    }

    @Override
    public void onNext(WatchMessage message) {
        kind.sent(message.length());
        waitingBytes.addAndGet(message.length());
        connection.line(() -> connection.send(this, message));
    }

    @Override
    public void onError(Throwable failure) {
        connection.line(() -> grpc.onError(failure));
    }

    @Override
    public void onCompleted() {
        connection.line(grpc::onCompleted);
    }

    /** A message has gone, or never will; on the loop. */
    void left(int bytes) {
        int before = waitingBytes.getAndAdd(-bytes);
        if (before >= READY_BYTES && before - bytes < READY_BYTES) {
            threads.execute(whenReady);
        }
    }

    @Override
    public boolean isCancelled() {
        return grpc.isCancelled();
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {
        grpc.setOnCancelHandler(handler);
    }

    @Override
    public void setCompression(String compression) {
        throw new UnsupportedOperationException("messages are shared as they are");
    }

    @Override
    public void setMessageCompression(boolean enable) {
        throw new UnsupportedOperationException("messages are shared as they are");
    }

    @Override
    public void disableAutoInboundFlowControl() {
        grpc.disableAutoRequest();
    }

    @Override
    public void disableAutoRequest() {
        grpc.disableAutoRequest();
    }

    @Override
    public void request(int count) {
        grpc.request(count);
    }
}
