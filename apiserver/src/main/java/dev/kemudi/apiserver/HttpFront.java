package dev.kemudi.apiserver;

import io.helidon.common.tls.TlsClientAuth;
import io.helidon.common.tls.TlsConfig;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.http2.Http2Config;
import io.helidon.webserver.http2.Http2ConnectionSelector;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/** The listening socket: TLS, HTTP/1.1 and HTTP/2, one virtual thread a request. */
final class HttpFront implements AutoCloseable {
    private static final int H2_WINDOW_BYTES = 1 << 20;

    private final ApiServer.Config config;
    private final Limits limits;
    private final Pki pki;
    private final Gate gate;
    private final Upgrades upgrades;
    private @Nullable Watchdog watchdog;
    private @Nullable WebServer server;
    private int port;

    HttpFront(ApiServer.Config config, Limits limits, Pki pki, Gate gate, Upgrades upgrades) {
        this.config = config;
        this.limits = limits;
        this.pki = pki;
        this.gate = gate;
        this.upgrades = upgrades;
        port = config.port();
    }

    /** Binds and serves; after {@link #close}, on the same port again. */
    synchronized void start() {
        requireFree();
        Watchdog guard = new Watchdog();
        watchdog = guard; // closed also when the rest cannot start
        WebServer built =
                WebServer.builder()
                        .bindAddress(new InetSocketAddress(config.listenAddress(), port))
                        .shutdownHook(false)
                        .featuresDiscoverServices(false)
                        .protocolsDiscoverServices(false)
                        .maxTcpConnections(limits.connectionsMax())
                        .maxPayloadSize(-1)
                        .idleConnectionTimeout(Duration.ofMillis(limits.idleMillisMax()))
                        .shutdownGracePeriod(Duration.ofMillis(limits.drainMillis()))
                        // Not connectionConfig, which sets none of them (4.5.0): an answer is two
                        // writes, and the second would wait 40 ms for the client's acknowledgement.
                        .connectionOptions(o ->
                                o.tcpNoDelay(true).socketKeepAlive(true).readTimeout(Duration.ZERO))
                        .addConnectionSelector(http1())
                        .addConnectionSelector(http2())
                        .tls(tls())
                        .routing(routing ->
                                routing.any((request, response) ->
                                        gate.handle(
                                                new HelidonExchange(
                                                        request, response, limits, guard))))
                        .build();
        built.start();
        server = built;
        port = built.port();
    }

    private Http1ConnectionSelector http1() {
        return Http1ConnectionSelector.builder()
                .config(
                        Http1Config.builder()
                                .maxHeadersSize(limits.headerBytesMax())
                                .maxPrologueLength(limits.headerBytesMax())
                                .validatePath(false)
                                .build())
                .addUpgrader(upgrades.webSocket())
                .addUpgrader(upgrades.spdy())
                .build();
    }

    private Http2ConnectionSelector http2() {
        return Http2ConnectionSelector.builder()
                .http2Config(
                        Http2Config.builder()
                                .maxConcurrentStreams(limits.streamsPerConnectionMax())
                                .maxHeaderListSize(limits.headerBytesMax())
                                .initialWindowSize(H2_WINDOW_BYTES)
                                .validatePath(false)
                                .build())
                .build();
    }

    // Helidon reports a taken port as a bare failure to start: ask first, and say it in one
    // sentence.
    private void requireFree() {
        if (port == 0) {
            return;
        }
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(config.listenAddress(), port));
        } catch (BindException e) {
            throw new IllegalStateException(
                    "the API server cannot listen on "
                            + config.listenAddress()
                            + ":"
                            + port
                            + " ("
                            + e.getMessage()
                            + "): choose another port or stop what uses it",
                    e);
        } catch (IOException e) {
            throw new IllegalStateException(
                    "the API server cannot listen on " + config.listenAddress() + ":" + port, e);
        }
    }

    private TlsConfig tls() {
        SSLParameters parameters = new SSLParameters();
        parameters.setProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        parameters.setApplicationProtocols(new String[] {"h2", "http/1.1"});
        parameters.setWantClientAuth(true);
        return TlsConfig.builder()
                .sslContext(pki.serverContext())
                .sslParameters(parameters)
                .clientAuth(TlsClientAuth.OPTIONAL)
                .addApplicationProtocol("h2")
                .addApplicationProtocol("http/1.1")
                .buildPrototype();
    }

    synchronized int port() {
        if (server == null) {
            throw new IllegalStateException("the API server has not been started");
        }
        return port;
    }

    @Override
    public synchronized void close() {
        if (server != null) {
            server.stop();
            server = null;
        }
        if (watchdog != null) {
            watchdog.close();
            watchdog = null;
        }
    }
}
