package dev.kemudi.store;

import static dev.kemudi.store.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.log.LogRefusedException;
import dev.kemudi.log.Peer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three stores on one order of entries: leadership, leases, membership, copies. */
abstract class ClusterRules {
    static final Map<String, List<String>> INITIAL =
            new TreeMap<>(
                    Map.of(
                            "a", List.of("http://127.0.0.1:2380"),
                            "b", List.of("http://127.0.0.1:2381"),
                            "c", List.of("http://127.0.0.1:2382")));

    @TempDir Path directory;
    final ManualTime time = new ManualTime();
    final FakeCluster cluster = new FakeCluster(time);
    final List<Store> stores = new ArrayList<>();
    final List<Long> ids = new ArrayList<>();

    abstract Store open(FakeCluster cluster, Identity identity, Path directory);

    @BeforeEach
    void start() {
        cluster.configure(Identity.founding("a", List.of(), "token", INITIAL).peers());
        for (String name : INITIAL.keySet()) {
            Identity identity =
                    Identity.founding(name, List.of("http://client-" + name), "token", INITIAL);
            ids.add(identity.self());
            stores.add(open(cluster, identity, directory.resolve(name)));
        }
        elect(0);
        eventually(() ->
                assertThat(store(2).membership().members())
                        .extracting(Membership.Member::name)
                        .containsExactlyInAnyOrder("a", "b", "c"));
    }

    @AfterEach
    void stop() {
        stores.forEach(Store::close);
        cluster.close();
    }

    Store store(int i) {
        return stores.get(i);
    }

    void elect(int i) {
        cluster.elect(ids.get(i));
    }

    static Bytes b(String text) {
        return Bytes.utf8(text);
    }

    void put(int i, String key, String value, long lease) {
        Op.Put put = new Op.Put(b(key), b(value), lease, false, false, false);
        assertThat(store(i).put(put).join()).isInstanceOf(Answer.Put.class);
    }

    @Test
    void everyNodeAnswersWritesAndReads() {
        put(0, "k", "1", 0);
        put(1, "k", "2", 0);
        for (Store store : stores) {
            assertThat(store.readBarrier().join()).isEqualTo(3);
            assertThat(store.hash(0)).isEqualTo(store(0).hash(0));
        }
        assertThat(store(0).standing().leading()).isTrue();
        assertThat(store(1).standing().leading()).isFalse();
    }

    @Test
    void aFollowerAnswersWithinTheBoundOrNotAtAll() {
        Store follower = store(2);
        Duration bound = Duration.ofSeconds(5);
        put(0, "k", "1", 0);
        assertThat(follower.readBarrier(bound).join()).isEqualTo(2);
        cluster.cutOff(ids.get(2));
        put(0, "k", "2", 0);
        time.pass(5);

        assertThat(follower.staleness()).isEqualTo(bound);
        assertThat(follower.readBarrier(bound).join()).isEqualTo(2);
        assertThatThrownBy(() -> follower.readBarrier(Duration.ZERO).join())
                .hasCauseInstanceOf(LogRefusedException.class);
        time.pass(1);
        assertThatThrownBy(() -> follower.readBarrier(bound).join())
                .hasCauseInstanceOf(LogRefusedException.class);

        cluster.heal(ids.get(2));
        assertThat(follower.readBarrier(bound).join()).isEqualTo(3);
        assertThat(follower.staleness()).isZero();
    }

    @Test
    void keepAlivesReachTheLeaderFromAnyNode() {
        store(1).leaseGrant(5, 10).join();
        time.pass(9);
        assertThat(store(2).leaseKeepAlive(5).join()).isEqualTo(new Answer.LeaseRenewed(1, 5, 10));
        time.pass(9);
        assertThat(store(1).lease(5).join().orElseThrow())
                .isEqualTo(new Store.Lease(5, 10, 1, List.of()));
        assertThat(store(1).lease(6).join()).isEmpty();
        time.pass(2);
        eventually(() -> assertThat(store(2).leases()).isEmpty());
        assertThat(store(2).leaseKeepAlive(5).join())
                .isEqualTo(new Answer.Refused(Answer.Reason.LEASE_NOT_FOUND, 1));
    }

