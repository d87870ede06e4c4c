package dev.kemudi.etcd;

import static dev.kemudi.etcd.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Election;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.election.CampaignResponse;
import io.etcd.jetcd.election.LeaderResponse;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.grpc.stub.StreamObserver;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program on jetcd, which nobody here wrote, gets. */
class JetcdTest {
    @TempDir Path directory;

    private Store store;
    private EtcdServer server;
    private Client client;

    @BeforeEach
    void start() throws Exception {
        PrometheusRegistry registry = new PrometheusRegistry();
        store =
                KemudiStore.open(
                        directory,
                        dev.kemudi.store.Limits.defaults(),
                        TimeSource.system(),
                        registry);
        server = new EtcdServer(new Config("127.0.0.1", 0), store, registry, Limits.defaults());
        server.start();
        client = Client.builder().endpoints("http://127.0.0.1:" + server.port()).build();
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
        store.close();
    }

    private static ByteSequence b(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    @Test
    void whatIsPutIsRead() throws Exception {
        get(client.getKVClient().put(b("a"), b("1")));
        get(client.getKVClient().put(b("b"), b("2")));
        GetResponse all =
                get(
                        client.getKVClient()
                                .get(b("\0"), GetOption.builder().withRange(b("\0")).build()));
        assertThat(all.getKvs()).extracting(kv -> kv.getKey().toString()).containsExactly("a", "b");
        assertThat(all.getHeader().getRevision()).isEqualTo(3);
        assertThat(get(client.getKVClient().delete(b("a"))).getDeleted()).isEqualTo(1);
    }

    @Test
    void aTransactionDecidesByItsCompares() throws Exception {
        get(client.getKVClient().put(b("k"), b("old")));
        TxnResponse done =
                get(
                        client.getKVClient()
                                .txn()
                                .If(new Cmp(b("k"), Cmp.Op.EQUAL, CmpTarget.value(b("old"))))
                                .Then(
                                        Op.put(
                                                b("k"),
                                                b("new"),
                                                PutOption.builder().withPrevKV().build()),
                                        Op.get(b("k"), GetOption.DEFAULT))
                                .Else(Op.get(b("k"), GetOption.DEFAULT))
                                .commit());
        assertThat(done.isSucceeded()).isTrue();
        assertThat(done.getPutResponses().getFirst().getPrevKv().getValue().toString())
                .isEqualTo("old");
        assertThat(done.getGetResponses().getFirst().getKvs().getFirst().getValue().toString())
                .isEqualTo("new");
    }

    @Test
    void aWatchResumesFromItsRevisionAfterTheServerWasAway() throws Exception {
        List<WatchEvent> seen = new CopyOnWriteArrayList<>();
        WatchOption option =
                WatchOption.builder().withRevision(1).isPrefix(true).withPrevKV(true).build();
        try (Watch.Watcher watcher =
                client.getWatchClient()
                        .watch(b("w/"), option, response -> seen.addAll(response.getEvents()))) {
            for (int i = 0; i < 50; i++) {
                get(client.getKVClient().put(b("w/" + i % 5), b("v" + i)));
            }
            eventually(() -> assertThat(seen.size()).isEqualTo(50));
            int port = server.port();
            server.close();
            PrometheusRegistry registry = new PrometheusRegistry();
            store.put(
                            dev.kemudi.store.Op.Put.of(
                                    dev.kemudi.store.Bytes.utf8("w/0"),
                                    dev.kemudi.store.Bytes.utf8("while away")))
                    .join();
            server =
                    new EtcdServer(
                            new Config("127.0.0.1", port), store, registry, Limits.defaults());
            server.start();
            eventually(() -> assertThat(seen.size()).isEqualTo(51));
            for (int i = 50; i < 100; i++) {
                get(client.getKVClient().put(b("w/" + i % 5), b("v" + i)));
            }
            eventually(() -> assertThat(seen.size()).isEqualTo(101));
            assertThat(seen)
                    .extracting(event -> event.getKeyValue().getModRevision())
                    .isSorted()
                    .doesNotHaveDuplicates();
            assertThat(seen.getLast().getPrevKV().getValue().toString()).isEqualTo("v94");
            assertThat(watcher).isNotNull();
        }
    }

    @Test
    void aWatchBelowTheCompactedRevisionIsToldWhere() throws Exception {
        for (int i = 0; i < 5; i++) {
            get(client.getKVClient().put(b("k"), b("v" + i)));
        }
        get(client.getKVClient().compact(4));
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        Watch.Listener listener = Watch.listener(response -> {}, failure::complete);
        try (Watch.Watcher watcher =
                client.getWatchClient()
                        .watch(b("k"), WatchOption.builder().withRevision(2).build(), listener)) {
            assertThat(get(failure))
                    .isInstanceOfSatisfying(
                            io.etcd.jetcd.common.exception.CompactedException.class,
                            e -> assertThat(e.getCompactedRevision()).isEqualTo(4));
            assertThat(watcher).isNotNull();
        }
    }

    @Test
    void aLeaseLivesWhileItIsKeptAliveAndTakesItsKeysAlong() throws Exception {
        long lease = get(client.getLeaseClient().grant(2)).getID();
        get(
                client.getKVClient()
                        .put(b("l"), b("x"), PutOption.builder().withLeaseId(lease).build()));
        List<LeaseKeepAliveResponse> beats = new CopyOnWriteArrayList<>();
        StreamObserver<LeaseKeepAliveResponse> observer =
                new StreamObserver<>() {
                    @Override
                    public void onNext(LeaseKeepAliveResponse response) {
                        beats.add(response);
                    }

                    @Override
                    public void onError(Throwable failure) {}

                    @Override
                    public void onCompleted() {}
                };
        try (var alive = client.getLeaseClient().keepAlive(lease, observer)) {
            // Over four seconds on a lease of two.
            eventually(() -> assertThat(beats).hasSizeGreaterThanOrEqualTo(6));
            assertThat(get(client.getKVClient().get(b("l"))).getKvs()).hasSize(1);
            assertThat(alive).isNotNull();
        }
        var left =
                get(
                        client.getLeaseClient()
                                .timeToLive(
                                        lease, LeaseOption.builder().withAttachedKeys().build()));
        assertThat(left.getKeys()).extracting(Object::toString).containsExactly("l");
        eventually(() -> assertThat(get(client.getKVClient().get(b("l"))).getKvs()).isEmpty());
    }

    @Test
    void aLockIsHeldByOneAndPassedOn() throws Exception {
        long one = get(client.getLeaseClient().grant(60)).getID();
        long two = get(client.getLeaseClient().grant(60)).getID();
        ByteSequence held = get(client.getLockClient().lock(b("lock"), one)).getKey();
        var waiting = client.getLockClient().lock(b("lock"), two);
        eventually(() ->
                assertThat(
                                get(client.getKVClient()
                                                .get(
                                                        b("lock/"),
                                                        GetOption.builder().isPrefix(true).build()))
                                        .getCount())
                        .isEqualTo(2));
        assertThat(waiting).isNotDone();
        get(client.getLockClient().unlock(held));
        assertThat(get(waiting).getKey().toString()).isEqualTo("lock/" + Long.toHexString(two));
    }

    @Test
    void anElectionHasOneLeaderAndItsFollowersHearOfEachInOrder() throws Exception {
        Election election = client.getElectionClient();
        assertThatThrownBy(() -> get(election.leader(b("e"))))
                .hasCauseInstanceOf(io.etcd.jetcd.election.NoLeaderException.class);
        List<String> heard = new CopyOnWriteArrayList<>();
        election.observe(
                b("e"),
                new Election.Listener() {
                    @Override
                    public void onNext(LeaderResponse response) {
                        heard.add(response.getKv().getValue().toString());
                    }

                    @Override
                    public void onError(Throwable failure) {}

                    @Override
                    public void onCompleted() {}
                });
        long one = get(client.getLeaseClient().grant(60)).getID();
        long two = get(client.getLeaseClient().grant(60)).getID();
        CampaignResponse alice = get(election.campaign(b("e"), one, b("alice")));
        CompletableFuture<CampaignResponse> bob = election.campaign(b("e"), two, b("bob"));
        get(election.proclaim(alice.getLeader(), b("alice again")));
        KeyValue leader = get(election.leader(b("e"))).getKv();
        assertThat(leader.getValue().toString()).isEqualTo("alice again");
        assertThat(bob).isNotDone();
        get(election.resign(alice.getLeader()));
        get(bob);
        eventually(() -> assertThat(heard).containsExactly("alice", "alice again", "bob"));
        assertThatThrownBy(() -> get(election.proclaim(alice.getLeader(), b("usurper"))))
                .hasCauseInstanceOf(io.etcd.jetcd.election.NotLeaderException.class);
    }
}
