package dev.kemudi.store;

import static dev.kemudi.store.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WatchHubTest {
    private final Store store = KemudiStore.inMemory(TimeSource.system(), new PrometheusRegistry());

    @AfterEach
    void close() {
        store.close();
    }

    private CompletableFuture<Answer> put(String key) {
        return store.put(Op.Put.of(Bytes.utf8(key), Bytes.utf8("value of " + key)));
    }

    /** Takes what is offered, at times; a listener that is called twice at once breaks. */
    private static class Choosy implements Watcher.Listener {
        private final Collected collected = new Collected();
        private final AtomicInteger inside = new AtomicInteger();
        private final Random random;
        private final List<EventBatch> batches = Collections.synchronizedList(new ArrayList<>());
        private final AtomicInteger taken = new AtomicInteger();

        Choosy(long seed) {
            random = new Random(seed);
        }

        private void alone(Runnable call) {
            if (inside.incrementAndGet() != 1) {
                throw new AssertionError("two threads at once");
            }
            call.run();
            inside.decrementAndGet();
        }

        @Override
        public boolean offer(EventBatch batch) {
            boolean[] takes = {false};
            alone(() -> {
                takes[0] = random.nextInt(3) > 0;
                if (takes[0]) {
                    taken.incrementAndGet();
                    batches.add(batch);
                    collected.events(batch.events(), batch.revision());
                }
            });
            return takes[0];
        }

        @Override
        public void events(EventBatch batch) {
            batches.add(batch);
            Watcher.Listener.super.events(batch);
        }

        @Override
        public void events(List<Watcher.Event> events, long revision) {
            alone(() -> collected.events(events, revision));
        }

        @Override
        public void progress(long revision) {
            alone(() -> collected.progress(revision));
        }

        @Override
        public void ended(long compactRevision) {
            collected.ended(compactRevision);
        }
    }

    @Test
    void whoeverTakesWhatIsOfferedAndWhoeverDoesNotSeesEveryEventOnceInOrder() {
        Random random = new Random(3);
        List<Choosy> all = new ArrayList<>();
        List<Watcher> watchers = new ArrayList<>();
        int puts = 3_000;
        for (int i = 0; i < puts; i++) {
            if (i % 100 == 0) {
                Choosy choosy = new Choosy(i);
                all.add(choosy);
                // From the past, from now on, and from the future.
                long from = Math.max(1, store.revision() + random.nextInt(41) - 20);
                watchers.add(store.watch(KeyRange.prefix(Bytes.utf8("k")), from, true, choosy));
            }
            CompletableFuture<Answer> done = put("k" + random.nextInt(50));
            if (i % 10 == 0) {
                done.join();
                watchers.get(random.nextInt(watchers.size())).requestProgress();
            }
        }
        put("k").join();
        long last = store.revision();
        assertThat(last).isEqualTo(puts + 2);
        for (Choosy choosy : all) {
            eventually(() -> {
                List<Watcher.Event> events = choosy.collected.events();
                assertThat(choosy.collected.ended()).isEmpty();
                assertThat(events).isNotEmpty();
                assertThat(events.getLast().kv().modRevision()).isEqualTo(last);
                long first = events.getFirst().kv().modRevision();
                assertThat(events).hasSize((int) (last - first + 1));
            });
        }
        assertThat(all.stream().mapToInt(choosy -> choosy.taken.get()).sum()).isPositive();
        watchers.forEach(Watcher::close);
    }

    @Test
    void allWatchesOfOneRangeShareOneBatchAndWhatWasMadeOfIt() {
        List<Choosy> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Choosy choosy = new Choosy(i);
            all.add(choosy);
            store.watch(KeyRange.prefix(Bytes.utf8("k")), 0, false, choosy);
        }
        put("before");
        put("k1").join();
        all.forEach(choosy -> eventually(() -> assertThat(choosy.batches).hasSize(1)));
        Set<EventBatch> distinct = Collections.newSetFromMap(new IdentityHashMap<>());
        all.forEach(choosy -> distinct.addAll(choosy.batches));
        assertThat(distinct).hasSize(1);
        AtomicInteger made = new AtomicInteger();
        for (Choosy choosy : all) {
            String text =
                    choosy.batches
                            .getFirst()
                            .derived(
                                    String.class,
                                    batch -> {
                                        made.incrementAndGet();
                                        return batch.events().getFirst().kv().key().toString();
                                    });
            assertThat(text).isEqualTo("k1");
        }
        assertThat(made).hasValue(1);
    }

    @Test
    void oneThatBlocksForeverHoldsNobodyUpAndLosesNothing() throws InterruptedException {
        CountDownLatch hold = new CountDownLatch(1);
        Choosy blocked =
                new Choosy(1) {
                    @Override
                    public boolean offer(EventBatch batch) {
                        return false;
                    }

                    @Override
                    public void events(EventBatch batch) {
                        try {
                            hold.await();
                        } catch (InterruptedException e) {
                            Thread.currentThread().interrupt();
                        }
                        super.events(batch);
                    }
                };
        Choosy quick = new Choosy(2);
        store.watch(KeyRange.prefix(Bytes.utf8("k")), 0, false, blocked);
        store.watch(KeyRange.prefix(Bytes.utf8("k")), 0, false, quick);
        int puts = Limits.defaults().watchBufferEvents() * 2;
        for (int i = 0; i < puts; i++) {
            put("k" + i % 5);
        }
        eventually(() -> assertThat(quick.collected.events()).hasSize(puts));
        assertThat(blocked.collected.events()).isEmpty();
        hold.countDown();
        eventually(() -> assertThat(blocked.collected.events()).hasSize(puts));
        assertThat(blocked.collected.seen()).isEqualTo(quick.collected.seen());
    }

    @Test
    void aListenerThatBreaksEndsItsOwnWatchOnly() {
        Choosy breaking =
                new Choosy(1) {
                    @Override
                    public boolean offer(EventBatch batch) {
                        throw new IllegalStateException("this listener breaks: part of the test");
                    }
                };
        Choosy other = new Choosy(2);
        store.watch(KeyRange.prefix(Bytes.utf8("k")), 0, false, breaking);
        store.watch(KeyRange.prefix(Bytes.utf8("k")), 0, false, other);
        put("k1");
        put("k2");
        eventually(() -> assertThat(other.collected.events()).hasSize(2));
        eventually(() -> assertThat(breaking.collected.ended()).hasValue(0));
        assertThat(store.stats().watchers()).isEqualTo(1);
    }

    @Test
    void aWatchThatNothingHappenedToHasNotMissedWhatWasCompactedMeanwhile() throws Exception {
        MemoryBackend backend = new MemoryBackend();
        StoreMetrics metrics = new StoreMetrics(new PrometheusRegistry());
        try (WatchHub hub = new WatchHub(backend, Limits.defaults(), metrics, 1)) {
            Machine machine = new Machine(backend, outcome -> hub.offer(outcome.revisions()));
            Collected quiet = new Collected();
            Watch watch = hub.watch(KeyRange.prefix(Bytes.utf8("q")), 2, false, quiet);
            for (int i = 1; i <= 100; i++) {
                apply(machine, i, new Command.Apply(Op.Put.of(Bytes.utf8("k"), Bytes.EMPTY)));
            }
            assertThat(hub.awaitVisibleDispatched()).isEqualTo(101);
            apply(machine, 101, new Command.Compact(90));
            // As after an install: every watch finds its own place again.
            hub.replaced(101);
            apply(machine, 102, new Command.Apply(Op.Put.of(Bytes.utf8("q"), Bytes.EMPTY)));
            eventually(() -> assertThat(quiet.seen()).containsExactly("+q=@102"));
            assertThat(quiet.ended()).isEmpty();
            watch.close();
        }
    }

    private static void apply(Machine machine, long index, Command command) {
        machine.apply(List.of(new dev.kemudi.log.LogEntry(index, 1, 0, "", command.encode())));
    }
}
