package dev.kemudi.gateway;

import dev.kemudi.api.ApiClient;
import dev.kemudi.controller.ControllerMetrics;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;

/**
 * The HTTP edge: serves what Gateways and HTTPRoutes of class {@code kemudi} declare (Gateway API
 * v1) from the ready endpoints of Services. {@link #start} and {@link #close} block; safe for use
 * by many threads.
 */
public final class Gateway implements AutoCloseable {
    /**
     * Where to listen.
     *
     * @param listenAddress address of every listener
     * @param defaultPort the port that is always open; 0 picks a free one. It serves listeners of
     *     this port or, when there are none, the first HTTP listener declared
     */
    public record Config(String listenAddress, int defaultPort) {}

    private final Config config;
    private final ApiClient client;
    private final GatewayMetrics metrics;
    private final ControllerMetrics controllerMetrics;
    private final Tracer tracer;
    private final TimeSource time;
    private final Limits limits;
    private volatile Running running = Running.NOT;

    /** What exists between start and close. */
    private record Running(int port, AutoCloseable controller, AutoCloseable proxy) {
        static final Running NOT = new Running(-1, () -> {}, () -> {});
    }

    public Gateway(
            Config config,
            ApiClient client,
            PrometheusRegistry registry,
            Tracer tracer,
            TimeSource time,
            Limits limits) {
        this.config = config;
        this.client = client;
        this.metrics = new GatewayMetrics(registry, limits);
        this.controllerMetrics = new ControllerMetrics(registry, "gateway");
        this.tracer = tracer;
        this.time = time;
        this.limits = limits;
    }

    /**
     * Opens the port, installs the kinds and the class, and starts following what is declared.
     * Returns when the port is open and the kinds are served; routes come a moment later.
     *
     * @throws IOException when the port cannot be opened; nothing is left running then
     */
    public void start() throws IOException, InterruptedException {
        if (running != Running.NOT) {
            throw new IllegalStateException("expected a gateway that was not started before");
        }
        Proxy proxy = new Proxy(limits, metrics, tracer, time, IoTransport.best());
        boolean started = false;
        try {
            int port = proxy.bind(Ports.MAIN, config.listenAddress(), config.defaultPort());
            GatewayKinds.install(client, time);
            Ports ports = new Ports(proxy, config.listenAddress(), port);
            GatewayController controller =
                    new GatewayController(
                            client,
                            proxy,
                            ports,
                            config.listenAddress(),
                            time,
                            metrics,
                            controllerMetrics);
            controller.start();
            running = new Running(port, controller, proxy);
            started = true;
        } finally {
            if (!started) {
                proxy.close();
            }
        }
    }

    /** The port that is always open; -1 before {@link #start}. */
    public int port() {
        return running.port();
    }

    /**
     * Takes no new connections, lets requests in flight end (bounded by {@code drainMillis}), then
     * closes.
     */
    @Override
    public void close() {
        Running was = running;
        running = Running.NOT;
        try {
            was.controller().close();
            was.proxy().close();
        } catch (Exception e) {
            throw new IllegalStateException("the gateway did not close", e);
        }
    }
}
