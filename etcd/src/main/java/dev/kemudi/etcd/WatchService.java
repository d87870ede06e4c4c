package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.WatchGrpc;
import dev.kemudi.etcd.proto.WatchRequest;
import dev.kemudi.store.Store;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Watches, many on one stream. */
final class WatchService implements BindableService {
    private final Store store;
    private final Member member;
    private final Limits limits;
    private final OpenStreams open;
    private final Guard guard;
    private final Set<WatchStream> streams = ConcurrentHashMap.newKeySet();

    WatchService(Store store, Member member, Limits limits, OpenStreams open, Guard guard) {
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
                .addMethod(method, ServerCalls.asyncBidiStreamingCall(this::watch))
                .build();
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
