package dev.kemudi.server;

import dev.kemudi.bolt.EtcdSnapshotReader;
import dev.kemudi.etcd.SelfSigned;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.LogOpener;
import dev.kemudi.logratis.Config;
import dev.kemudi.logratis.Tls;
import dev.kemudi.store.Identity;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Limits;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/*
 * Which log lies beneath
 * ----------------------
 * A member alone keeps its log in a file, because that is the fastest, until a second member is
 * declared; then, and ever after, the log is replicated. A data directory says which: `store/raft` is
 * there or not. Both leave the state in `store/` flushed when they are closed, so that the other can
 * go on from it.
 *
 * A directory that `etcdctl snapshot restore` made has `member/snap/db` and no `store`: it is read
 * once. Its write-ahead log names members only, and those the flags name as well.
 */
/** Opens the store of one member as etcd's flags say. */
final class EtcdStore {
    private static final System.Logger LOG = System.getLogger("etcdserver");
    private static final int ELECTION_MILLIS_MIN = 100;
    private static final int HEARTBEAT_MILLIS_MIN = 10;
    private static final int MILLIS_MAX = 50_000;

    private final EtcdSettings settings;
    private final EtcdCluster cluster;
    private final Limits limits;
    private final Path directory;

    EtcdStore(EtcdSettings settings, EtcdCluster cluster) {
        this.settings = settings;
        this.cluster = cluster;
        this.limits =
                Tuned.limits(
                        Limits.defaults(),
                        Map.of(
                                "txnOpsMax", settings.number("max-txn-ops"),
                                // A request and what the log adds to it.
                                "requestBytesMax",
                                        Math.max(
                                                4L << 20,
                                                2 * settings.number("max-request-bytes"))));
        this.directory = settings.dataDirectory().resolve("store");
    }

    /** Whether members beside this one have a part in the log. */
    boolean isReplicated() {
        return cluster.members().size() > 1 || joins() || ReplicatedLog.isIn(directory);
    }

    private boolean joins() {
        return settings.text("initial-cluster-state").equals("existing");
    }

    /**
     * @param grown whether the log is to be replicated from now on
     * @throws IOException when the directory is in use or cannot be used
     */
    Store open(boolean grown, PrometheusRegistry metrics) throws IOException {
        Files.createDirectories(settings.dataDirectory());
        importSnapshot();
        boolean restored = ReplicatedLog.isRestored(directory);
        boolean replicated = grown || isReplicated();
        Map<String, List<String>> named = cluster.named();
        Identity founding =
                Identity.founding(
                        cluster.self(),
                        settings.urls("advertise-client-urls").stream().map(URI::toString).toList(),
                        settings.text("initial-cluster-token"),
                        named);
        Identity identity =
                joins()
                        ? Identity.joining(
                                founding.self(),
                                founding.name(),
                                founding.clientUrls(),
                                founding.clusterToken())
                        : founding;
        LogOpener opener = replicated ? raft(identity, restored) : KemudiStore::fileLog;
        return KemudiStore.open(directory, opener, identity, limits, TimeSource.system(), metrics);
    }

    /** What {@code etcdctl snapshot restore} left, unless there is a store already. */
    private void importSnapshot() {
        Path database = settings.dataDirectory().resolve("member/snap/db");
        if (Files.exists(directory)) {
            return;
        }
        if (!Files.isRegularFile(database)) {
            if (Files.exists(settings.dataDirectory().resolve("member/wal"))) {
                throw new UsageException(
                        "%s is the data directory of an etcd, but %s is missing: restore a snapshot"
                                .formatted(settings.dataDirectory(), database));
            }
            return;
        }
        SnapshotImport.Imported done =
                SnapshotImport.load(
                        database, EtcdSnapshotReader.Checksum.OPTIONAL, directory, limits);
        LOG.log(
                Level.INFO,
                "read %s: revision %d, %d changes of keys, %d leases"
                        .formatted(database, done.revision(), done.changes(), done.leases()));
    }

    private LogOpener raft(Identity identity, boolean seeded) {
        Config config = config(identity);
        return ReplicatedLog.opener(seeded ? config.asSeeded() : config);
    }

    private Config config(Identity identity) {
        URI listen = settings.urls("listen-peer-urls").getFirst();
        Config config =
                Config.of(
                                identity.self(),
                                identity.clusterToken(),
                                Identity.peers(cluster.asMembers()))
                        .withListen(listen.getAuthority());
        if (settings.has("election-timeout")) {
            int election = millis("election-timeout", ELECTION_MILLIS_MIN);
            config = config.withElectionMillis(election / 2, election);
        }
        if (settings.has("heartbeat-interval")) {
            config = config.withHeartbeatMillis(millis("heartbeat-interval", HEARTBEAT_MILLIS_MIN));
        }
        boolean secure =
                cluster.own().peerUrls().stream().anyMatch(url -> "https".equals(url.getScheme()));
        return joins()
                ? (secure ? config.withTls(tls()) : config).asJoining()
                : secure ? config.withTls(tls()) : config;
    }

    private int millis(String flag, int min) {
        return (int) Math.clamp(settings.number(flag), min, MILLIS_MAX);
    }

    private Tls tls() {
        Optional<Path> certificate = settings.file("peer-cert-file");
        Optional<Path> key = settings.file("peer-key-file");
        if (certificate.isPresent() && key.isPresent()) {
            return new Tls(
                    certificate.get(),
                    key.get(),
                    settings.file("peer-trusted-ca-file"),
                    settings.isOn("peer-client-cert-auth"));
        }
        if (!settings.isOn("peer-auto-tls")) {
            throw new UsageException(
                    "an https peer URL needs --peer-cert-file and --peer-key-file, or --peer-auto-tls");
        }
        return selfSigned(settings.dataDirectory().resolve("fixtures").resolve("peer"));
    }

    private Tls selfSigned(Path folder) {
        Path certificate = folder.resolve("cert.pem");
        Path key = folder.resolve("key.pem");
        try {
            Files.createDirectories(folder);
            if (!Files.exists(certificate) || !Files.exists(key)) {
                SelfSigned.write(
                        certificate,
                        key,
                        cluster.own().peerUrls().stream().map(URI::getHost).toList());
            }
        } catch (IOException e) {
            throw new UsageException(
                    "--peer-auto-tls: cannot write in %s (%s)".formatted(folder, e), e);
        }
        return new Tls(certificate, key, Optional.empty(), false);
    }
}
