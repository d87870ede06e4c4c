package dev.kemudi.server;

import dev.kemudi.etcd.EtcdServer;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** One member: the store and its doors, nothing else. Safe for use by many threads. */
final class EtcdNode implements AutoCloseable {
    /** The version of etcd's API that is followed. */
    static final String API_VERSION = "3.5.13";

    private static final System.Logger EMBED = System.getLogger("embed");
    private static final System.Logger SERVER = System.getLogger("etcdserver");
    private static final System.Logger API = System.getLogger("etcdserver/api");

    private final EtcdSettings settings;
    private final EtcdCluster cluster;
    private final Store store;
    private final EtcdServer server;
    private final Deque<AutoCloseable> running = new ArrayDeque<>();

    private EtcdNode(EtcdSettings settings, EtcdCluster cluster) throws IOException {
        this.settings = settings;
        this.cluster = cluster;
        Path data = settings.dataDirectory();
        Files.createDirectories(data);
        PrometheusRegistry metrics = new PrometheusRegistry();
        store =
                push(
                        KemudiStore.open(
                                data.resolve("kemudi"),
                                storeLimits(),
                                TimeSource.system(),
                                metrics));
        URI client = settings.urls("listen-client-urls").getFirst();
        server =
                push(
                        new EtcdServer(
                                new dev.kemudi.etcd.Config(client.getHost(), client.getPort()),
                                store,
                                metrics,
                                dev.kemudi.etcd.Limits.defaults()));
        server.start();
    }

    private dev.kemudi.store.Limits storeLimits() {
        return dev.kemudi.store.Limits.defaults();
    }

    /**
     * @throws UsageException when flags contradict one another
     * @throws IOException when the data directory or an address cannot be used; nothing runs then
     */
    static EtcdNode start(EtcdSettings settings) throws IOException {
        if (settings.has("listen-client-urls") && !settings.has("advertise-client-urls")) {
            throw new UsageException(
                    "When listening on specific address(es), this etcd process must advertise"
                            + " accessible url(s) to each connected client.");
        }
        EtcdCluster cluster = EtcdCluster.read(settings);
        EMBED.log(Level.INFO, "name = " + settings.text("name"));
        EMBED.log(Level.INFO, "data dir = " + settings.dataDirectory());
        EMBED.log(
                Level.INFO,
                "advertise client URLs = " + joined(settings.urls("advertise-client-urls")));
        return new EtcdNode(settings, cluster);
    }

    private <T extends AutoCloseable> T push(T part) {
        running.push(part);
        return part;
    }

    int port() {
        return server.port();
    }

    /** Says etcd's ready lines once writes have somewhere to go. */
    void awaitReady() {
        SERVER.log(
                Level.INFO,
                "published {Name:%s ClientURLs:[%s]} to cluster %x"
                        .formatted(
                                settings.text("name"),
                                joined(settings.urls("advertise-client-urls")).replace(',', ' '),
                                cluster.id()));
        EMBED.log(Level.INFO, "ready to serve client requests");
        API.log(Level.INFO, "enabled capabilities for version 3.4");
        for (URI url : settings.urls("listen-client-urls")) {
            EMBED.log(
                    Level.INFO,
                    url.getScheme().equals("https")
                            ? "serving client requests on " + url.getAuthority()
                            : "serving insecure client requests on %s, this is strongly discouraged!"
                                    .formatted(url.getAuthority()));
        }
    }

    private static String joined(List<URI> urls) {
        return String.join(",", urls.stream().map(URI::toString).toList());
    }

    @Override
    public void close() {
        while (!running.isEmpty()) {
            AutoCloseable part = running.pop();
            try {
                part.close();
            } catch (Exception e) {
                EMBED.log(
                        Level.ERROR, part.getClass().getSimpleName() + " did not stop cleanly", e);
            }
        }
    }
}
