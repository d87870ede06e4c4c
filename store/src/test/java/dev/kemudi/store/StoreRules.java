package dev.kemudi.store;

import static dev.kemudi.store.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every store obeys, whatever lies beneath. */
abstract class StoreRules {
    final ManualTime time = new ManualTime();
    Store store;

    abstract Store open(Limits limits, ManualTime time, PrometheusRegistry registry);

    @BeforeEach
    void start() {
        store = open(Limits.defaults(), time, new PrometheusRegistry());
    }

    @AfterEach
    void stop() {
        store.close();
    }

    static Bytes b(String text) {
        return Bytes.utf8(text);
    }

    Answer put(String key, String value) {
        return store.put(Op.Put.of(b(key), b(value))).join();
    }

    Answer delete(String key) {
        return store.delete(new Op.Delete(KeyRange.single(b(key)), true)).join();
    }

    Answer.Ranged range(KeyRange range, long revision) {
        return (Answer.Ranged) store.range(new Op.Range(range, revision, 0, false, false));
    }

    List<String> keys(KeyRange range, long revision) {
        return range(range, revision).kvs().stream()
                .map(kv -> kv.key() + "=" + kv.value())
                .toList();
    }

    static Answer.Reason reason(Answer answer) {
        return ((Answer.Refused) answer).reason();
    }

    @Test
    void aNewStoreIsAtRevisionOneAndEachWriteMakesOneMore() {
        assertThat(store.revision()).isEqualTo(1);
        assertThat(put("a", "1")).isEqualTo(new Answer.Put(2, List.of()));
        assertThat(put("a", "2")).isEqualTo(new Answer.Put(3, List.of()));
        KeyValue kv = range(KeyRange.single(b("a")), 0).kvs().getFirst();
        assertThat(kv).isEqualTo(new KeyValue(b("a"), 2, 3, 2, b("2"), 0));
    }

    @Test
    void aDeleteOfNothingMakesNoRevision() {
        assertThat(delete("nothing")).isEqualTo(new Answer.Deleted(1, 0, List.of()));
        assertThat(store.revision()).isEqualTo(1);
    }

    @Test
    void olderRevisionsAreReadAsTheyWere() {
        put("a", "1");
        put("b", "1");
        put("a", "2");
        delete("b");
        put("b", "3");
        KeyRange all = KeyRange.prefix(Bytes.EMPTY);
        assertThat(keys(all, 2)).containsExactly("a=1");
        assertThat(keys(all, 3)).containsExactly("a=1", "b=1");
        assertThat(keys(all, 4)).containsExactly("a=2", "b=1");
        assertThat(keys(all, 5)).containsExactly("a=2");
        assertThat(keys(all, 0)).containsExactly("a=2", "b=3");
        assertThat(keys(KeyRange.single(b("b")), 5)).isEmpty();
        assertThat(keys(KeyRange.single(b("b")), 4)).containsExactly("b=1");
    }

