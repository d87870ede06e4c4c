package dev.kemudi.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.kemudi.apiserver.AuditSettings;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "up",
        sortOptions = false,
        showDefaultValues = false,
        description =
                "Starts Kemudi, applies the given folders and files, waits until everything"
                        + " declared is ready, and stays in the foreground. Ctrl-C or SIGTERM"
                        + " stops pods in order and exits 0 within 10 seconds; the next"
                        + " start on the same data directory resumes where this one stopped.",
        footer = {"", "Example: ./kemudi up examples/hello"})
final class Up implements Callable<Integer> {
    @CommandLine.Mixin private HelpOption help = new HelpOption();

    private static final Set<String> LEVELS = Set.of("error", "warn", "info", "debug");

    @Parameters(
            paramLabel = "FOLDER|FILE",
            arity = "0..*",
            description = "Manifests to apply: YAML or JSON.")
    private List<Path> manifests = List.of();

    @Option(
            names = "--data-dir",
            paramLabel = "FOLDER",
            description =
                    "Where everything is kept that outlives the process. Default: ${DEFAULT-VALUE}")
    private Path dataDirectory = Path.of(".kemudi");

    @Option(
            names = "--listen",
            paramLabel = "ADDRESS",
            description = "The address that every port binds. Default: ${DEFAULT-VALUE}")
    private String listen = "127.0.0.1";

    @Option(
            names = "--api-port",
            paramLabel = "PORT",
            description = "Kubernetes API over TLS; 0 picks a free port. Default: ${DEFAULT-VALUE}")
    private int apiPort = 6443;

    @Option(
            names = "--etcd-port",
            paramLabel = "PORT",
            description =
                    "etcd v3 API (gRPC, plain text); 0 picks a free port. Default: ${DEFAULT-VALUE}")
    private int etcdPort = 2379;

    @Option(
            names = "--gateway-port",
            paramLabel = "PORT",
            description =
                    "HTTP traffic for Gateways; 0 picks a free port. Default: ${DEFAULT-VALUE}")
    private int gatewayPort = 8080;

    @Option(
            names = "--metrics-port",
            paramLabel = "PORT",
            description =
                    "Prometheus metrics at /metrics; 0 picks a free port. Default: ${DEFAULT-VALUE}")
    private int metricsPort = 9090;

    @Option(
            names = "--cluster-peers",
            paramLabel = "NAME=HOST:PORT,…",
            description =
                    "All nodes that replicate the store, this one among them: the same list on each.")
    private String clusterPeers = "";

    @Option(
            names = "--node-name",
            paramLabel = "NAME",
            description = "Which of --cluster-peers this node is.")
    private String nodeName = "";

    @Option(
            names = "--cluster-join",
            description =
                    "The cluster exists already and was told of this node (etcdctl member add).")
    private boolean clusterJoin;

    @Option(
            names = "--peer-cert",
            paramLabel = "FILE",
            description = "This node's certificate among peers; --peer-key and --peer-ca with it.")
    private @Nullable Path peerCertificate;

    @Option(names = "--peer-key", paramLabel = "FILE", description = "Its key.")
    private @Nullable Path peerKey;

    @Option(
            names = "--peer-ca",
            paramLabel = "FILE",
            description = "Who signed the peers' certificates.")
    private @Nullable Path peerAuthority;

    @Option(
            names = "--audit-log-path",
            paramLabel = "FILE",
            description =
                    "Notes every request to the Kubernetes API there, one JSON line an event.")
    private @Nullable Path auditLog;

    @Option(
            names = "--audit-policy-file",
            paramLabel = "FILE",
            description =
                    "Which requests, and how much of them: a Policy of audit.k8s.io/v1. Default: the"
                            + " metadata of all")
    private @Nullable Path auditPolicy;

    @Option(
            names = "--audit-log-maxsize",
            paramLabel = "MB",
            description = "A larger file is renamed and a new one begun. Default: ${DEFAULT-VALUE}")
    private int auditMegabytesMax = 100;

