package dev.kemudi.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.testkit.Cluster;
import dev.kemudi.testkit.Kemudi;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import io.grpc.stub.StreamObserver;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A program on jetcd, against the whole platform: etcd's users find their store, and the API's
 * objects in it.
 */
@Kemudi(inMemory = false)
class JetcdEndToEndTest {
    private static final int EVENTS_MAX = 1_024;
    private static final int WITHIN_SECONDS = 20;

    private Client client;

    @BeforeEach
    void connect(Cluster cluster) {
        client = Client.builder().endpoints("http://" + cluster.endpoints().etcd()).build();
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    private static ByteSequence bytes(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(WITHIN_SECONDS, TimeUnit.SECONDS);
    }

    /** Every event as {@code TYPE key=value}, from {@code revision} on, under {@code prefix}. */
    private Watch.Watcher watch(String prefix, long revision, BlockingQueue<String> seen) {
        WatchOption option = WatchOption.builder().withRevision(revision).isPrefix(true).build();
        return client.getWatchClient()
                .watch(
                        bytes(prefix),
                        option,
                        (WatchResponse r) -> r.getEvents().forEach(e -> seen.add(text(e))));
    }

    private static String text(WatchEvent event) {
        return event.getEventType()
                + " "
                + event.getKeyValue().getKey()
                + "="
                + event.getKeyValue().getValue();
    }

    @Test
    void aWatchThatWasCutOffResumesFromItsRevision() throws Exception {
        KV kv = client.getKVClient();
        BlockingQueue<String> first = new ArrayBlockingQueue<>(EVENTS_MAX);
        long before = get(kv.put(bytes("resume/0"), bytes("0"))).getHeader().getRevision();
        try (Watch.Watcher watcher = watch("resume/", before, first)) {
            assertThat(first.poll(WITHIN_SECONDS, TimeUnit.SECONDS)).isEqualTo("PUT resume/0=0");
            assertThat(watcher).isNotNull();
        }
        get(kv.put(bytes("resume/1"), bytes("1")));
        get(kv.delete(bytes("resume/0")));
        BlockingQueue<String> second = new ArrayBlockingQueue<>(EVENTS_MAX);
        try (Watch.Watcher watcher = watch("resume/", before + 1, second)) {
            assertThat(second.poll(WITHIN_SECONDS, TimeUnit.SECONDS)).isEqualTo("PUT resume/1=1");
            assertThat(second.poll(WITHIN_SECONDS, TimeUnit.SECONDS)).isEqualTo("DELETE resume/0=");
            assertThat(watcher).isNotNull();
        }
    }

    @Test
    void aTransactionSwapsOnlyWhatItExpected() throws Exception {
        KV kv = client.getKVClient();
        get(kv.put(bytes("swap"), bytes("old")));
        Cmp isOld = new Cmp(bytes("swap"), Cmp.Op.EQUAL, CmpTarget.value(bytes("old")));
        Op toNew = Op.put(bytes("swap"), bytes("new"), PutOption.DEFAULT);
        Op read = Op.get(bytes("swap"), GetOption.DEFAULT);
        assertThat(get(kv.txn().If(isOld).Then(toNew).Else(read).commit()).isSucceeded()).isTrue();
        var second = get(kv.txn().If(isOld).Then(toNew).Else(read).commit());
        assertThat(second.isSucceeded()).isFalse();
        assertThat(second.getGetResponses().getFirst().getKvs().getFirst().getValue())
                .hasToString("new");
    }

    @Test
    void aLeaseLivesWhileItIsKeptAliveAndTakesItsKeysWithIt() throws Exception {
        long lease = get(client.getLeaseClient().grant(2)).getID();
        PutOption attached = PutOption.builder().withLeaseId(lease).build();
        get(client.getKVClient().put(bytes("leased"), bytes("here"), attached));
        BlockingQueue<String> gone = new ArrayBlockingQueue<>(EVENTS_MAX);
        try (Watch.Watcher watcher = watch("leased", 0, gone)) {
            BlockingQueue<Long> renewals = new ArrayBlockingQueue<>(EVENTS_MAX);
            try (var keepAlive = client.getLeaseClient().keepAlive(lease, new Renewals(renewals))) {
                for (int i = 0; i < 4; i++) {
                    assertThat(renewals.poll(WITHIN_SECONDS, TimeUnit.SECONDS)).isEqualTo(2);
                }
                assertThat(keepAlive).isNotNull();
            }
            assertThat(gone).as("nothing expired while the lease was kept alive").isEmpty();
            assertThat(gone.poll(WITHIN_SECONDS, TimeUnit.SECONDS)).isEqualTo("DELETE leased=");
            assertThat(watcher).isNotNull();
        }
    }

    private record Renewals(BlockingQueue<Long> ttls)
            implements StreamObserver<LeaseKeepAliveResponse> {
        @Override
        public void onNext(LeaseKeepAliveResponse renewed) {
            ttls.add(renewed.getTTL());
        }

        @Override
        public void onError(Throwable error) {
            ttls.add(-1L);
        }

        @Override
        public void onCompleted() {
            ttls.add(0L);
        }
    }

    @Test
    void anObjectOfTheApiIsAKeyOfTheStoreAtTheSameRevision(Cluster cluster) throws Exception {
        ApiObject created =
                cluster.client()
                        .create(
                                Resource.CONFIG_MAPS,
                                ApiObject.named(Resource.CONFIG_MAPS, "default", "seen-by-both"));
        var key = bytes("/registry/core/configmaps/default/seen-by-both");
        var found = get(client.getKVClient().get(key)).getKvs();
        assertThat(found).hasSize(1);
        assertThat(found.getFirst().getModRevision())
                .isEqualTo(Long.parseLong(created.resourceVersion()));
    }
}