    @Test
    void aNewLeaderGivesEachLeaseItsWholeTimeAgain() {
        store(0).leaseGrant(5, 10).join();
        put(0, "k", "1", 5);
        time.pass(9);
        elect(1);
        time.pass(9);
        assertThat(store(0).lease(5).join().orElseThrow().remainingSeconds()).isEqualTo(1);
        elect(0);
        time.pass(9);
        assertThat(store(2).leases()).containsExactly(5L);
        assertThat(store(0).revision()).isEqualTo(2);
        time.pass(2);
        eventually(() -> assertThat(store(2).revision()).isEqualTo(3));
    }

    @Test
    void aLeaderThatWasDeposedUnawaresExpiresNothing() {
        store(0).leaseGrant(5, 10).join();
        put(0, "k", "1", 5);
        cluster.cutOff(ids.get(0));
        time.pass(11);
        eventually(() -> assertThat(cluster.held(ids.get(0))).isPositive());
        elect(1);
        int before = cluster.size();
        // What it proposed before it knew reaches the new leader now.
        cluster.heal(ids.get(0));
        assertThat(cluster.size()).isGreaterThan(before);
        cluster.settle();
        assertThat(store(1).leases()).containsExactly(5L);
        assertThat(store(2).revision()).isEqualTo(2);
    }

    @Test
    void aCutOffLeaderDoesNotAnswerKeepAlives() {
        store(0).leaseGrant(5, 10).join();
        cluster.cutOff(ids.get(0));
        assertThatThrownBy(() -> store(0).leaseKeepAlive(5).join()).hasMessageContaining("leader");
        elect(2);
        assertThat(store(1).leaseKeepAlive(5).join()).isEqualTo(new Answer.LeaseRenewed(1, 5, 10));
    }

    @Test
    void whoMissedEntriesCatchesUpByACopyAndItsWatchesGoOn() {
        put(0, "k", "1", 0);
        Collected seen = new Collected();
        Collected compacted = new Collected();
        List<Area> told = new ArrayList<>();
        store(2).onChange("auth", told::add);
        try (Watcher watcher = store(2).watch(KeyRange.prefix(b("k")), 0, true, seen);
                Watcher late = store(2).watch(KeyRange.prefix(b("k")), 1, true, compacted)) {
            eventually(() -> assertThat(compacted.seen()).hasSize(1));
            cluster.cutOff(ids.get(2));
            put(0, "k", "2", 0);
            put(0, "x", "2", 0);
            store(0).leaseGrant(7, 100).join();
            put(0, "k", "3", 7);
            store(0).change(new AreaChange("auth", 0, Map.of(b("u"), Optional.of(b("1"))))).join();
            cluster.healByCopy(ids.get(2), ids.get(0), directory.resolve("copy"));
            assertThat(store(2).revision()).isEqualTo(5);
            put(2, "k", "4", 7);
            eventually(() -> assertThat(seen.seen()).containsExactly("+k=2@3", "+k=3@5", "+k=4@6"));
            assertThat(seen.events().getFirst().previous().getFirst().value()).isEqualTo(b("1"));
            watcher.requestProgress();
            eventually(() -> assertThat(seen.progress()).containsExactly(6L));
            assertThat(late).isNotSameAs(watcher);
        }
        assertThat(store(2).leases()).containsExactly(7L);
        assertThat(store(2).lease(7).join().orElseThrow().keys()).containsExactly(b("k"));
        assertThat(told).extracting(Area::revision).containsExactly(0L, 1L);
        assertThat(store(2).hash(0)).isEqualTo(store(1).hash(0));
    }

    @Test
    void aWatchWhosePlaceIsGoneInTheCopyIsToldToResume() {
        put(0, "k", "1", 0);
        Collected seen = new Collected();
        try (Watcher watcher = store(2).watch(KeyRange.prefix(b("k")), 0, true, seen)) {
            assertThat(watcher).isNotNull();
            cluster.cutOff(ids.get(2));
            for (int i = 0; i < 10; i++) {
                put(0, "k", "v" + i, 0);
            }
            store(0).compact(8).join();
            cluster.healByCopy(ids.get(2), ids.get(0), directory.resolve("copy"));
            eventually(() -> assertThat(seen.ended()).hasValue(8));
        }
        assertThat(store(2).compactedRevision()).isEqualTo(8);
    }

