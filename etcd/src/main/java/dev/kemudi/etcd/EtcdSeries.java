package dev.kemudi.etcd;

import dev.kemudi.log.Standing;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.UnknownSnapshot;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Kemudi's own series and, under etcd's names, those of etcd's that mean the same here, so that
 * dashboards and alerts made for etcd go on to work. Made when asked for.
 *
 * @see <a href="https://etcd.io/docs/v3.5/metrics/">etcd: metrics</a>
 */
final class EtcdSeries {
    private final PrometheusRegistry registry;
    private final Store store;
    private final Member member;
    private final long quotaBytes;
    private final CallGate gate;
    private final LongAdder healthy = new LongAdder();
    private final LongAdder ill = new LongAdder();
    private final AtomicLong leader = new AtomicLong(-1);
    private final AtomicLong leaderChanges = new AtomicLong();

    /**
     * Made when first asked for: opening what the process itself tells takes tens of milliseconds.
     */
    private @Nullable PrometheusRegistry process;

    EtcdSeries(
            PrometheusRegistry registry,
            Store store,
            Member member,
            long quotaBytes,
            CallGate gate) {
        this.registry = registry;
        this.store = store;
        this.member = member;
        this.quotaBytes = quotaBytes;
        this.gate = gate;
    }

    /** Somebody asked whether this member is well. */
    void checked(boolean well) {
        (well ? healthy : ill).increment();
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
        List<MetricSnapshot> more = new ArrayList<>(own(standing, stats));
        more.addAll(EtcdNames.of(all, standing.self() == 0));
        more.addAll(GrpcNames.of(all, gate.flows()));
        process().scrape().forEach(more::add);
        if (quotaBytes > 0) {
            // Without one, a share of it is no number that an alert should compare with.
            more.add(gauge("etcd_server_quota_backend_bytes", "Quota.", quotaBytes));
        }
        for (MetricSnapshot snapshot : more) {
            if (known.add(snapshot.getMetadata().getName())) {
                all.add(snapshot);
            }
        }
        return new MetricSnapshots(all);
    }

    private synchronized PrometheusRegistry process() {
        if (process == null) {
            process = new PrometheusRegistry();
            ProcessMetrics.builder().register(process);
        }
        return process;
    }

    private List<MetricSnapshot> own(Standing standing, Store.Stats stats) {
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
                        "etcd_debugging_mvcc_db_total_size_in_bytes",
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
                untyped("etcd_server_health_success", "Health checks passed.", healthy.sum()),
                untyped("etcd_server_health_failures", "Health checks failed.", ill.sum()));
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

    /** A counter whose name does not say so. */
    private static UnknownSnapshot untyped(String name, String help, double value) {
        return UnknownSnapshot.builder()
                .name(name)
                .help(help)
                .dataPoint(UnknownSnapshot.UnknownDataPointSnapshot.builder().value(value).build())
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
}
