package dev.kemudi.server;

import dev.kemudi.kernel.TimeSource;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How to start the platform.
 *
 * @param dataDirectory everything that outlives the process
 * @param inMemory keep the store in memory instead; {@code dataDirectory} then holds keys and pod
 *     directories only
 * @param listenAddress the address every port binds
 * @param apiPort Kubernetes API over TLS; 0 picks a free port, as for all ports
 * @param etcdPort etcd v3 gRPC
 * @param gatewayPort HTTP edge
 * @param metricsPort Prometheus exposition
 * @param cluster whom the store is replicated with; empty on a node of its own
 * @param time what store, API server and controllers go by
 */
public record Options(
        Path dataDirectory,
        boolean inMemory,
        String listenAddress,
        int apiPort,
        int etcdPort,
        int gatewayPort,
        int metricsPort,
        Optional<Peers> cluster,
        TimeSource time) {

    /** A node of its own. */
    public Options(
            Path dataDirectory,
            boolean inMemory,
            String listenAddress,
            int apiPort,
            int etcdPort,
            int gatewayPort,
            int metricsPort) {
        this(
                dataDirectory,
                inMemory,
                listenAddress,
                apiPort,
                etcdPort,
                gatewayPort,
                metricsPort,
                Optional.empty(),
                TimeSource.system());
    }

    /** Free ports on the loopback address, in {@code dataDirectory}. */
    public static Options onFreePorts(Path dataDirectory) {
        return new Options(dataDirectory, false, "127.0.0.1", 0, 0, 0, 0);
    }

    /** The same, with the store in memory. */
    public Options inMemory(boolean yes) {
        return with(yes, cluster, time);
    }

    /** The same, as one of several. */
    public Options clustered(Peers peers) {
        return with(inMemory, Optional.of(peers), time);
    }

    /** The same, by another clock. */
    public Options withTime(TimeSource clock) {
        return with(inMemory, cluster, clock);
    }

    private Options with(boolean memory, Optional<Peers> peers, TimeSource clock) {
        return new Options(
                dataDirectory,
                memory,
                listenAddress,
                apiPort,
                etcdPort,
                gatewayPort,
                metricsPort,
                peers,
                clock);
    }
}
