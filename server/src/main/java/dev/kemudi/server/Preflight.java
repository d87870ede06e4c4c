package dev.kemudi.server;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What must hold before anything starts, so that a refused start leaves nothing half started. */
final class Preflight {
    private Preflight() {}

    /**
     * @throws UsageException naming the option at fault
     */
    static void check(Options options) {
        InetAddress address = address(options.listenAddress());
        Map<String, Integer> ports = new LinkedHashMap<>();
        ports.put("--api-port", options.apiPort());
        ports.put("--etcd-port", options.etcdPort());
        ports.put("--gateway-port", options.gatewayPort());
        ports.put("--metrics-port", options.metricsPort());
        Map<Integer, String> taken = new LinkedHashMap<>();
        ports.forEach((option, port) -> checkPort(option, port, address, taken));
        checkDirectory(options.dataDirectory());
    }

    private static InetAddress address(String listen) {
        try {
            return InetAddress.getByName(listen);
        } catch (UnknownHostException e) {
            throw new UsageException(
                    "--listen: \"%s\" is not an address of this machine; use for example 127.0.0.1"
                            .formatted(listen),
                    e);
        }
    }

    private static void checkPort(
            String option, int port, InetAddress address, Map<Integer, String> taken) {
        if (port < 0 || port > 65_535) {
            throw new UsageException(
                    "%s: %d is not a port; expected 0 (any free one) to 65535"
                            .formatted(option, port));
        }
        if (port == 0) {
            return;
        }
        String other = taken.put(port, option);
        if (other != null) {
            throw new UsageException(
                    "%s: port %d is already given to %s; choose another"
                            .formatted(option, port, other));
        }
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(address, port));
        } catch (BindException e) {
            throw new UsageException(
                    ("%s: %s:%d is not free (%s); stop what listens there"
                                    + " or choose another port (0 picks a free one)")
                            .formatted(option, address.getHostAddress(), port, e.getMessage()),
                    e);
        } catch (IOException e) {
            throw new UsageException(
                    "%s: cannot open port %d: %s".formatted(option, port, e.getMessage()), e);
        }
    }

    private static void checkDirectory(Path directory) {
        try {
            Files.createDirectories(directory);
            Path probe = Files.createTempFile(directory, ".writable", "");
            Files.delete(probe);
        } catch (IOException e) {
            throw new UsageException(
                    "--data-dir: cannot write in %s (%s); choose a folder that this user may write"
                            .formatted(directory.toAbsolutePath(), e),
                    e);
        }
    }
}
