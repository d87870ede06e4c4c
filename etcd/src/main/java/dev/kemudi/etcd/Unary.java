package dev.kemudi.etcd;

import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
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

    /**
     * Answers when the future has, on {@code lane}, which is this thread's; at once when it has
     * already.
     *
     * @param message makes the message of what the future brings; may throw what the client is to
     *     be told
     */
    static <A, T> void answer(
            StreamObserver<T> observer,
            CompletableFuture<A> answer,
            Executor lane,
            Function<A, T> message) {
        if (answer.isDone() && !answer.isCompletedExceptionally()) {
            A now = answer.resultNow();
            answer(observer, () -> message.apply(now));
            return;
        }
        answer.whenComplete((result, failure) ->
                on(
                        lane,
                        observer,
                        () -> {
                            if (failure == null) {
                                answer(observer, () -> message.apply(result));
                            } else {
                                observer.onError(Errors.told(failure));
                            }
                        }));
    }

    private static void on(Executor lane, StreamObserver<?> observer, Runnable tell) {
        try {
            lane.execute(tell);
        } catch (RejectedExecutionException closed) {
            // The server has stopped, and with it the connection of this call.
            observer.onError(Errors.STOPPED.withCause(closed).asRuntimeException());
        }
    }
}
