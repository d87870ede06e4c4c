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
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes HTTP/1.1 connections over: exec and attach over WebSocket (RFC 6455) with the {@code v4}
 * and {@code v5.channel.k8s.io} subprotocols, or SPDY/3.1 for older clients; port-forward over
 * SPDY/3.1, plain or within a WebSocket, or over channels; watches over WebSocket. Whatever else
 * asks for a WebSocket is answered as plain HTTP.
 */
final class Upgrades {
    private static final String TUNNEL = "SPDY/3.1+portforward.k8s.io";
    private static final String CHANNELS = "v4.channel.k8s.io";
    private static final List<String> EXEC_PROTOCOLS = List.of("v5.channel.k8s.io", CHANNELS);
    private static final List<String> FORWARD_PROTOCOLS = List.of(TUNNEL, CHANNELS);

    private final Authenticator authenticator;
    private final Impersonation impersonation;
    private final Rbac rbac;
    private final PodHandler pods;
    private final Limits limits;
    private final Consumer<Exchange> plain;
    private final Semaphore sessions;
    private final Function<Supplier<Audit.Asked>, Trail> audit;

    /**
     * @param plain answers requests that are not about a pod's streams
     */
    Upgrades(
            Authenticator authenticator,
            Rbac rbac,
            PodHandler pods,
            Limits limits,
            Consumer<Exchange> plain,
            Function<Supplier<Audit.Asked>, Trail> audit) {
        this.audit = audit;
        this.authenticator = authenticator;
        this.rbac = rbac;
        impersonation = new Impersonation(rbac);
        this.pods = pods;
        this.limits = limits;
        this.plain = plain;
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
                return protocol.equals("websocket")
                        ? new WebSocketExchange(context, prologue, headers, limits, plain)
                        : null;
            }
            String query = prologue.query().rawValue();
            Trail trail =
                    audit.apply(() ->
                            Audit.Asked.of(
                                    prologue.method().text(),
                                    prologue.uriPath().rawPath()
                                            + (query.isEmpty() ? "" : "?" + query),
                                    name -> header(headers, name),
                                    HelidonExchange.address(context.remotePeer().address())));
            try {
                ServerConnection taken = takeOver(context, prologue, headers, path.get(), trail);
                trail.answered(101);
                return taken;
            } catch (ApiException e) {
                trail.answered(e.status().code());
                refuse(context, e.status());
                return new Closed();
            }
        }

        private ServerConnection takeOver(
                ConnectionContext context,
                HttpPrologue prologue,
                WritableHeaders<?> headers,
                RequestPath path,
                Trail trail) {
            String method = prologue.method().text();
            Optional<User> known =
                    authenticator.authenticate(
                            header(headers, "Authorization"),
                            context.remotePeer().tlsCertificates());
            trail.asked(
                    Access.toObjects(known.orElse(User.UNKNOWN), method, false, path),
                    Optional.of(path));
            User user =
                    known.orElseThrow(
                            () -> new ApiException(Status.of(401, "Unauthorized", "Unauthorized")));
            User acting = impersonation.of(name -> header(headers, name), user);
            if (acting != user) {
                trail.acting(acting);
            }
            Access access = Access.toObjects(acting, method, false, path);
            Rbac.Decision decision = rbac.decide(access);
            trail.decided(decision);
            if (!decision.allowed()) {
                throw new ApiException(access.denial());
            }
            Params params = Params.parse(prologue.query().rawValue());
            Function<String, Optional<String>> asked = name -> header(headers, name);
            boolean forwarding = path.subresource().equals("portforward");
            Supplier<ServerConnection> session =
                    forwarding
                            ? forward(context, asked, admitted(pods.forward(path, params), acting))
                            : exec(context, asked, admitted(pods.exec(path, params), acting));
            if (!sessions.tryAcquire()) {
                throw new ApiException(
                        Storage.retryAfter(
                                Status.of(
                                        429,
                                        "TooManyRequests",
                                        "too many sessions with pods are open, try again later")));
            }
            try {
                return session.get();
            } catch (RuntimeException e) {
                sessions.release();
                throw e;
            }
        }

        private PodHandler.Exec admitted(PodHandler.Exec exec, User user) {
            pods.admit(exec, user);
            return exec;
        }

        private PodHandler.Forward admitted(PodHandler.Forward forward, User user) {
            pods.admit(forward, user);
            return forward;
        }

        // What is wrong with a request is found before its connection is taken over.

        private Supplier<ServerConnection> exec(
                ConnectionContext context,
                Function<String, Optional<String>> asked,
                PodHandler.Exec exec) {
            if (!protocol.equals("websocket")) {
                String chosen = choose(List.of(CHANNELS), asked, "X-Stream-Protocol-Version");
                return () -> {
                    switching(context, protocol, "X-Stream-Protocol-Version: " + chosen + "\r\n");
                    return session(new SpdyExec(Wire.of(context), limits, exec), exec);
                };
            }
            String chosen = choose(EXEC_PROTOCOLS, asked, "Sec-WebSocket-Protocol");
            String accepted = accepted(asked);
            return () -> {
                switching(context, protocol, accepted + subprotocol(chosen));
                return session(
                        new ChannelSocket(webSocket(context), chosen.startsWith("v5")), exec);
            };
        }

        private ServerConnection session(ExecSocket socket, PodHandler.Exec exec) {
            return new ExecSession(socket, exec, pods, limits, sessions::release);
        }

        private Supplier<ServerConnection> forward(
                ConnectionContext context,
                Function<String, Optional<String>> asked,
                PodHandler.Forward forward) {
            if (!protocol.equals("websocket")) {
                String chosen =
                        choose(List.of("portforward.k8s.io"), asked, "X-Stream-Protocol-Version");
                return () -> {
                    switching(context, protocol, "X-Stream-Protocol-Version: " + chosen + "\r\n");
                    return session(new SpdyForward(Wire.of(context), limits), forward);
                };
            }
            String chosen = choose(FORWARD_PROTOCOLS, asked, "Sec-WebSocket-Protocol");
            boolean tunnel = chosen.equals(TUNNEL);
            if (!tunnel && forward.ports().isEmpty()) {
                throw new ApiException(
                        Status.badRequest("ports: expected at least one port, found none"));
            }
            String accepted = accepted(asked);
            return () -> {
                switching(context, protocol, accepted + subprotocol(chosen));
                WebSocket socket = webSocket(context);
                return session(
                        tunnel
                                ? new SpdyForward(Wire.within(socket), limits)
                                : new ChannelForward(socket, forward.ports(), limits),
                        forward);
            };
        }

        private ServerConnection session(PortForward.Carrier carrier, PodHandler.Forward forward) {
            return new PortForward(carrier, forward, pods, sessions::release);
        }

        private WebSocket webSocket(ConnectionContext context) {
            return new WebSocket(context, limits.execBufferBytesMax());
        }
    }

    private static String subprotocol(String chosen) {
        return "Sec-WebSocket-Protocol: " + chosen + "\r\n";
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

    private static String choose(
            List<String> served, Function<String, Optional<String>> asked, String header) {
        String offered = asked.apply(header).orElse("");
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

    /** The header that accepts a WebSocket. @throws ApiException 400 when it was not asked for */
    static String accepted(Function<String, Optional<String>> asked) {
        String key =
                asked.apply("Sec-WebSocket-Key")
                        .orElseThrow(() ->
                                new ApiException(
                                        Status.badRequest("Sec-WebSocket-Key is missing")));
        return "Sec-WebSocket-Accept: " + WebSocket.accept(key) + "\r\n";
    }

    /** Answers that the connection speaks {@code protocol} from now on. */
    static void switching(ConnectionContext context, String protocol, String more) {
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
