package dev.kemudi.store;

import static dev.kemudi.store.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.log.LogEntry;
import dev.kemudi.log.StateMachine;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same entries give the same store: however they were cut into batches, whoever reclaimed,
 * whatever was copied, installed, or made anew from a copy.
 */
class CopyTest {
    private static final int WRITES = 400;

    @TempDir Path directory;
    private final ManualTime time = new ManualTime();

    private Store open(FakeCluster cluster, long id, Path path) throws IOException {
        return KemudiStore.open(
                path,
                cluster.opener(id),
                Identity.embedded(),
                CrashWriter.limits(),
                time,
                new PrometheusRegistry());
    }

    private static void feed(Machine machine, List<LogEntry> entries, Random random) {
        for (int at = 0; at < entries.size(); ) {
            int end = Math.min(entries.size(), at + 1 + random.nextInt(7));
            machine.apply(entries.subList(at, end));
            at = end;
        }
    }

    private static List<Answer> hashes(Backend backend) {
        List<Answer> hashes = new ArrayList<>();
        try (View view = backend.view()) {
            long first = Math.max(1, view.mark().compacted());
            for (long revision = first; revision <= view.mark().revision(); revision++) {
                hashes.add(Hash.of(view, revision));
            }
        }
        return hashes;
    }

    private List<Watcher.Event> history(Backend backend) throws IOException {
        List<Watcher.Event> history = new ArrayList<>();
        try (View view = backend.view()) {
            History.visit(view, directory.resolve("scratch"), 300, history::add);
        }
        return history;
    }

