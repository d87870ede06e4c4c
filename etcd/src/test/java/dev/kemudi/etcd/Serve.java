package dev.kemudi.etcd;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * A server by itself, for trying foreign clients: arguments are a data directory (or "memory") and
 * a port.
 */
final class Serve {
    private Serve() {}

    public static void main(String[] arguments) throws Exception {
        PrometheusRegistry registry = new PrometheusRegistry();
        TimeSource time = TimeSource.system();
        try (Store store =
                        arguments[0].equals("memory")
                                ? KemudiStore.inMemory(time, registry)
                                : KemudiStore.open(
                                        Path.of(arguments[0]),
                                        dev.kemudi.store.Limits.defaults(),
                                        time,
                                        registry);
                EtcdServer server =
                        new EtcdServer(
                                new Config("127.0.0.1", Integer.parseInt(arguments[1])),
                                store,
                                registry,
                                Limits.defaults())) {
            server.start();
            System.out.println("serving on " + server.port());
            new CountDownLatch(1).await();
        }
    }
}