    @Option(
            names = "--audit-log-maxbackup",
            paramLabel = "COUNT",
            description = "How many renamed files are kept. Default: ${DEFAULT-VALUE}")
    private int auditBackupsMax = 10;

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            description =
                    "error, warn, info or debug; written to standard error. Default: ${DEFAULT-VALUE}")
    private String logLevel = "warn";

    @Override
    public Integer call() throws InterruptedException {
        setLogLevel();
        PrintStream out = System.out;
        long startNanos = System.nanoTime();
        List<Manifest> declared = Manifests.read(manifests);
        Options options = options();
        Preflight.check(options);
        FieldCheck.check(declared);
        CountDownLatch stopped = new CountDownLatch(1);
        Platform platform = Platform.start(options);
        stopOnSignal(platform, stopped);
        try {
            Declaration declaration =
                    new Declaration(
                            declared,
                            platform.client(Declaration.FIELD_MANAGER),
                            platform.discovery());
            declaration.apply();
            declaration.awaitReady(
                    new Progress(out, System.console() != null && System.console().isTerminal()));
            out.print(
                    new Summary(
                            platform.endpoints(),
                            declaration.size(),
                            Duration.ofNanos(System.nanoTime() - startNanos)));
            out.flush();
        } catch (UsageException | IllegalStateException e) {
            platform.close();
            throw e;
        }
        stopped.await();
        return 0;
    }

    private Options options() {
        Options alone =
                noted(
                        new Options(
                                dataDirectory,
                                false,
                                listen,
                                apiPort,
                                etcdPort,
                                gatewayPort,
                                metricsPort));
        if (clusterPeers.isEmpty()) {
            if (!nodeName.isEmpty() || clusterJoin || peerCertificate != null) {
                throw new UsageException(
                        "--node-name, --cluster-join and --peer-cert need --cluster-peers");
            }
            return alone;
        }
        return alone.clustered(Peers.parse(nodeName, clusterPeers, peerTls(), clusterJoin));
    }

    private Options noted(Options options) {
        if (auditLog == null) {
            if (auditPolicy != null) {
                throw new UsageException("--audit-policy-file needs --audit-log-path");
            }
            return options;
        }
        AuditSettings settings =
                new AuditSettings(
                        auditLog,
                        Optional.ofNullable(auditPolicy),
                        auditMegabytesMax,
                        auditBackupsMax);
        try {
            settings.check();
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()), e);
        }
        return options.audited(settings);
    }

    private Optional<Peers.Tls> peerTls() {
        if (peerCertificate == null && peerKey == null && peerAuthority == null) {
            return Optional.empty();
        }
        if (peerCertificate == null || peerKey == null || peerAuthority == null) {
            throw new UsageException("--peer-cert, --peer-key and --peer-ca go together");
        }
        return Optional.of(new Peers.Tls(peerCertificate, peerKey, peerAuthority));
    }

    /** The JVM would report 128 + signal; a stop that was asked for and went well is a success. */
    private static void stopOnSignal(Platform platform, CountDownLatch stopped) {
        Runtime.getRuntime()
                .addShutdownHook(
                        Thread.ofPlatform()
                                .name("kemudi-stop")
                                .unstarted(() -> {
                                    boolean asked = !platform.closed();
                                    platform.close();
                                    stopped.countDown();
                                    if (asked) {
                                        Runtime.getRuntime().halt(0);
                                    }
                                }));
    }

    private void setLogLevel() {
        String level = logLevel.toLowerCase(Locale.ROOT);
        if (!LEVELS.contains(level)) {
            throw new UsageException(
                    "--log-level: \"%s\" is not one of error, warn, info, debug"
                            .formatted(logLevel));
        }
        if (LoggerFactory.getLogger("dev.kemudi") instanceof Logger kemudi) {
            kemudi.setLevel(Level.toLevel(level));
        }
    }
}
