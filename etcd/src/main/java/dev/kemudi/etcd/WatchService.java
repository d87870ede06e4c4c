package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.WatchGrpc;
import dev.kemudi.etcd.proto.WatchRequest;
import dev.kemudi.etcd.proto.WatchResponse;
import dev.kemudi.store.Store;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Watches, many on one stream. */
final class WatchService extends WatchGrpc.WatchImplBase {
    private final Store store;
    private final Member member;
    private final Limits limits;
    private final Set<WatchStream> streams = ConcurrentHashMap.newKeySet();

    WatchService(Store store, Member member, Limits limits) {
        this.store = store;
        this.member = member;
        this.limits = limits;
    }

    @Override
    public StreamObserver<WatchRequest> watch(StreamObserver<WatchResponse> observer) {
        WatchStream stream =
                new WatchStream(
                        store,
                        member,
                        limits,
                        (ServerCallStreamObserver<WatchResponse>) observer,
                        streams::remove);
        streams.add(stream);
        return stream;
    }

    /** Tells the quiet watches that asked for it how far they are. */
    void notifyProgress() {
        streams.forEach(WatchStream::notifyProgress);
    }

    int streams() {
        return streams.size();
    }
}
