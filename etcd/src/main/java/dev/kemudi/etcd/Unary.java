package dev.kemudi.etcd;

import io.grpc.stub.StreamObserver;
import java.util.function.Supplier;

/** Answers one call with one message or one error. */
final class Unary {
    private Unary() {}

    static <T> void answer(StreamObserver<T> observer, Supplier<T> work) {
        T message;
        try {
            message = work.get();
        } catch (RuntimeException e) {
            observer.onError(Errors.told(e));
            return;
        }
        observer.onNext(message);
        observer.onCompleted();
    }
}