    private static List<Watcher.Event> history(Store store) {
        List<Watcher.Event> history = new ArrayList<>();
        store.history(history::add);
        return history;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void theSameEntriesGiveTheSameHashWhateverHappensBetween(long seed) throws IOException {
        RandomWrites writes = new RandomWrites(seed);
        try (FakeCluster cluster = new FakeCluster(time)) {
            Store store = open(cluster, 1, directory.resolve("store"));
            cluster.elect(1);
            for (int i = 0; i < WRITES; i++) {
                writes.step(store);
            }
            store.compact(store.revision() - 30, true).join();
            List<LogEntry> entries = cluster.entries();

            MemoryBackend memory = new MemoryBackend();
            feed(new Machine(memory, outcome -> {}), entries, writes.random());

            Backend rocks = rocks("rocks");
            Machine machine = new Machine(rocks, outcome -> {});
            int middle = writes.random().nextInt(entries.size());
            feed(machine, entries.subList(0, middle), writes.random());
            Path copy = directory.resolve("copy");
            StateMachine.Copied copied = machine.checkpoint(copy);
            assertThat(copied.index()).isEqualTo(middle);

            // One that has something else already takes the copy, and some entries once more.
            Backend other = rocks("other");
            Machine installed = new Machine(other, outcome -> {});
            feed(installed, entries.subList(0, middle / 2), writes.random());
            installed.install(copy);
            assertThat(installed.durableIndex()).isEqualTo(copied.index());
            assertThat(installed.durableTerm()).isEqualTo(copied.term());
            feed(
                    installed,
                    entries.subList(Math.max(0, middle - 9), entries.size()),
                    writes.random());
            feed(machine, entries.subList(middle, entries.size()), writes.random());

            assertThat(hashes(rocks)).isEqualTo(hashes(memory));
            assertThat(hashes(other)).isEqualTo(hashes(memory));
            assertThat(store.hash(0)).isEqualTo(hashes(memory).getLast());
            assertThat(history(other)).isEqualTo(history(memory));
            assertThat(history(store)).isEqualTo(history(memory));
            try (View one = other.view();
                    View two = memory.view()) {
                assertThat(Areas.read(one)).isEqualTo(Areas.read(two));
                KeyRange all = KeyRange.prefix(Bytes.EMPTY);
                assertThat(one.count(all)).isEqualTo(two.count(all));
                assertThat(LeaseKeeper.read(one)).isEqualTo(LeaseKeeper.read(two));
            }
            rocks.close();
            other.close();
            store.close();
        }
    }

    private Backend rocks(String name) throws IOException {
        return Generations.open(
                directory.resolve(name), path -> RocksBackend.open(path, CrashWriter.limits()));
    }

    @Test
    void aHashDoesNotDependOnHowFarTheNodeHasApplied() throws IOException {
        RandomWrites writes = new RandomWrites(11);
        try (FakeCluster cluster = new FakeCluster(time)) {
            Store store = open(cluster, 1, directory.resolve("store"));
            cluster.elect(1);
            for (int i = 0; i < 100; i++) {
                writes.step(store);
            }
            store.compact(store.revision() - 5).join();
            Answer.Hashed before = (Answer.Hashed) store.hash(0);
            for (int i = 0; i < 20; i++) {
                store.put(Op.Put.of(Bytes.utf8("a"), Bytes.utf8("v" + i))).join();
                store.delete(new Op.Delete(KeyRange.prefix(Bytes.utf8("a")), false)).join();
            }
            Answer.Hashed after = (Answer.Hashed) store.hash(before.revision());
            assertThat(after.hash()).isEqualTo(before.hash());
            assertThat(((Answer.Hashed) store.hash(0)).hash()).isNotEqualTo(before.hash());
            assertThat(store.hash(store.revision() + 1))
                    .isEqualTo(new Answer.Refused(Answer.Reason.FUTURE_REVISION, store.revision()));
            assertThat(store.hash(1))
                    .isEqualTo(new Answer.Refused(Answer.Reason.COMPACTED, store.revision()));
            store.close();
        }
    }

    private static List<LogEntry> puts(long from, long to) {
        List<LogEntry> entries = new ArrayList<>();
        for (long i = from; i < to; i++) {
            Op.Put put = Op.Put.of(Bytes.utf8("k" + i % 50), Bytes.utf8("v" + i));
            entries.add(new LogEntry(i, 1, 0, "", new Command.Apply(put).encode()));
        }
        return entries;
    }

    @Test
    void copiesTakenUnderWritesAreEachOfOneMoment() throws Exception {
        Backend backend = rocks("busy");
        Machine machine = new Machine(backend, outcome -> {});
        AtomicBoolean enough = new AtomicBoolean();
        Thread applier =
                Thread.ofPlatform()
                        .start(() -> {
                            for (long at = 1; !enough.get(); at += 3) {
                                machine.apply(puts(at, at + 3));
                            }
                        });
        MemoryBackend expected = new MemoryBackend();
        Machine follower = new Machine(expected, outcome -> {});
        long last = 0;
        for (int i = 0; i < 3; i++) {
            Path copy = directory.resolve("copy" + i);
            long index = machine.checkpoint(copy).index();
            try (Backend of = rocks("of" + i)) {
                of.install(copy);
                follower.apply(puts(last + 1, index + 1));
                try (View one = of.view();
                        View two = expected.view()) {
                    assertThat(one.mark().index()).isEqualTo(index);
                    assertThat(Hash.of(one, 0)).isEqualTo(Hash.of(two, 0));
                    assertThat(one.count(KeyRange.prefix(Bytes.EMPTY)))
                            .isEqualTo(two.count(KeyRange.prefix(Bytes.EMPTY)));
                }
            }
            last = index;
        }
        enough.set(true);
        applier.join();
        backend.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void aStoreMadeFromAnothersContentsIsTheSame(long seed) throws IOException {
        RandomWrites writes = new RandomWrites(seed);
        Path loaded = directory.resolve("loaded");
        try (FakeCluster cluster = new FakeCluster(time);
                Store store = open(cluster, 1, directory.resolve("store"))) {
            cluster.elect(1);
            for (int i = 0; i < WRITES; i++) {
                writes.step(store);
            }
            Contents contents =
                    store.snapshot(now -> {
                        List<Watcher.Event> events = new ArrayList<>();
                        now.history(events::add);
                        return new Contents(
                                now.revision(),
                                now.compactedRevision(),
                                events.iterator(),
                                now.leases(),
                                now.areas());
                    });
            KemudiStore.load(loaded, contents, CrashWriter.limits());
            try (Backend state = rocks("loaded")) {
                // A log with peers must see that there is something to copy.
                assertThat(new Machine(state, outcome -> {}).durableIndex()).isEqualTo(1);
            }
            assertThatThrownBy(() -> KemudiStore.load(loaded, contents, CrashWriter.limits()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("there already");
            try (Store copy =
                    KemudiStore.open(
                            loaded, CrashWriter.limits(), time, new PrometheusRegistry())) {
                assertThat(copy.hash(0)).isEqualTo(store.hash(0));
                assertThat(history(copy)).isEqualTo(history(store));
                assertThat(copy.allLeases()).isEqualTo(store.allLeases());
                assertThat(copy.area("auth")).isEqualTo(store.area("auth"));
                assertThat(copy.compactedRevision()).isEqualTo(store.compactedRevision());
                KeyRange all = KeyRange.prefix(Bytes.EMPTY);
                long first = Math.max(1, store.compactedRevision());
                for (long revision = first; revision <= store.revision(); revision++) {
                    Op.Range range = new Op.Range(all, revision, 0, false, false);
                    assertThat(copy.range(range)).isEqualTo(store.range(range));
                }
                Collected one = new Collected();
                Collected two = new Collected();
                try (Watcher ofCopy = copy.watch(all, first, false, one);
                        Watcher ofStore = store.watch(all, first, false, two)) {
                    assertThat(ofCopy).isNotSameAs(ofStore);
                    eventually(() -> assertThat(one.seen()).isNotEmpty().isEqualTo(two.seen()));
                }
                for (int i = 0; i < 50; i++) {
                    Op.Put put = Op.Put.of(Bytes.utf8("k" + i % 7), Bytes.utf8("v" + i));
                    assertThat(copy.put(put).join()).isEqualTo(store.put(put).join());
                }
                copy.leaseRevoke(1).join();
                store.leaseRevoke(1).join();
                copy.compact(copy.revision() - 3, true).join();
                store.compact(store.revision() - 3, true).join();
                assertThat(copy.hash(0)).isEqualTo(store.hash(0));
            }
            try (Store again =
                    KemudiStore.open(
                            loaded, CrashWriter.limits(), time, new PrometheusRegistry())) {
                assertThat(again.hash(0)).isEqualTo(store.hash(0));
            }
        }
    }

    @Test
    void contentsOutOfOrderAreRefusedAndLeaveNoStore() throws IOException {
        Path loaded = directory.resolve("loaded");
        KeyValue kv = new KeyValue(Bytes.utf8("k"), 9, 9, 1, Bytes.EMPTY, 0);
        Contents contents =
                new Contents(
                        5,
                        0,
                        List.of(new Watcher.Event(Watcher.Type.PUT, kv, List.of())).iterator(),
                        List.of(),
                        List.of());
        assertThatThrownBy(() -> KemudiStore.load(loaded, contents, CrashWriter.limits()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected a revision from 0 to 5, got 9");
        try (Store store =
                KemudiStore.open(loaded, CrashWriter.limits(), time, new PrometheusRegistry())) {
            assertThat(store.revision()).isEqualTo(1);
        }
    }
}
