package dev.kemudi.etcd;

import io.grpc.stub.StreamObserver;
import java.util.List;

/** Keeps what a stream says. */
record Collecting<T>(List<T> told) implements StreamObserver<T> {
    @Override
    public void onNext(T message) {
        told.add(message);
    }

    @Override
    public void onError(Throwable failure) {}

    @Override
    public void onCompleted() {}
}
