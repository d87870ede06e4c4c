package dev.kemudi.etcd;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;

/**
 * How old the answer to a serializable read may be, by the header {@value #HEADER}: a duration such
 * as {@code 500ms}. etcd has nothing like it: its serializable reads may be of any age.
 */
final class StalenessBound implements ServerInterceptor {
    static final String HEADER = "kemudi-staleness-max";

    private static final Metadata.Key<String> KEY =
            Metadata.Key.of(HEADER, Metadata.ASCII_STRING_MARSHALLER);
    private static final Context.Key<Optional<Duration>> BOUND =
            Context.keyWithDefault(HEADER, Optional.empty());

    /** What the call whose thread this is says. */
    static Optional<Duration> current() {
        return BOUND.get();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String text = headers.get(KEY);
        if (text == null) {
            return next.startCall(call, headers);
        }
        Duration bound;
        try {
            bound = Duration.ofMillis(GoDuration.millis(text));
        } catch (IllegalArgumentException e) {
            call.close(
                    Status.INVALID_ARGUMENT.withDescription(HEADER + ": " + e.getMessage()),
                    new Metadata());
            return new ServerCall.Listener<>() {};
        }
        Context context = Context.current().withValue(BOUND, Optional.of(bound));
        return Contexts.interceptCall(context, call, headers, next);
    }
}
