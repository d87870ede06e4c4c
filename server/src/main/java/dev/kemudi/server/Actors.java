package dev.kemudi.server;

import dev.kemudi.apiserver.ApiServer;
import dev.kemudi.gateway.Gateway;
import dev.kemudi.kernel.Fanout;
import dev.kemudi.node.Node;
import dev.kemudi.scheduler.Scheduler;
import dev.kemudi.workloads.PodUsage;
import dev.kemudi.workloads.Workloads;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;

/**
 * What acts on what is declared, and of which there must be one in a cluster: the gateway, the node
 * with its pods, scheduler and controllers. For use by one thread at a time.
 */
final class Actors implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Actors.class.getName());

    private final Deque<AutoCloseable> running = new ArrayDeque<>();
    private OptionalInt gatewayPort = OptionalInt.empty();

    private Actors() {}

    /** A start that may fail with a checked exception. */
    @FunctionalInterface
    interface Start {
        void run() throws Exception;
    }

    static boolean started(Start start) throws Exception {
        start.run();
        return true;
    }

    /** Starts all of them; nothing is left running when one cannot. */
    static Actors start(
            Assembly parts, ApiServer apiServer, Discovery discovery, PrometheusRegistry metrics)
            throws IOException, InterruptedException, ExecutionException {
        Actors actors = new Actors();
        boolean started = false;
        try {
            actors.begin(parts, apiServer, discovery, metrics);
            started = true;
            return actors;
        } finally {
            if (!started) {
                actors.close();
            }
        }
    }

    private <T extends AutoCloseable> T push(T part) {
        running.push(part);
        return part;
    }

    private void begin(
            Assembly parts, ApiServer apiServer, Discovery discovery, PrometheusRegistry metrics)
            throws IOException, InterruptedException, ExecutionException {
        Gateway gateway = push(parts.gateway(apiServer, metrics));
        Node node = push(parts.node(apiServer, metrics));
        Scheduler scheduler = push(parts.scheduler(apiServer, metrics));
        Workloads workloads =
                push(
                        parts.workloads(
                                apiServer, discovery::served, uid -> usage(node, uid), metrics));
        gateway.start();
        gatewayPort = OptionalInt.of(gateway.port());
        try (Fanout together = Fanout.open(dev.kemudi.kernel.Limits.defaults())) {
            together.fork(() -> started(node::start));
            together.run(scheduler::start);
            together.run(workloads::start);
            together.join();
        }
    }

    private static Map<String, PodUsage.Usage> usage(Node node, String podUid) {
        Map<String, PodUsage.Usage> usage = new HashMap<>();
        node.usage(podUid)
                .forEach((container, used) ->
                        usage.put(
                                container,
                                new PodUsage.Usage(used.cpuMillis(), used.memoryBytes())));
        return usage;
    }

    int gatewayPort() {
        return gatewayPort.orElseThrow();
    }

    @Override
    public void close() {
        takeDown(running);
    }

    static void takeDown(Deque<AutoCloseable> running) {
        while (!running.isEmpty()) {
            AutoCloseable part = running.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.log(Level.ERROR, part.getClass().getSimpleName() + " did not stop cleanly", e);
            }
        }
    }
}