    @Test
    void keysWithZeroBytesKeepTheirOwnHistory() {
        Bytes plain = b("k");
        Bytes zero = Bytes.of(new byte[] {'k', 0});
        Bytes longer = Bytes.of(new byte[] {'k', 0, 1});
        for (Bytes key : List.of(plain, zero, longer)) {
            store.put(Op.Put.of(key, b("old"))).join();
        }
        for (Bytes key : List.of(longer, zero, plain)) {
            store.put(Op.Put.of(key, b("new"))).join();
        }
        assertThat(range(KeyRange.prefix(plain), 4).kvs())
                .extracting(KeyValue::key, KeyValue::value)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(plain, b("old")),
                        org.assertj.core.groups.Tuple.tuple(zero, b("old")),
                        org.assertj.core.groups.Tuple.tuple(longer, b("old")));
        assertThat(range(new KeyRange(zero, longer), 4).kvs()).hasSize(1);
    }

    @Test
    void theCountIsOfTheWholeRangeWhateverTheLimit() {
        for (int i = 0; i < 10; i++) {
            put("k" + i, "v");
        }
        Answer.Ranged limited =
                (Answer.Ranged)
                        store.range(new Op.Range(KeyRange.prefix(b("k")), 0, 3, true, false));
        assertThat(limited.count()).isEqualTo(10);
        assertThat(limited.more()).isTrue();
        assertThat(limited.kvs()).hasSize(3).allMatch(kv -> kv.value().isEmpty());
        Answer.Ranged counted =
                (Answer.Ranged)
                        store.range(new Op.Range(KeyRange.prefix(b("k")), 0, 0, false, true));
        assertThat(counted.count()).isEqualTo(10);
        assertThat(counted.kvs()).isEmpty();
        assertThat(counted.more()).isFalse();
    }

    @Test
    void aScanVisitsUntilItIsToldToStop() {
        for (int i = 0; i < 10; i++) {
            put("k" + i, "v");
        }
        List<String> visited = new ArrayList<>();
        Answer answer =
                store.scan(
                        Op.Range.of(KeyRange.prefix(b("k"))),
                        kv -> {
                            visited.add(kv.key().toString());
                            return visited.size() < 4;
                        });
        assertThat(visited).containsExactly("k0", "k1", "k2", "k3");
        assertThat(((Answer.Ranged) answer).count()).isEqualTo(4);
    }

    @Test
    void aTransactionSeesItsOwnWritesAndMakesOneRevision() {
        put("a", "1");
        Op.Txn txn =
                new Op.Txn(
                        List.of(Op.Compare.modRevisionIs(b("a"), 2)),
                        List.of(
                                Op.Put.of(b("a"), b("2")),
                                Op.Range.of(KeyRange.prefix(b("a"))),
                                Op.Put.of(b("ab"), b("x")),
                                new Op.Range(KeyRange.prefix(b("a")), 2, 0, false, false)),
                        List.of());
        Answer.Txn answer = (Answer.Txn) store.txn(txn).join();
        assertThat(answer.succeeded()).isTrue();
        assertThat(answer.revision()).isEqualTo(3);
        assertThat(((Answer.Ranged) answer.answers().get(1)).kvs())
                .extracting(kv -> kv.value().toString())
                .containsExactly("2");
        assertThat(((Answer.Ranged) answer.answers().get(3)).kvs())
                .extracting(kv -> kv.value().toString())
                .containsExactly("1");
        assertThat(keys(KeyRange.prefix(b("a")), 0)).containsExactly("a=2", "ab=x");
        assertThat(((Answer.Txn) store.txn(txn).join()).succeeded()).isFalse();
        assertThat(store.revision()).isEqualTo(3);
    }

    @Test
    void nestedTransactionsDecideOnTheStateBeforeTheWholeBegan() {
        Op.Txn inner =
                new Op.Txn(
                        List.of(Op.Compare.modRevisionIs(b("a"), 0)),
                        List.of(Op.Put.of(b("b"), b("then"))),
                        List.of(Op.Put.of(b("b"), b("else"))));
        store.txn(new Op.Txn(List.of(), List.of(Op.Put.of(b("a"), b("1")), inner), List.of()))
                .join();
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 0)).containsExactly("a=1", "b=then");
    }

    @Test
    void aRefusedTransactionLeavesNoTrace() {
        Op.Txn txn =
                new Op.Txn(
                        List.of(),
                        List.of(
                                Op.Put.of(b("a"), b("1")),
                                new Op.Put(b("b"), b("1"), 77, false, false, false)),
                        List.of());
        assertThat(reason(store.txn(txn).join())).isEqualTo(Answer.Reason.LEASE_NOT_FOUND);
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 0)).isEmpty();
        assertThat(store.revision()).isEqualTo(1);
    }

    @Test
    void whatEtcdRefusesIsRefused() {
        Op.Put put = Op.Put.of(b("a"), b("1"));
        assertThat(reason(store.put(Op.Put.of(Bytes.EMPTY, b("1"))).join()))
                .isEqualTo(Answer.Reason.EMPTY_KEY);
        assertThat(reason(store.txn(new Op.Txn(List.of(), List.of(put, put), List.of())).join()))
                .isEqualTo(Answer.Reason.DUPLICATE_KEY);
        Op.Delete covering = new Op.Delete(KeyRange.prefix(b("a")), false);
        assertThat(
                        reason(
                                store.txn(new Op.Txn(List.of(), List.of(put, covering), List.of()))
                                        .join()))
                .isEqualTo(Answer.Reason.DUPLICATE_KEY);
        List<Op> many = new ArrayList<>();
        for (int i = 0; i < 129; i++) {
            many.add(Op.Put.of(b("k" + i), b("v")));
        }
        assertThat(reason(store.txn(new Op.Txn(List.of(), many, List.of())).join()))
                .isEqualTo(Answer.Reason.TOO_MANY_OPS);
        assertThat(
                        reason(
                                store.put(new Op.Put(b("none"), Bytes.EMPTY, 0, false, true, false))
                                        .join()))
                .isEqualTo(Answer.Reason.KEY_NOT_FOUND);
        assertThat(reason(store.put(Op.Put.of(b("big"), Bytes.of(new byte[5_000_000]))).join()))
                .isEqualTo(Answer.Reason.TOO_LARGE);
        assertThat(reason(store.range(new Op.Range(KeyRange.single(b("a")), 99, 0, false, false))))
                .isEqualTo(Answer.Reason.FUTURE_REVISION);
        Op.Txn bothBranches =
                new Op.Txn(
                        List.of(),
                        List.of(new Op.Txn(List.of(), List.of(put), List.of(put))),
                        List.of());
        assertThat(store.txn(bothBranches).join()).isInstanceOf(Answer.Txn.class);
    }

    @Test
    void valueAndLeaseCanBeKept() {
        Answer.LeaseGranted lease = (Answer.LeaseGranted) store.leaseGrant(7, 60).join();
        store.put(new Op.Put(b("a"), b("1"), lease.id(), false, false, false)).join();
        store.put(new Op.Put(b("a"), b("2"), 0, false, false, true)).join();
        assertThat(range(KeyRange.single(b("a")), 0).kvs().getFirst().lease()).isEqualTo(7);
        Answer.Put kept =
                (Answer.Put)
                        store.put(new Op.Put(b("a"), Bytes.EMPTY, 0, true, true, false)).join();
        assertThat(kept.previous().getFirst().value()).isEqualTo(b("2"));
        KeyValue now = range(KeyRange.single(b("a")), 0).kvs().getFirst();
        assertThat(now.value()).isEqualTo(b("2"));
        assertThat(now.lease()).isZero();
        assertThat(store.lease(7).join().orElseThrow().keys()).isEmpty();
    }

    @Test
    void compactionHidesAndReclaimsWhatWasSuperseded() {
        put("a", "1");
        put("a", "2");
        put("b", "1");
        delete("b");
        put("a", "3");
        assertThat(store.compact(4).join()).isEqualTo(new Answer.Compacted(6));
        assertThat(reason(store.compact(4).join())).isEqualTo(Answer.Reason.COMPACTED);
        assertThat(reason(store.compact(99).join())).isEqualTo(Answer.Reason.FUTURE_REVISION);
        assertThat(reason(store.range(new Op.Range(KeyRange.single(b("a")), 3, 0, false, false))))
                .isEqualTo(Answer.Reason.COMPACTED);
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 4)).containsExactly("a=2", "b=1");
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 5)).containsExactly("a=2");
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 0)).containsExactly("a=3");
        assertThat(store.compactedRevision()).isEqualTo(4);
    }

    @Test
    void aWatchBeginsAtAnyRetainedRevisionAndGoesOnLive() {
        put("a", "1");
        put("x", "0");
        put("a", "2");
        Collected seen = new Collected();
        try (Watcher watcher = store.watch(KeyRange.prefix(b("a")), 1, true, seen)) {
            eventually(() -> assertThat(seen.seen()).containsExactly("+a=1@2", "+a=2@4"));
            delete("a");
            eventually(() -> assertThat(seen.seen()).containsExactly("+a=1@2", "+a=2@4", "-a@5"));
            assertThat(seen.events().getLast().previous().getFirst().value()).isEqualTo(b("2"));
            assertThat(seen.events().get(1).previous().getFirst().value()).isEqualTo(b("1"));
            watcher.requestProgress();
            eventually(() -> assertThat(seen.progress()).containsExactly(5L));
        }
        put("a", "after");
        assertThat(seen.seen()).hasSize(3);
    }

    @Test
    void aWatchOfTheFutureWaitsForIt() {
        Collected seen = new Collected();
        try (Watcher watcher = store.watch(KeyRange.single(b("a")), 4, false, seen)) {
            put("a", "2");
            put("a", "3");
            put("a", "4");
            put("a", "5");
            eventually(() -> assertThat(seen.seen()).containsExactly("+a=4@4", "+a=5@5"));
            watcher.requestProgress();
        }
    }

    @Test
    void aWatchBelowTheCompactedRevisionEndsAndOneAtItGetsEvenItsDelete() {
        put("a", "1");
        delete("a");
        put("b", "1");
        store.compact(3).join();
        Collected gone = new Collected();
        Collected at = new Collected();
        try (Watcher below = store.watch(KeyRange.single(b("a")), 2, false, gone);
                Watcher exact = store.watch(KeyRange.single(b("a")), 3, false, at)) {
            eventually(() -> assertThat(gone.ended()).hasValue(3));
            eventually(() -> assertThat(at.seen()).containsExactly("-a@3"));
            assertThat(below).isNotSameAs(exact);
        }
    }

    @Test
    void aSlowWatchLosesNothingAndHoldsNobodyUp() throws InterruptedException {
        java.util.concurrent.CountDownLatch hold = new java.util.concurrent.CountDownLatch(1);
        Collected slow = new Collected();
        Collected quick = new Collected();
        Watcher.Listener blocked =
                new Watcher.Listener() {
                    @Override
                    public void events(List<Watcher.Event> events, long revision) {
                        try {
                            hold.await();
                        } catch (InterruptedException e) {
                            throw new IllegalStateException(e);
                        }
                        slow.events(events, revision);
                    }

                    @Override
                    public void progress(long revision) {
                        slow.progress(revision);
                    }

                    @Override
                    public void ended(long compactRevision) {
                        slow.ended(compactRevision);
                    }
                };
        try (Watcher one = store.watch(KeyRange.prefix(b("k")), 0, false, blocked);
                Watcher two = store.watch(KeyRange.prefix(b("k")), 0, false, quick)) {
            int puts = Limits.defaults().watchBufferEvents() * 3;
            for (int i = 0; i < puts; i++) {
                put("k" + i % 7, "v" + i);
            }
            eventually(() -> assertThat(quick.events()).hasSize(puts));
            assertThat(slow.events()).isEmpty();
            hold.countDown();
            eventually(() -> assertThat(slow.events()).hasSize(puts));
            assertThat(slow.seen()).isEqualTo(quick.seen());
            assertThat(one).isNotSameAs(two);
        }
    }

    @Test
    void aLeaseThatRunsOutTakesItsKeysInOneRevision() {
        store.leaseGrant(5, 10).join();
        store.put(new Op.Put(b("a"), b("1"), 5, false, false, false)).join();
        store.put(new Op.Put(b("b"), b("1"), 5, false, false, false)).join();
        assertThat(store.lease(5).join().orElseThrow())
                .isEqualTo(new Store.Lease(5, 10, 10, List.of(b("a"), b("b"))));
        time.pass(9);
        assertThat(store.leaseKeepAlive(5).join()).isEqualTo(new Answer.LeaseRenewed(3, 5, 10));
        time.jumpWallClock(1_000_000);
        time.pass(9);
        assertThat(store.leases()).containsExactly(5L);
        time.pass(2);
        eventually(() -> assertThat(store.revision()).isEqualTo(4));
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 0)).isEmpty();
        assertThat(store.leases()).isEmpty();
        assertThat(reason(store.leaseKeepAlive(5).join())).isEqualTo(Answer.Reason.LEASE_NOT_FOUND);
        assertThat(reason(store.leaseRevoke(5).join())).isEqualTo(Answer.Reason.LEASE_NOT_FOUND);
    }

    @Test
    void aKeyBelongsToTheLeaseOfItsLastPut() {
        store.leaseGrant(1, 60).join();
        store.leaseGrant(2, 60).join();
        assertThat(reason(store.leaseGrant(2, 60).join())).isEqualTo(Answer.Reason.LEASE_EXISTS);
        store.put(new Op.Put(b("a"), b("1"), 1, false, false, false)).join();
        store.put(new Op.Put(b("a"), b("1"), 2, false, false, false)).join();
        store.leaseRevoke(1).join();
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 0)).containsExactly("a=1");
        store.leaseRevoke(2).join();
        assertThat(keys(KeyRange.prefix(Bytes.EMPTY), 0)).isEmpty();
    }
}
