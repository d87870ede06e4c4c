package dev.kemudi.store;

import static dev.kemudi.store.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A seeded bad day of three stores: leaders change, nodes are cut off and come back by entries or
 * by a copy, time passes. At the end all are the same; on the way no watch missed or doubled
 * anything, and a lease that was kept alive in time lived on.
 */
class ClusterChaosTest {
    private static final int STEPS = 400;
    private static final int NODES = 3;
    private static final long LEASE = 77;
    private static final long TTL = 10;
    private static final KeyRange ALL = KeyRange.prefix(Bytes.EMPTY);

    @TempDir Path directory;
    private final ManualTime time = new ManualTime();
    private final List<Store> stores = new ArrayList<>();
    private final List<Seen> seen = new ArrayList<>();
    private Random random = new Random(0);
    private int leader;
    private int cutOff = -1;
    private long sinceKept;
    private int copies;
    private int deposed;

    /** What a watch on one node has delivered since it was last resumed. */
    private static final class Seen {
        private final Store store;
        private long from;
        private Collected collected = new Collected();
        private Watcher watcher;

        Seen(Store store) {
            this.store = store;
            from = 2;
            watcher = store.watch(ALL, from, false, collected);
        }

        void resumeIfEnded() {
            if (collected.ended().isPresent()) {
                watcher.close();
                from = collected.ended().getAsLong();
                collected = new Collected();
                watcher = store.watch(ALL, from, false, collected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void afterABadDayAllAreTheSame(long seed) {
        random = new Random(seed);
        try (FakeCluster cluster = new FakeCluster(time)) {
            for (int i = 0; i < NODES; i++) {
                stores.add(
                        KemudiStore.on(
                                new MemoryBackend(),
                                cluster.opener(i + 1),
                                Identity.embedded(),
                                Limits.defaults(),
                                time,
                                new PrometheusRegistry()));
                seen.add(new Seen(stores.get(i)));
            }
            cluster.elect(1);
            stores.get(0).leaseGrant(LEASE, TTL).join();
            Op.Put leased =
                    new Op.Put(Bytes.utf8("leased"), Bytes.EMPTY, LEASE, false, false, false);
            stores.get(0).put(leased).join();
            for (int step = 0; step < STEPS; step++) {
                step(cluster);
                assertThat(stores.get(leader).leases()).as("at step %s", step).contains(LEASE);
            }
            heal(cluster);
            check();
            assertThat(copies).isPositive();
            assertThat(deposed).isPositive();
            stores.forEach(Store::close);
        }
    }

    private int connected() {
        int node = random.nextInt(NODES);
        return node == cutOff ? (node + 1) % NODES : node;
    }

    private void step(FakeCluster cluster) {
        seen.forEach(Seen::resumeIfEnded);
        switch (random.nextInt(12)) {
            case 0 -> {
                leader = connected();
                cluster.elect(leader + 1);
            }
            case 1, 2 -> {
                if (cutOff < 0) {
                    cutOff = random.nextInt(NODES);
                    cluster.cutOff(cutOff + 1);
                    // For a while nobody knows that the leader is gone.
                    pass(random.nextInt(3));
                    if (cutOff == leader) {
                        leader = connected();
                        cluster.elect(leader + 1);
                        deposed++;
                    }
                }
            }
            case 3 -> heal(cluster);
            case 4 -> {
                Store store = stores.get(connected());
                store.compact(Math.max(1, store.revision() - random.nextInt(30))).join();
            }
            case 5, 6 -> pass(1 + random.nextInt(3));
            default -> {
                Store store = stores.get(connected());
                Bytes key = Bytes.utf8("k" + random.nextInt(5));
                if (random.nextInt(4) == 0) {
                    store.delete(new Op.Delete(KeyRange.single(key), false)).join();
                } else {
                    store.put(Op.Put.of(key, Bytes.utf8("v" + random.nextInt()))).join();
                }
            }
        }
    }

    /** Never so long that the lease could run out since it was last kept alive. */
    private void pass(long seconds) {
        if (seconds == 0) {
            return;
        }
        if (sinceKept + seconds >= TTL || random.nextInt(4) == 0) {
            keepAlive();
        }
        if (sinceKept + seconds < TTL) {
            sinceKept += seconds;
            time.pass(seconds);
        }
    }

    private void keepAlive() {
        try {
            Answer answer = stores.get(connected()).leaseKeepAlive(LEASE).join();
            assertThat(answer).isInstanceOf(Answer.LeaseRenewed.class);
            sinceKept = 0;
        } catch (CompletionException e) {
            // The leader is cut off: it was not kept, and time does not pass it by.
            assertThat(cutOff).isEqualTo(leader);
        }
    }

    private void heal(FakeCluster cluster) {
        if (cutOff < 0) {
            return;
        }
        if (random.nextBoolean()) {
            cluster.healByCopy(cutOff + 1, leader + 1, directory.resolve("copy" + copies++));
        } else {
            cluster.heal(cutOff + 1);
        }
        cutOff = -1;
    }

    private void check() {
        Store first = stores.get(0);
        List<Watcher.Event> history = new ArrayList<>();
        first.history(history::add);
        for (int i = 0; i < NODES; i++) {
            assertThat(stores.get(i).hash(0)).isEqualTo(first.hash(0));
            assertThat(stores.get(i).leases()).containsExactly(LEASE);
            Seen watch = seen.get(i);
            eventually(() -> {
                watch.resumeIfEnded();
                List<Watcher.Event> events = watch.collected.events();
                assertThat(events).isNotEmpty();
                assertThat(events.getLast()).isEqualTo(history.getLast());
            });
            long floor = Math.max(watch.from, first.compactedRevision());
            assertThat(since(watch.collected.events(), floor)).isEqualTo(since(history, floor));
            assertThat(gaps(watch.collected.events())).isEmpty();
            watch.watcher.close();
        }
    }

    private static List<Watcher.Event> since(List<Watcher.Event> events, long revision) {
        return events.stream().filter(event -> event.kv().modRevision() >= revision).toList();
    }

    /** Every write here is a revision of its own, so that a step of more than one is a gap. */
    private static Map<Long, Long> gaps(List<Watcher.Event> events) {
        Map<Long, Long> gaps = new java.util.TreeMap<>();
        for (int i = 1; i < events.size(); i++) {
            long before = events.get(i - 1).kv().modRevision();
            long now = events.get(i).kv().modRevision();
            if (now != before + 1) {
                gaps.put(before, now);
            }
        }
        return gaps;
    }
}
