package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.WatchGrpc;
import dev.kemudi.etcd.proto.WatchRequest;
import dev.kemudi.store.Store;
import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.handler.codec.http2.Http2Stream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;

/** Watches, many on one stream. */
final class WatchService implements BindableService {
    private final Store store;
    private final Member member;
    private final Limits limits;
    private final OpenStreams open;
    private final Guard guard;
    private final CallGate.Kind kind;
    private final Executor threads;
    private final Set<WatchStream> streams = ConcurrentHashMap.newKeySet();

    /**
     * @param kind counts what is sent past gRPC
     * @param threads one virtual thread per task
     */
    WatchService(
            Store store,
            Member member,
            Limits limits,
            OpenStreams open,
            Guard guard,
            CallGate.Kind kind,
            Executor threads) {
        this.kind = kind;
        this.threads = threads;
        this.guard = guard;
        this.store = store;
        this.member = member;
        this.limits = limits;
        this.open = open;
    }

    /** The service as generated, but for how its answers become bytes. */
    @Override
    public ServerServiceDefinition bindService() {
        MethodDescriptor<WatchRequest, WatchMessage> method =
                WatchGrpc.getWatchMethod().toBuilder(
                                WatchGrpc.getWatchMethod().getRequestMarshaller(),
                                WatchMessage.MARSHALLER)
                        .build();
        return ServerServiceDefinition.builder(
                        ServiceDescriptor.newBuilder(WatchGrpc.SERVICE_NAME)
                                .addMethod(method)
                                .build())
                .addMethod(method, this::begin)
                .build();
    }

    private ServerCall.Listener<WatchRequest> begin(
            ServerCall<WatchRequest, WatchMessage> call, Metadata headers) {
        UnaryStreams connection = call.getAttributes().get(Front.STREAMS);
        if (connection == null) {
            return ServerCalls.asyncBidiStreamingCall(this::watch).startCall(call, headers);
        }
        Http2Stream stream = connection.stream(headers);
        call.sendHeaders(new Metadata());
        return ServerCalls.<WatchRequest, WatchMessage>asyncBidiStreamingCall(observer ->
                        watch(
                                new StreamOut(
                                        (ServerCallStreamObserver<WatchMessage>) observer,
                                        connection,
                                        stream,
                                        kind,
                                        threads)))
                .startCall(call, headers);
    }

    private StreamObserver<WatchRequest> watch(StreamObserver<WatchMessage> observer) {
        WatchStream stream =
                new WatchStream(
                        store,
                        member,
                        limits,
                        guard,
                        (ServerCallStreamObserver<WatchMessage>) observer,
                        this::left);
        streams.add(stream);
        open.add(stream);
        return stream;
    }

    private void left(WatchStream stream) {
        streams.remove(stream);
        open.remove(stream);
    }

    /** Tells the quiet watches that asked for it how far they are. */
    void notifyProgress() {
        streams.forEach(WatchStream::notifyProgress);
    }
}
