package dev.kemudi.etcd;

import dev.kemudi.log.Standing;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * Kemudi's own series and, under etcd's names, those of etcd's that mean the same here, so that
 * dashboards and alerts made for etcd go on to work. Made when asked for.
 *
 * @see <a href="https://etcd.io/docs/v3.5/metrics/">etcd: metrics</a>
 */
final class EtcdSeries {
    private static final String CALLS = "kemudi_etcd_calls";

    private final PrometheusRegistry registry;
    private final Store store;
    private final Member member;
    private final long quotaBytes;
    private final AtomicLong leader = new AtomicLong(-1);
    private final AtomicLong leaderChanges = new AtomicLong();

    EtcdSeries(PrometheusRegistry registry, Store store, Member member, long quotaBytes) {
        this.registry = registry;
        this.store = store;
        this.member = member;
        this.quotaBytes = quotaBytes;
    }

    /** Called now and then, to see whether the leader is another. */
    void look(Standing now) {
        long id = now.leading() ? member.memberId() : now.leader();
        if (id != 0 && leader.getAndSet(id) != id) {
            leaderChanges.incrementAndGet();
        }
    }

    MetricSnapshots all() {
        Standing standing = store.standing();
        Store.Stats stats = store.stats();
        look(standing);
        List<MetricSnapshot> all = new ArrayList<>();
        registry.scrape().forEach(all::add);
        Set<String> known =
                all.stream()
                        .map(snapshot -> snapshot.getMetadata().getName())
                        .collect(Collectors.toCollection(HashSet::new));
        for (MetricSnapshot snapshot : own(standing, stats, calls(all))) {
            if (known.add(snapshot.getMetadata().getName())) {
                all.add(snapshot);
            }
        }
        return new MetricSnapshots(all);
    }

    private List<MetricSnapshot> own(Standing standing, Store.Stats stats, MetricSnapshot handled) {
        return List.of(
                gauge("etcd_server_has_leader", "1: a leader is known.", standing.hasLeader()),
                gauge("etcd_server_is_leader", "1: this member leads.", standing.leading()),
                gauge("etcd_server_is_learner", "1: this member has no vote.", standing.learner()),
                counter(
                        "etcd_server_leader_changes_seen",
                        "Leaders this member has seen.",
                        leaderChanges.get()),
                gauge(
                        "etcd_server_proposals_committed_total",
                        "Index of the last entry that was committed.",
                        standing.committedIndex()),
                gauge(
                        "etcd_server_proposals_applied_total",
                        "Index of the last entry that was applied.",
                        standing.appliedIndex()),
                gauge("etcd_server_quota_backend_bytes", "Quota; 0: none.", quotaBytes),
                id(),
                labelled(
                        "etcd_server_version",
                        "The version of etcd's API that is followed.",
                        Labels.of("server_version", Member.API_VERSION)),
                labelled(
                        "etcd_cluster_version",
                        "The version all members follow.",
                        Labels.of("cluster_version", minor(Member.CLUSTER_VERSION))),
                gauge("etcd_debugging_mvcc_keys_total", "Keys.", keys()),
                gauge(
                        "etcd_mvcc_db_total_size_in_bytes",
                        "What the store takes on disk.",
                        stats.bytesOnDisk()),
                gauge(
                        "etcd_mvcc_db_total_size_in_use_in_bytes",
                        "What keys and retained revisions weigh.",
                        stats.bytesInUse()),
                gauge("etcd_debugging_mvcc_current_revision", "Revision.", stats.revision()),
                gauge(
                        "etcd_debugging_mvcc_compact_revision",
                        "The last compaction.",
                        stats.compactedRevision()),
                gauge("etcd_debugging_mvcc_watcher_total", "Open watches.", stats.watchers()),
                gauge(
                        "process_start_time_seconds",
                        "Start of the process since the epoch.",
                        ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3),
                handled);
    }

    private static GaugeSnapshot gauge(String name, String help, boolean value) {
        return gauge(name, help, value ? 1 : 0);
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        return GaugeSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder().value(value).build())
                .build();
    }

    private static CounterSnapshot counter(String name, String help, double value) {
        return CounterSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder().value(value).build())
                .build();
    }

    private GaugeSnapshot id() {
        return labelled(
                "etcd_server_id",
                "This member.",
                Labels.of("server_id", Long.toHexString(member.memberId())));
    }

    private static String minor(String version) {
        return version.substring(0, version.lastIndexOf('.'));
    }

    private double keys() {
        Op.Range all = new Op.Range(KeyRange.prefix(Bytes.EMPTY), 0, 0, true, true);
        return store.range(all) instanceof Answer.Ranged ranged ? ranged.count() : Double.NaN;
    }

    private static GaugeSnapshot labelled(String name, String help, Labels labels) {
        return GaugeSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(
                        GaugeSnapshot.GaugeDataPointSnapshot.builder()
                                .labels(labels)
                                .value(1)
                                .build())
                .build();
    }

    /** gRPC's own name for what {@link CallGate} counts. */
    private static MetricSnapshot calls(List<MetricSnapshot> all) {
        CounterSnapshot.Builder handled =
                CounterSnapshot.builder()
                        .name("grpc_server_handled")
                        .help("Finished calls by service, method and code.");
        for (MetricSnapshot snapshot : all) {
            if (snapshot.getMetadata().getName().equals(CALLS)
                    && snapshot instanceof CounterSnapshot calls) {
                for (CounterSnapshot.CounterDataPointSnapshot point : calls.getDataPoints()) {
                    String[] method = point.getLabels().get("method").split("/", 2);
                    if (method.length < 2) {
                        continue; // what a client made up
                    }
                    handled.dataPoint(
                            CounterSnapshot.CounterDataPointSnapshot.builder()
                                    .labels(
                                            Labels.of(
                                                    "grpc_code",
                                                    camel(point.getLabels().get("code")),
                                                    "grpc_method",
                                                    method[1],
                                                    "grpc_service",
                                                    method[0],
                                                    "grpc_type",
                                                    JsonPaths.type(
                                                            point.getLabels().get("method"))))
                                    .value(point.getValue())
                                    .build());
                }
            }
        }
        return handled.build();
    }

    /** {@code NOT_FOUND} as {@code NotFound}, which is how Go writes it. */
    static String camel(String code) {
        return code.equals("OK")
                ? code
                : Arrays.stream(code.toLowerCase(Locale.ROOT).split("_"))
                        .map(word ->
                                word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1))
                        .collect(Collectors.joining());
    }
}
