package dev.kemudi.server;

import static dev.kemudi.server.EtcdFlag.duration;
import static dev.kemudi.server.EtcdFlag.file;
import static dev.kemudi.server.EtcdFlag.number;
import static dev.kemudi.server.EtcdFlag.text;
import static dev.kemudi.server.EtcdFlag.toggle;
import static dev.kemudi.server.EtcdFlag.urls;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Every flag of etcd 3.4 and 3.5, in the order of etcd's own help. A flag that is not here is
 * refused by its name; each is also read from the environment as {@code ETCD_…}.
 */
final class EtcdFlags {
    private static final String V2 = "the v2 API is not served; clients must use v3";
    private static final String DISCOVERY =
            "members are named by --initial-cluster; there is no discovery service";
    private static final String PROXY = "the v2 proxy is not served; put any TCP balancer in front";
    private static final String TRACING =
            "spans are exported as OTEL_EXPORTER_OTLP_ENDPOINT and its kin say";
    private static final String BOLT = "there is no bbolt file beneath";

    private static final List<EtcdFlag> ALL =
            List.of(
                    // Member
                    text("name", "default", "this member's name"),
                    file("data-dir", "where everything is kept; NAME.etcd when not given"),
                    file("wal-dir", "the log lies in the data directory; mount a disk there")
                            .refused(),
                    number(
                                    "snapshot-count",
                                    100_000,
                                    "a member is copied by bytes applied, not by entries")
                            .ignored(),
                    number("heartbeat-interval", 100, "milliseconds between heartbeats"),
                    number(
                            "election-timeout",
                            1_000,
                            "milliseconds of silence until an election; when not given, 800"),
                    toggle("initial-election-tick-advance", true, "elections begin at once")
                            .ignored(),
                    urls("listen-peer-urls", "http://localhost:2380", "where peers connect"),
                    urls("listen-client-urls", "http://localhost:2379", "where clients connect"),
                    urls("listen-client-http-urls", "", "pages and JSON are served beside gRPC")
                            .refused(),
                    number("max-snapshots", 5, "old snapshots go by themselves").ignored(),
                    number("max-wals", 5, "old log files go by themselves").ignored(),
                    number("quota-backend-bytes", 0, "size at which writes are refused; 0: none"),
                    text("backend-bbolt-freelist-type", "map", BOLT).ignored(),
                    duration("backend-batch-interval", "0s", BOLT).ignored(),
                    number("backend-batch-limit", 0, BOLT).ignored(),
                    number("max-txn-ops", 128, "operations in one transaction"),
                    number("max-request-bytes", 1_572_864, "bytes of one request"),
                    number("max-concurrent-streams", 0, "streams of one connection"),
                    duration("grpc-keepalive-min-time", "5s", "how often a client may ping"),
                    duration("grpc-keepalive-interval", "2h", "idle time before a ping").ignored(),
                    duration("grpc-keepalive-timeout", "20s", "how long a ping may take").ignored(),
                    duration("raft-read-timeout", "5s", "as the election timeout asks").ignored(),
                    duration("raft-write-timeout", "5s", "as the election timeout asks").ignored(),
                    toggle("socket-reuse-port", false, "a port belongs to one process").refused(),
                    toggle("socket-reuse-address", false, "always so").ignored(),
                    // Clustering
                    urls(
                            "initial-advertise-peer-urls",
                            "http://localhost:2380",
                            "where the other members reach this one"),
                    text("initial-cluster", "", "NAME=URL,… of every first member"),
                    text("initial-cluster-state", "new", "new, or existing to join"),
                    text("initial-cluster-token", "etcd-cluster", "tells clusters apart"),
                    urls(
                            "advertise-client-urls",
                            "http://localhost:2379",
                            "what clients are told to connect to"),
                    text("discovery", "", DISCOVERY).refused(),
                    text("discovery-fallback", "proxy", DISCOVERY).ignored(),
                    text("discovery-proxy", "", DISCOVERY).refused(),
                    text("discovery-srv", "", DISCOVERY).refused(),
                    text("discovery-srv-name", "", DISCOVERY).refused(),
                    toggle(
                                    "strict-reconfig-check",
                                    true,
                                    "a change that loses the quorum is always refused")
                            .ignored(),
                    toggle("pre-vote", true, "always so").ignored(),
                    text("auto-compaction-retention", "0", "history kept; 0: all of it"),
                    text("auto-compaction-mode", "periodic", "periodic or revision"),
                    toggle("enable-v2", false, V2).refused(),
                    text("v2-deprecation", "not-yet", V2).ignored(),
                    // Security
                    file("cert-file", "the server's certificate for clients"),
                    file("key-file", "its key"),
                    toggle("client-cert-auth", false, "clients must show a certificate"),
                    file("client-cert-file", "the gateway calls within the process").ignored(),
                    file("client-key-file", "the gateway calls within the process").ignored(),
                    file("client-crl-file", "revoked client certificates"),
                    text("client-cert-allowed-hostname", "", "use --client-cert-allowed-cn")
                            .refused(),
                    text("client-cert-allowed-cn", "", "common name a client must have"),
                    file("trusted-ca-file", "who signs clients' certificates"),
                    toggle("auto-tls", false, "TLS for clients with a generated certificate"),
                    file("peer-cert-file", "this member's certificate among peers"),
                    file("peer-key-file", "its key"),
                    file("peer-client-cert-file", "a member shows --peer-cert-file").refused(),
                    file("peer-client-key-file", "a member shows --peer-cert-file").refused(),
                    toggle("peer-client-cert-auth", false, "peers must show a certificate"),
                    file("peer-trusted-ca-file", "who signs peers' certificates"),
                    text(
                                    "peer-cert-allowed-cn",
                                    "",
                                    "peers are told apart by --peer-trusted-ca-file")
                            .refused(),
                    text(
                                    "peer-cert-allowed-hostname",
                                    "",
                                    "peers are told apart by --peer-trusted-ca-file")
                            .refused(),
                    toggle("peer-auto-tls", false, "TLS among peers, certificates generated"),
                    file("peer-crl-file", "peers are told apart by --peer-trusted-ca-file")
                            .refused(),
                    number("self-signed-cert-validity", 1, "it lasts a year").ignored(),
                    text(
                            "cipher-suites",
                            "",
                            "those of TLS 1.2 served to clients; TLS 1.3 has its own"),
                    text("tls-min-version", "TLS1.2", "TLS1.2 or TLS1.3, to clients"),
                    text("tls-max-version", "", "TLS1.2 or TLS1.3, to clients"),
                    text("cors", "*", "browsers from every origin may call").refused(),
                    text("host-whitelist", "*", "every host name is served").refused(),
                    // Auth
                    text("auth-token", "simple", "simple, or jwt,pub-key=…,sign-method=…"),
                    number("bcrypt-cost", 10, "cost of hashing a password"),
                    number("auth-token-ttl", 300, "seconds a simple token lives"),
                    // Profiling and monitoring
                    toggle("enable-pprof", false, "use jcmd and JFR on this process").ignored(),
                    text("metrics", "basic", "there is one level, without times of calls")
                            .ignored(),
                    urls("listen-metrics-urls", "", "where /metrics and /health are served alone"),
                    // Logging
                    text("logger", "capnslog", "capnslog for lines, zap for JSON"),
                    text("log-output", "default", "as --log-outputs"),
                    text("log-outputs", "default", "stderr, stdout or files"),
                    text("log-level", "info", "debug, info, warn, error"),
                    text("log-package-levels", "", "use --log-level").ignored(),
                    text("log-format", "", "use --logger").ignored(),
                    toggle("enable-log-rotation", false, "rotate with logrotate").refused(),
                    text("log-rotation-config-json", "", "rotate with logrotate").ignored(),
                    toggle("debug", false, "as --log-level=debug"),
                    // v2 proxy
                    text("proxy", "off", PROXY).refused(),
                    number("proxy-failure-wait", 5_000, PROXY).ignored(),
                    number("proxy-refresh-interval", 30_000, PROXY).ignored(),
                    number("proxy-dial-timeout", 1_000, PROXY).ignored(),
                    number("proxy-write-timeout", 5_000, PROXY).ignored(),
                    number("proxy-read-timeout", 0, PROXY).ignored(),
                    // Experimental
                    toggle(
                                    "experimental-initial-corrupt-check",
                                    false,
                                    "the log and the state check their checksums at every start")
                            .ignored(),
                    duration("experimental-corrupt-check-time", "0s", "compare by HashKV")
                            .ignored(),
                    toggle("experimental-compact-hash-check-enabled", false, "compare by HashKV")
                            .ignored(),
                    duration("experimental-compact-hash-check-time", "1m", "compare by HashKV")
                            .ignored(),
                    text("experimental-enable-v2v3", "", V2).refused(),
                    text("experimental-backend-bbolt-freelist-type", "array", BOLT).ignored(),
                    toggle(
                                    "experimental-enable-lease-checkpoint",
                                    false,
                                    "leases never expire early after a change of leader")
                            .ignored(),
                    toggle(
                                    "experimental-enable-lease-checkpoint-persist",
                                    false,
                                    "leases never expire early after a change of leader")
                            .ignored(),
                    number("experimental-compaction-batch-limit", 1_000, "it has its own pace")
                            .ignored(),
                    duration("experimental-compaction-sleep-interval", "0s", "it has its own pace")
                            .ignored(),
                    toggle("experimental-peer-skip-client-san-verification", false, "always so")
                            .ignored(),
                    duration(
                            "experimental-watch-progress-notify-interval",
                            "10m",
                            "how often a quiet watch is told of progress"),
                    duration("experimental-warning-apply-duration", "100ms", "see the histograms")
                            .ignored(),
                    duration(
                                    "experimental-warning-unary-request-duration",
                                    "300ms",
                                    "see the histograms")
                            .ignored(),
                    duration("experimental-downgrade-check-time", "5s", "there is one format")
                            .ignored(),
                    toggle(
                                    "experimental-stop-grpc-service-on-defrag",
                                    false,
                                    "defragmenting stops nobody")
                            .ignored(),
                    duration(
                                    "experimental-wait-cluster-ready-timeout",
                                    "5s",
                                    "clients are let in at once")
                            .ignored(),
                    number(
                                    "experimental-snapshot-catchup-entries",
                                    5_000,
                                    "a member is copied by bytes applied, not by entries")
                            .ignored(),
                    number("experimental-bootstrap-defrag-threshold-megabytes", 0, BOLT).ignored(),
                    toggle("experimental-memory-mlock", false, BOLT).ignored(),
                    number("experimental-max-learners", 1, "learners at the same time").ignored(),
                    toggle("experimental-txn-mode-write-with-shared-buffer", true, BOLT).ignored(),
                    toggle("experimental-enable-distributed-tracing", false, TRACING).ignored(),
                    text("experimental-distributed-tracing-address", "", TRACING).ignored(),
                    text("experimental-distributed-tracing-service-name", "", TRACING).ignored(),
                    text("experimental-distributed-tracing-instance-id", "", TRACING).ignored(),
                    number("experimental-distributed-tracing-sampling-rate", 0, TRACING).ignored(),
                    toggle("enable-grpc-gateway", true, "the JSON paths are always served")
                            .ignored(),
                    // Unsafe
                    toggle(
                                    "unsafe-no-fsync",
                                    false,
                                    "a write is never answered before it is on the disk")
                            .refused(),
                    toggle(
                                    "force-new-cluster",
                                    false,
                                    "restore a snapshot instead: kemudi store restore")
                            .refused(),
                    // Itself
                    file(
                            "config-file",
                            "a YAML file with these flags; all others are then ignored"),
                    toggle("version", false, "prints versions and ends"),
                    toggle("help", false, "prints this and ends"),
                    toggle("h", false, "prints this and ends"));

    /** By name. */
    static final Map<String, EtcdFlag> BY_NAME = byName();

    private EtcdFlags() {}

    private static Map<String, EtcdFlag> byName() {
        Map<String, EtcdFlag> flags = new LinkedHashMap<>();
        ALL.forEach(flag -> flags.put(flag.name(), flag));
        return java.util.Collections.unmodifiableMap(flags);
    }

    /** What {@code --help} prints. */
    static String help() {
        StringBuilder text =
                new StringBuilder(
                        """
                        Usage:

                          etcd [flags]        starts this member: Kemudi's store under etcd's v3 API
                          etcd --version      prints versions

                        Each flag can be given as --flag=value, --flag value,
                        or as ETCD_FLAG in the environment.

                        """);
        for (EtcdFlag flag : ALL) {
            if (flag.name().equals("h")) {
                continue;
            }
            text.append("  --")
                    .append(flag.name())
                    .append(" '")
                    .append(flag.fallback())
                    .append("'\n    ")
                    .append(
                            switch (flag.handling()) {
                                case USED -> "";
                                case IGNORED -> "Taken and ignored: ";
                                case REFUSED -> "Refused: ";
                            })
                    .append(flag.says())
                    .append('\n');
        }
        return text.toString();
    }
}
