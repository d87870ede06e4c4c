package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import dev.kemudi.kernel.TimeSource;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.spi.ServerConnection;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Takes HTTP/1.1 connections over for exec: WebSocket (RFC 6455) with the {@code v4} and {@code
 * v5.channel.k8s.io} subprotocols, or SPDY/3.1 for older clients. Every other path that asks for an
 * upgrade is served as plain HTTP, which is what clients that try a WebSocket watch first expect.
 */
final class ExecUpgrade {
    private static final String WEB_SOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final List<String> CHANNEL_PROTOCOLS =
            List.of("v5.channel.k8s.io", "v4.channel.k8s.io");
    private static final List<String> STREAM_PROTOCOLS = List.of("v4.channel.k8s.io");

    private final Authenticator authenticator;
    private final Impersonation impersonation;
    private final Rbac rbac;
    private final PodHandler pods;
    private final Limits limits;
    private final Semaphore sessions;

    ExecUpgrade(Authenticator authenticator, Rbac rbac, PodHandler pods, Limits limits) {
        this.authenticator = authenticator;
        this.rbac = rbac;
        impersonation = new Impersonation(rbac);
        this.pods = pods;
        this.limits = limits;
        sessions = new Semaphore(limits.execSessionsMax());
    }

    Http1Upgrader webSocket() {
        return new Upgrader("websocket");
    }

    Http1Upgrader spdy() {
        return new Upgrader("SPDY/3.1");
    }

    private final class Upgrader implements Http1Upgrader {
        private final String protocol;

        Upgrader(String protocol) {
            this.protocol = protocol;
        }

        @Override
        public String supportedProtocol() {
            return protocol;
        }

        @Override
        public @Nullable ServerConnection upgrade(
                ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
            List<String> segments;
            try {
                segments = RequestPath.segments(prologue.uriPath().rawPath());
            } catch (ApiException e) {
                return null; // plain HTTP says what is wrong with it
            }
            Optional<RequestPath> path = RequestPath.parse(segments).filter(p -> isStream(p));
            if (path.isEmpty()) {
                return plainInstead(context);
            }
            try {
                return takeOver(context, prologue, headers, path.get());
            } catch (ApiException e) {
                refuse(context, e.status());
                return new Closed();
            }
        }

        // fabric8 tries a WebSocket watch first and takes a whole 200, which a proxy would give, as
        // the
        // word to ask again without the upgrade; after a 503 it would first try for most of a
        // minute
        private @Nullable ServerConnection plainInstead(ConnectionContext context) {
            if (!protocol.equals("websocket")) {
                return null;
            }
            refuse(
                    context,
                    Status.of(200, "OK", "this is served without a WebSocket: ask plainly"));
            return new Closed();
        }

        private ServerConnection takeOver(
                ConnectionContext context,
                HttpPrologue prologue,
                WritableHeaders<?> headers,
                RequestPath path) {
            User user =
                    authenticator
                            .authenticate(
                                    header(headers, "Authorization"),
                                    context.remotePeer().tlsCertificates())
                            .orElse(User.ANONYMOUS);
            if (user.anonymous()) {
                throw new ApiException(Status.of(401, "Unauthorized", "Unauthorized"));
            }
            User acting = impersonation.of(name -> header(headers, name), user);
            rbac.require(Access.toObjects(acting, prologue.method().text(), false, path));
            PodHandler.Exec exec = pods.exec(path, Params.parse(prologue.query().rawValue()));
            pods.admit(exec, acting);
            if (!sessions.tryAcquire()) {
                throw new ApiException(
                        Storage.retryAfter(
                                Status.of(
                                        429,
                                        "TooManyRequests",
                                        "too many exec sessions are open, try again later")));
            }
            boolean webSocket = protocol.equals("websocket");
            try {
                return webSocket ? webSocket(context, headers, exec) : spdy(context, headers, exec);
            } catch (ApiException e) {
                sessions.release();
                throw e;
            }
        }

        private ServerConnection webSocket(
                ConnectionContext context, WritableHeaders<?> headers, PodHandler.Exec exec) {
            String offered = header(headers, "Sec-WebSocket-Protocol").orElse("");
            String chosen = choose(CHANNEL_PROTOCOLS, offered);
            String key =
                    header(headers, "Sec-WebSocket-Key")
                            .orElseThrow(() ->
                                    new ApiException(
                                            Status.badRequest("Sec-WebSocket-Key is missing")));
            switching(
                    context,
                    "websocket",
                    "Sec-WebSocket-Accept: "
                            + accept(key)
                            + "\r\nSec-WebSocket-Protocol: "
                            + chosen
                            + "\r\n");
            ChannelSocket socket = new ChannelSocket(context, limits, chosen.startsWith("v5"));
            return new ExecSession(socket, exec, pods, limits, sessions::release);
        }

        private ServerConnection spdy(
                ConnectionContext context, WritableHeaders<?> headers, PodHandler.Exec exec) {
            String chosen =
                    choose(
                            STREAM_PROTOCOLS,
                            header(headers, "X-Stream-Protocol-Version").orElse(""));
            switching(context, "SPDY/3.1", "X-Stream-Protocol-Version: " + chosen + "\r\n");
            return new ExecSession(
                    new SpdySocket(context, limits, exec), exec, pods, limits, sessions::release);
        }
    }

    private static boolean isStream(RequestPath path) {
        return path.group().isEmpty()
                && path.plural().equals("pods")
                && List.of("exec", "attach", "portforward").contains(path.subresource());
    }

    private static Optional<String> header(WritableHeaders<?> headers, String name) {
        var header = HeaderNames.create(name);
        return headers.contains(header)
                ? Optional.of(String.join(",", headers.values(header)))
                : Optional.empty();
    }

    private static String choose(List<String> served, String offered) {
        List<String> offers = Arrays.stream(offered.split(",")).map(String::strip).toList();
        return served.stream()
                .filter(offers::contains)
                .findFirst()
                .orElseThrow(() ->
                        new ApiException(
                                Status.badRequest(
                                        "unable to negotiate protocol: client supports "
                                                + offers
                                                + ", server supports "
                                                + served)));
    }

    private static String accept(String key) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1")
                            .digest((key + WEB_SOCKET_GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    private static void switching(ConnectionContext context, String protocol, String more) {
        String head =
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
                        + protocol
                        + "\r\n"
                        + more
                        + "\r\n";
        context.dataWriter()
                .writeNow(BufferData.create(head.getBytes(StandardCharsets.ISO_8859_1)));
    }

    private static void refuse(ConnectionContext context, Status status) {
        byte[] body = Render.tree(status.toTree());
        String head =
                "HTTP/1.1 "
                        + status.code()
                        + " "
                        + status.reason()
                        + "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
                        + body.length
                        + "\r\n\r\n";
        context.dataWriter()
                .writeNow(
                        BufferData.create(head.getBytes(StandardCharsets.ISO_8859_1)),
                        BufferData.create(body));
    }

    /** A connection that has been answered and is not used any more. */
    private static final class Closed implements ServerConnection {
        private final long since = TimeSource.system().nanoTime();

        @Override
        public void handle(io.helidon.common.concurrency.limits.Limit limit) {
            // nothing more is read: Helidon closes the socket when this returns
        }

        @Override
        public java.time.Duration idleTime() {
            return java.time.Duration.ofNanos(TimeSource.system().nanoTime() - since);
        }

        @Override
        public void close(boolean interrupt) {
            // already answered
        }
    }
}