    @Test
    void aScanThatRunsDuringAnInstallSeesTheOldStateToTheEnd() {
        for (int i = 0; i < 50; i++) {
            put(0, "k" + i, "old", 0);
        }
        cluster.cutOff(ids.get(2));
        for (int i = 0; i < 50; i++) {
            put(0, "k" + i, "new", 0);
        }
        List<String> values = new ArrayList<>();
        store(2).scan(
                        Op.Range.of(KeyRange.prefix(b("k"))),
                        kv -> {
                            if (values.isEmpty()) {
                                cluster.healByCopy(
                                        ids.get(2), ids.get(0), directory.resolve("copy"));
                            }
                            return values.add(kv.value().toString());
                        });
        assertThat(values).hasSize(50).containsOnly("old");
        assertThat(
                        ((Answer.Ranged) store(2).range(Op.Range.of(KeyRange.single(b("k7")))))
                                .kvs()
                                .getFirst()
                                .value())
                .isEqualTo(b("new"));
    }

    @Test
    void membersAreDeclaredAndTheLeaderBringsThemAbout() {
        Membership membership = store(1).membership();
        assertThat(membership.clusterId()).isEqualTo(Identity.clusterId(ids));
        Membership.Member added = membership.add(List.of("http://127.0.0.1:9999"), true).join();
        eventually(() ->
                assertThat(cluster.peers()).contains(new Peer(added.id(), "127.0.0.1:9999", true)));
        assertThat(reason(membership.add(List.of("http://127.0.0.1:9998"), true)))
                .isEqualTo(MembershipException.Reason.TOO_MANY_LEARNERS);
        assertThat(reason(membership.promote(added.id())))
                .isEqualTo(MembershipException.Reason.LEARNER_NOT_READY);
        Identity identity = Identity.joining(added.id(), "d", List.of("http://client-d"), "token");
        stores.add(open(cluster, identity, directory.resolve("d")));
        eventually(() ->
                assertThat(store(0).membership().members())
                        .anyMatch(member -> member.name().equals("d")));
        assertThat(membership.promote(added.id()).join())
                .anyMatch(member -> member.id() == added.id() && !member.learner());
        eventually(() ->
                assertThat(cluster.peers())
                        .contains(new Peer(added.id(), "127.0.0.1:9999", false)));
        membership.remove(ids.get(2)).join();
        eventually(() -> assertThat(cluster.peers()).noneMatch(peer -> peer.id() == ids.get(2)));
        List<List<Peer>> steps = cluster.configurations();
        assertThat(steps).hasSize(3);
    }

    @Test
    void aLeaderThatIsRemovedHandsOverFirst() {
        store(0).membership().remove(ids.get(0)).join();
        eventually(() ->
                assertThat(cluster.peers()).hasSize(2).noneMatch(peer -> peer.id() == ids.get(0)));
        assertThat(store(0).standing().leading()).isFalse();
    }

    @Test
    void whatEtcdRefusesOfMembershipIsRefused() {
        Membership membership = store(1).membership();
        assertThat(reason(membership.remove(99))).isEqualTo(MembershipException.Reason.NOT_FOUND);
        assertThat(reason(membership.updatePeerUrls(99, List.of("http://127.0.0.1:1"))))
                .isEqualTo(MembershipException.Reason.NOT_FOUND);
        assertThat(reason(membership.updatePeerUrls(ids.get(0), List.of("http://127.0.0.1:2381"))))
                .isEqualTo(MembershipException.Reason.PEER_URL_EXISTS);
        assertThat(reason(membership.add(List.of("http://127.0.0.1:2381"), false)))
                .isEqualTo(MembershipException.Reason.PEER_URL_EXISTS);
        assertThat(reason(membership.promote(ids.get(0))))
                .isEqualTo(MembershipException.Reason.NOT_A_LEARNER);
        assertThat(reason(membership.moveLeader(99)))
                .isEqualTo(MembershipException.Reason.BAD_LEADER_TRANSFEREE);
        membership.moveLeader(ids.get(2)).join();
        eventually(() -> assertThat(store(2).standing().leading()).isTrue());
        membership.updatePeerUrls(ids.get(0), List.of("http://127.0.0.1:4444")).join();
        eventually(() ->
                assertThat(cluster.peers())
                        .contains(new Peer(ids.get(0), "127.0.0.1:4444", false)));
    }

    static MembershipException.Reason reason(CompletableFuture<?> refused) {
        try {
            refused.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof MembershipException refusal) {
                return refusal.reason();
            }
            throw e;
        }
        throw new AssertionError("expected a refusal");
    }
}
