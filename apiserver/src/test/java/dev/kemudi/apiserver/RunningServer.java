package dev.kemudi.apiserver;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import dev.kemudi.kinds.BuiltinKinds;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A real server on a free port over a store in memory; {@code main} keeps one running for foreign
 * clients.
 */
final class RunningServer implements AutoCloseable {
    final Store store;
    final ApiServer server;
    final PrometheusRegistry metrics = new PrometheusRegistry();

    RunningServer(Path pki, Limits limits, int port) {
        this(pki, limits, port, TimeSource.system());
    }

    /**
     * @param time what the server goes by; the store goes by the machine's
     */
    RunningServer(Path pki, Limits limits, int port, TimeSource time) {
        store = KemudiStore.inMemory(TimeSource.system(), metrics);
        server =
                new ApiServer(
                        new ApiServer.Config("127.0.0.1", port, pki),
                        store,
                        BuiltinKinds.all(),
                        metrics,
                        Tracer.NONE,
                        time,
                        limits);
        server.attach(new LocalStreams());
        server.start();
    }

    int openWatches() {
        return server.openWatches();
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Path directory = Path.of(args[0]);
        RunningServer running = new RunningServer(directory.resolve("pki"), Limits.defaults(), 0);
        Files.writeString(directory.resolve("kubeconfig"), running.server.kubeconfig());
        System.out.println(
                "ready on "
                        + running.server.port()
                        + " after "
                        + (System.nanoTime() - start) / 1_000_000
                        + " ms");
        Thread.currentThread().join();
    }

    @Override
    public void close() {
        server.close();
        store.close();
    }
}
