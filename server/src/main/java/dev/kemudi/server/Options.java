package dev.kemudi.server;

import dev.kemudi.apiserver.AuditSettings;
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
 * @param audit where the API's requests are noted; empty for nowhere
 * @param keys a folder of keys and certificates that others may use too; empty for one of its own
 *     in {@code dataDirectory}
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
        Optional<AuditSettings> audit,
        Optional<Path> keys,
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
                Optional.empty(),
                Optional.empty(),
                TimeSource.system());
    }

    /** Free ports on the loopback address, in {@code dataDirectory}. */
    public static Options onFreePorts(Path dataDirectory) {
        return new Options(dataDirectory, false, "127.0.0.1", 0, 0, 0, 0);
    }

    /** The same, with the store in memory. */
    public Options inMemory(boolean yes) {
        return with(yes, cluster, audit, keys, time);
    }

    /** The same, as one of several. */
    public Options clustered(Peers peers) {
        return with(inMemory, Optional.of(peers), audit, keys, time);
    }

    /** The same, by another clock. */
    public Options withTime(TimeSource clock) {
        return with(inMemory, cluster, audit, keys, clock);
    }

    /** The same, with the API's requests noted. */
    public Options audited(AuditSettings settings) {
        return with(inMemory, cluster, Optional.of(settings), keys, time);
    }

    /** The same, with keys and certificates from {@code folder}, which are made when missing. */
    public Options withKeys(Path folder) {
        return with(inMemory, cluster, audit, Optional.of(folder), time);
    }

    private Options with(
            boolean memory,
            Optional<Peers> peers,
            Optional<AuditSettings> noted,
            Optional<Path> keyFolder,
            TimeSource clock) {
        return new Options(
                dataDirectory,
                memory,
                listenAddress,
                apiPort,
                etcdPort,
                gatewayPort,
                metricsPort,
                peers,
                noted,
                keyFolder,
                clock);
    }
}
