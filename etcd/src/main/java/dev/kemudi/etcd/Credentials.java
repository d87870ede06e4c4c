package dev.kemudi.etcd;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall;
import io.grpc.ForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads what a call says about itself: its token, its certificate's name, and whether it wants to
 * be served only where a leader is known. Calls that say nothing, which is most of them, pass
 * untouched. Safe for use by many threads.
 */
final class Credentials implements ServerInterceptor {
    private static final Metadata.Key<String> TOKEN = ascii("token");
    private static final Metadata.Key<String> AUTHORIZATION = JsonGateway.AUTHORIZATION;
    private static final Metadata.Key<String> REQUIRE_LEADER = ascii("hasleader");
    private static final Set<String> FOR_LEARNERS =
            Set.of(
                    "etcdserverpb.KV/Range",
                    "etcdserverpb.Maintenance/Status",
                    "etcdserverpb.Maintenance/Snapshot",
                    "grpc.health.v1.Health/Check",
                    "grpc.health.v1.Health/Watch");

    private final BooleanSupplier hasLeader;
    private final BooleanSupplier isLearner;
    private final Set<Watched<?, ?>> watched = ConcurrentHashMap.newKeySet();

    Credentials(BooleanSupplier hasLeader, BooleanSupplier isLearner) {
        this.hasLeader = hasLeader;
        this.isLearner = isLearner;
    }

    private static Metadata.Key<String> ascii(String name) {
        return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        boolean requireLeader = "true".equals(headers.get(REQUIRE_LEADER));
        Status refused = refusal(call.getMethodDescriptor().getFullMethodName(), requireLeader);
        if (refused != null) {
            return refuse(call, refused);
        }
        if (!requireLeader
                || call.getMethodDescriptor().getType() == MethodDescriptor.MethodType.UNARY) {
            return identified(call, headers, next);
        }
        Watched<Q, A> guarded = new Watched<>(call);
        watched.add(guarded);
        return new ForwardingServerCallListener.SimpleForwardingServerCallListener<>(
                identified(guarded, headers, next)) {
            @Override
            public void onComplete() {
                watched.remove(guarded);
                super.onComplete();
            }

            @Override
            public void onCancel() {
                watched.remove(guarded);
                super.onCancel();
            }
        };
    }

    /** What a call of {@code method} is told when this member may not serve it now, or null. */
    @Nullable Status refusal(String method, boolean requireLeader) {
        if (isLearner.getAsBoolean() && !FOR_LEARNERS.contains(method)) {
            return Errors.NOT_FOR_LEARNER;
        }
        return requireLeader && !hasLeader.getAsBoolean() ? Errors.LEADERLESS : null;
    }

    private static <Q, A> ServerCall.Listener<Q> refuse(ServerCall<Q, A> call, Status status) {
        call.close(status, new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private static <Q, A> ServerCall.Listener<Q> identified(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String token =
                Optional.ofNullable(headers.get(TOKEN))
                        .or(() -> Optional.ofNullable(headers.get(AUTHORIZATION)))
                        .orElse("");
        String name = Optional.ofNullable(call.getAttributes().get(Front.COMMON_NAME)).orElse("");
        if (token.isEmpty() && name.isEmpty()) {
            return next.startCall(call, headers);
        }
        Context context = Context.current().withValue(Credential.KEY, new Credential(token, name));
        return Contexts.interceptCall(context, call, headers, next);
    }

    /** The leader is gone for good: ends the streams that asked to be told. */
    void leaderLost() {
        watched.forEach(Watched::leaderLost);
    }

    /** A stream that may be ended by others than its own service. */
    private static final class Watched<Q, A>
            extends ForwardingServerCall.SimpleForwardingServerCall<Q, A> {
        private boolean closed;

        Watched(ServerCall<Q, A> call) {
            super(call);
        }

        synchronized void leaderLost() {
            close(Errors.LEADERLESS, new Metadata());
        }

        @Override
        public synchronized void sendHeaders(Metadata headers) {
            if (!closed) {
                super.sendHeaders(headers);
            }
        }

        @Override
        public synchronized void sendMessage(A message) {
            if (!closed) {
                super.sendMessage(message);
            }
        }

        @Override
        public synchronized void close(Status status, Metadata trailers) {
            if (!closed) {
                closed = true;
                super.close(status, trailers);
            }
        }
    }
}
