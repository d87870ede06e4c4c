package dev.kemudi.etcd;

import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Series of store and log that etcd has too, under etcd's names. */
final class EtcdNames {
    /** Ours to etcd's; of counters without the ending {@code _total}. */
    private static final Map<String, List<String>> COUNTERS =
            Map.of(
                    "kemudi_store_puts", mvcc("put"),
                    "kemudi_store_deletes", mvcc("delete"),
                    "kemudi_store_transactions", mvcc("txn"),
                    "kemudi_store_reads", mvcc("range"),
                    "kemudi_store_watch_events", List.of("etcd_debugging_mvcc_events"),
                    "kemudi_store_leases_expired", List.of("etcd_debugging_server_lease_expired"),
                    "kemudi_store_compacted_rows",
                            List.of("etcd_debugging_mvcc_db_compaction_keys"),
                    "kemudi_log_refused", List.of("etcd_server_proposals_failed"));

    private static final String SYNC = "kemudi_log_sync_seconds";
    private static final String PENDING = "kemudi_log_queue_entries";

    private EtcdNames() {}

    private static List<String> mvcc(String what) {
        return List.of("etcd_mvcc_" + what, "etcd_debugging_mvcc_" + what);
    }

    /**
     * @param alone whether the log is this node's own, so that its time is the disk's and not that
     *     of other members
     */
    static List<MetricSnapshot> of(List<MetricSnapshot> ours, boolean alone) {
        List<MetricSnapshot> etcds = new ArrayList<>();
        for (MetricSnapshot snapshot : ours) {
            String name = snapshot.getMetadata().getName();
            switch (snapshot) {
                case CounterSnapshot counter ->
                        COUNTERS.getOrDefault(name, List.of())
                                .forEach(etcd -> etcds.add(summed(etcd, counter)));
                case HistogramSnapshot histogram when alone && name.equals(SYNC) ->
                        etcds.add(
                                new HistogramSnapshot(
                                        named("etcd_disk_wal_fsync_duration_seconds", histogram),
                                        histogram.getDataPoints()));
                case GaugeSnapshot gauge when name.equals(PENDING) ->
                        etcds.add(
                                new GaugeSnapshot(
                                        named("etcd_server_proposals_pending", gauge),
                                        gauge.getDataPoints()));
                default -> {
                    // has no counterpart
                }
            }
        }
        return etcds;
    }

    private static CounterSnapshot summed(String name, CounterSnapshot counter) {
        double sum =
                counter.getDataPoints().stream()
                        .mapToDouble(CounterDataPointSnapshot::getValue)
                        .sum();
        return new CounterSnapshot(
                named(name, counter),
                List.of(CounterDataPointSnapshot.builder().value(sum).build()));
    }

    private static MetricMetadata named(String name, MetricSnapshot ours) {
        @Nullable String help = ours.getMetadata().getHelp();
        return help == null ? new MetricMetadata(name) : new MetricMetadata(name, help);
    }
}
