package dev.kemudi.etcd;

import static dev.kemudi.etcd.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.bolt.EtcdChange;
import dev.kemudi.bolt.EtcdSnapshotReader;
import dev.kemudi.etcd.proto.AlarmType;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.SnapshotRequest;
import dev.kemudi.etcd.proto.SnapshotResponse;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.AreaChange;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code etcdctl snapshot save} would fetch. */
class SnapshotTest {
    /** Far more than any buffer on the way. */
    private static final int VALUES = 200;

    private static final int VALUE_BYTES = 20_000;
    private static final int SECONDS_MAX = 30;

    @TempDir Path directory;
    private Store store;
    private EtcdServer server;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws Exception {
        PrometheusRegistry registry = new PrometheusRegistry();
        store =
                KemudiStore.open(
                        directory.resolve("store"),
                        dev.kemudi.store.Limits.defaults(),
                        TimeSource.system(),
                        registry);
        Config config = new Config("127.0.0.1", 0).withScratch(directory.resolve("scratch"));
        server = new EtcdServer(config, store, registry, Limits.defaults());
        server.start();
        channel =
                Grpc.newChannelBuilder(
                                "127.0.0.1:" + server.port(), InsecureChannelCredentials.create())
                        .build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
        store.close();
    }

    private Iterator<SnapshotResponse> ask() {
        return MaintenanceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(SECONDS_MAX, TimeUnit.SECONDS)
                .snapshot(SnapshotRequest.getDefaultInstance());
    }

    private void fill() {
        store.leaseGrant(7, 600).join();
        Random random = new Random(1);
        for (int i = 0; i < VALUES; i++) {
            byte[] value = new byte[VALUE_BYTES];
            random.nextBytes(value);
            Bytes key = Bytes.utf8("key-" + i);
            store.put(new Op.Put(key, Bytes.of(value), i % 10 == 0 ? 7 : 0, false, false, false))
                    .join();
        }
        store.delete(new Op.Delete(KeyRange.prefix(Bytes.utf8("key-1")), false)).join();
        store.compact(store.revision() - 50).join();
        Bytes alarm = Bytes.utf8(AlarmType.CORRUPT.name() + "/1d");
        Map<Bytes, Optional<Bytes>> rows = Map.of(alarm, Optional.of(Bytes.utf8("1")));
        store.change(new AreaChange(Alarms.AREA, 0, rows)).join();
    }

    @Test
    void aSnapshotLargerThanAnyBufferArrivesWholeAndLeavesNothingBehind() throws IOException {
        fill();
        Path file = directory.resolve("snapshot.db");
        long left = 0;
        try (OutputStream out = Files.newOutputStream(file)) {
            for (Iterator<SnapshotResponse> parts = ask(); parts.hasNext(); ) {
                SnapshotResponse part = parts.next();
                part.getBlob().writeTo(out);
                left = part.getRemainingBytes();
            }
        }
        assertThat(left).isZero();
        assertThat(Files.size(file)).isGreaterThan((long) VALUES / 2 * VALUE_BYTES);
        assertThat(scratch()).isEmpty();
        List<EtcdChange> changes = new ArrayList<>();
        try (EtcdSnapshotReader reader =
                EtcdSnapshotReader.open(
                        file,
                        EtcdSnapshotReader.Checksum.REQUIRED,
                        dev.kemudi.bolt.Limits.defaults())) {
            assertThat(reader.revision()).isEqualTo(store.revision());
            assertThat(reader.head().compactedRevision()).isEqualTo(store.compactedRevision());
            assertThat(reader.leases(lease -> assertThat(lease.id()).isEqualTo(7))).isEqualTo(1);
            assertThat(reader.alarms(alarm -> assertThat(alarm.kind()).isEqualTo(2))).isEqualTo(1);
            reader.changes(changes::add);
        }
        List<EtcdChange> expected = new ArrayList<>();
        store.history(event ->
                expected.add(
                        new EtcdChange(
                                event.kv().modRevision(),
                                0,
                                false,
                                event.kv().key().array(),
                                event.kv().value().array(),
                                0,
                                event.kv().version(),
                                event.kv().lease())));
        assertThat(changes).hasSameSizeAs(expected);
        for (int i = 0; i < changes.size(); i++) {
            assertThat(changes.get(i).revision()).isEqualTo(expected.get(i).revision());
            assertThat(changes.get(i).key()).isEqualTo(expected.get(i).key());
            assertThat(Arrays.equals(changes.get(i).value(), expected.get(i).value())).isTrue();
            assertThat(changes.get(i).version()).isEqualTo(expected.get(i).version());
            assertThat(changes.get(i).lease()).isEqualTo(expected.get(i).lease());
        }
    }

    @Test
    void aClientThatLeavesInTheMiddleLeavesNothingBehind() {
        fill();
        for (int i = 0; i < 2 * Limits.defaults().snapshotsMax(); i++) {
            io.grpc.Context.CancellableContext call = io.grpc.Context.current().withCancellation();
            call.run(() -> assertThat(ask().next().getRemainingBytes()).isPositive());
            call.cancel(null);
            eventually(() -> assertThat(scratch()).isEmpty());
        }
    }

    private List<Path> scratch() {
        try (Stream<Path> files = Files.list(directory.resolve("scratch"))) {
            return files.toList();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
