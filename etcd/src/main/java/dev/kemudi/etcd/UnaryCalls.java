package dev.kemudi.etcd;

import io.grpc.Status;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.util.AsciiString;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one server's connections share to answer the calls that {@link UnaryStreams} takes. Safe for
 * use by many threads.
 */
final class UnaryCalls {
    private static final AsciiString CONTENT_TYPE = AsciiString.cached("content-type");
    private static final AsciiString GRPC = AsciiString.cached("application/grpc");
    private static final AsciiString GRPC_PROTO = AsciiString.cached("application/grpc+proto");
    private static final AsciiString POST = AsciiString.cached("POST");
    private static final AsciiString TRUE = AsciiString.cached("true");
    private static final AsciiString ENCODING = AsciiString.cached("grpc-encoding");
    private static final AsciiString IDENTITY = AsciiString.cached("identity");
    private static final AsciiString TIMEOUT = AsciiString.cached("grpc-timeout");
    private static final AsciiString TOKEN = AsciiString.cached("token");
    private static final AsciiString AUTHORIZATION = AsciiString.cached("authorization");
    private static final AsciiString REQUIRE_LEADER = AsciiString.cached("hasleader");

    /** What makes gRPC refuse a request, or read it otherwise. */
    private static final List<AsciiString> UNUSUAL =
            List.of(
                    AsciiString.cached("connection"),
                    AsciiString.cached("host"),
                    AsciiString.cached("content-length"),
                    AsciiString.cached(StalenessBound.HEADER));

    private final CallGate gate;
    private final Credentials credentials;
    private final Map<AsciiString, Served> methods = new HashMap<>();

    /** A method and its counters. */
    record Served(UnaryMethod<?> method, CallGate.Kind kind) {}

    UnaryCalls(List<UnaryMethod<?>> methods, CallGate gate, Credentials credentials) {
        this.gate = gate;
        this.credentials = credentials;
        for (UnaryMethod<?> method : methods) {
            Served served = new Served(method, gate.knows(method.descriptor()));
            this.methods.put(AsciiString.cached("/" + method.name()), served);
        }
    }

    /** The method that is called in the usual way, or null when gRPC is to see to it. */
    @Nullable Served served(Http2Headers headers) {
        CharSequence path = headers.path();
        Served served = path instanceof AsciiString known ? methods.get(known) : null;
        return served != null && isUsual(headers) ? served : null;
    }

    private static boolean isUsual(Http2Headers headers) {
        CharSequence type = headers.get(CONTENT_TYPE);
        CharSequence encoding = headers.get(ENCODING);
        CharSequence timeout = headers.get(TIMEOUT);
        return POST.equals(headers.method())
                && (GRPC.equals(type) || GRPC_PROTO.equals(type))
                && (encoding == null || IDENTITY.equals(encoding))
                && (timeout == null || Timeout.nanos(timeout) >= 0)
                && !holdsUnusual(headers);
    }

    private static boolean holdsUnusual(Http2Headers headers) {
        for (AsciiString name : UNUSUAL) {
            if (headers.contains(name)) {
                return true;
            }
        }
        return false;
    }

    /** How long the client waits; negative when it does not say. */
    static long timeoutNanos(Http2Headers headers) {
        CharSequence timeout = headers.get(TIMEOUT);
        return timeout == null ? -1 : Timeout.nanos(timeout);
    }

    static Credential who(Http2Headers headers, String commonName) {
        CharSequence token = headers.get(TOKEN);
        CharSequence shown = token == null ? headers.get(AUTHORIZATION) : token;
        return shown == null && commonName.isEmpty()
                ? Credential.NONE
                : new Credential(shown == null ? "" : shown.toString(), commonName);
    }

    /** What the client is told instead of an answer, or null. */
    @Nullable Status refusal(Served served, Http2Headers headers) {
        Status refused =
                credentials.refusal(
                        served.method().name(), TRUE.equals(headers.get(REQUIRE_LEADER)));
        return refused == null && gate.isFull() ? Errors.TOO_MANY : refused;
    }
}
