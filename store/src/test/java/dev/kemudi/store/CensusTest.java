package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.log.LogEntry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The count of a range against counting, while keys come and go in thousands. */
class CensusTest {
    @TempDir Path directory;

    private final TreeSet<Bytes> keys = new TreeSet<>();
    private final List<TreeSet<Bytes>> past = new ArrayList<>();
    private Random random = new Random(0);
    private long index;
    private long revision = 1;

    @SuppressWarnings("NullAway.Init") // each test opens its own
    private Backend backend;

    private Bytes key() {
        byte[] key = new byte[4 + random.nextInt(3)];
        random.nextBytes(key);
        key[0] = (byte) "abc".charAt(random.nextInt(3));
        key[1] = (byte) (random.nextInt(2) * 0xff);
        return Bytes.of(key);
    }

    /** Often exactly a key, and sometimes far from all of them. */
    private Bytes edge() {
        Bytes near = keys.ceiling(key());
        return switch (random.nextInt(4)) {
            case 0 -> key();
            case 1 -> Bytes.utf8(random.nextBoolean() ? "\0" : "z");
            default -> near == null ? key() : near;
        };
    }

    private KeyRange range() {
        return switch (random.nextInt(5)) {
            case 0 -> KeyRange.single(edge());
            case 1 -> new KeyRange(edge(), KeyRange.NO_END);
            case 2 ->
                    KeyRange.prefix(Bytes.utf8("abc".substring(random.nextInt(3)).charAt(0) + ""));
            default -> new KeyRange(edge(), edge());
        };
    }

    private List<Op> ops(int phase) {
        List<Op> ops = new ArrayList<>();
        for (int i = random.nextInt(300); i >= 0; i--) {
            Bytes some = keys.ceiling(key());
            if (some != null && random.nextInt(10) < phase) {
                ops.add(new Op.Delete(KeyRange.single(some), false));
            } else {
                Bytes key = random.nextInt(4) == 0 && some != null ? some : key();
                ops.add(Op.Put.of(key, Bytes.EMPTY));
            }
        }
        if (phase > 5 && random.nextInt(12) == 0) {
            ops.add(new Op.Delete(new KeyRange(edge(), edge()), false));
        }
        return ops;
    }

    private void apply(Machine machine, List<Op> ops) {
        List<LogEntry> entries = new ArrayList<>();
        for (Op op : ops) {
            // Every third with a refusal after it: what it did must not be counted.
            Op.Put noLease = new Op.Put(key(), Bytes.EMPTY, 77, false, false, false);
            Op.Put put = Op.Put.of(key(), Bytes.EMPTY);
            Op refused = new Op.Txn(List.of(), List.of(put, noLease), List.of());
            for (Op each : random.nextInt(3) == 0 ? List.of(op, refused) : List.of(op)) {
                byte[] command = new Command.Apply(each).encode();
                entries.add(new LogEntry(++index, 1, 0, "", command));
            }
        }
        machine.apply(entries);
        for (Op op : ops) {
            if (op instanceof Op.Put put) {
                keys.add(put.key());
                revision++;
            } else if (op instanceof Op.Delete delete && keys.removeIf(delete.range()::contains)) {
                revision++;
            }
        }
        while (past.size() <= revision) {
            past.add(new TreeSet<>());
        }
        past.set((int) revision, new TreeSet<>(keys));
    }

    private long naive(TreeSet<Bytes> all, KeyRange range) {
        return all.stream().filter(range::contains).count();
    }

    private void compare() {
        try (View view = backend.view()) {
            assertThat(view.mark().revision()).isEqualTo(revision);
            for (int i = 0; i < 10; i++) {
                KeyRange range = range();
                assertThat(view.count(range)).as("%s", range).isEqualTo(naive(keys, range));
            }
            long at = 1 + random.nextInt((int) revision);
            if (at < past.size() && !past.get((int) at).isEmpty()) {
                KeyRange range = range();
                Op.Range op = new Op.Range(range, at, 0, false, true);
                Answer.Ranged counted = (Answer.Ranged) Reader.range(view, op, revision, 0);
                assertThat(counted.count()).isEqualTo(naive(past.get((int) at), range));
            }
        }
    }

    static long retained(View view) {
        long bytes = 0;
        for (Family family : List.of(Family.CUR, Family.LOG)) {
            try (Rows.Cursor cursor = view.cursor(family, new byte[0])) {
                for (; cursor.valid(); cursor.next()) {
                    bytes += cursor.key().length + cursor.value().length;
                }
            }
        }
        return bytes;
    }

    private void checkBuckets() {
        try (View view = backend.view()) {
            assertThat(backend.bytesInUse()).isEqualTo(retained(view));
            Census census = Recount.read(view);
            assertThat(census.total()).isEqualTo(keys.size());
            int buckets = 0;
            for (Census.Block block : census.blocks()) {
                buckets += block.size;
                for (int i = 0; i < block.size; i++) {
                    assertThat(block.counts[i]).isBetween(0, Recount.SPLIT_OVER + 1_200);
                }
            }
            assertThat(buckets).isLessThan(8 + 4 * keys.size() / Recount.MERGE_UP_TO);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,true", "2,true", "3,false", "4,false"})
    void theCountOfAnyRangeIsThatOfCountingIt(long seed, boolean memory) throws IOException {
        random = new Random(seed);
        backend = memory ? new MemoryBackend() : open(path(0));
        int opened = 0;
        for (int step = 0; step < 60; step++) {
            // Grow, then shrink, then grow again.
            apply(new Machine(backend, outcome -> {}), ops(step % 30 < 18 ? 1 : 9));
            compare();
            if (step % 10 == 9) {
                checkBuckets();
            }
            if (!memory && random.nextInt(12) == 0) {
                backend.flush();
                backend.close();
                backend = open(path(opened));
                compare();
            }
            if (random.nextInt(20) == 0) {
                Path copy = directory.resolve("copy" + step);
                backend.copyTo(copy);
                backend.close();
                backend = memory ? new MemoryBackend() : open(path(++opened));
                backend.install(copy);
                compare();
            }
        }
        backend.close();
    }

    private Path path(int number) {
        return directory.resolve("at" + number);
    }

    private static Backend open(Path root) throws IOException {
        return Generations.open(root, state -> RocksBackend.open(state, Limits.defaults()));
    }

    @Test
    void dataOfAVersionThatCountedNothingIsCountedOnce() throws IOException {
        backend = open(path(0));
        Changes uncounted = new Changes();
        for (int i = 0; i < 3_000; i++) {
            KeyValue kv = new KeyValue(Bytes.utf8("k" + i), 2, 2, 1, Bytes.EMPTY, 0);
            uncounted.of(Family.CUR).put(kv.key().array(), RowFormat.current(kv));
            keys.add(kv.key());
        }
        backend.write(uncounted, mark -> new Mark(1, 1, 2, 0, 0));
        backend.flush();
        backend.close();
        backend = open(path(0));
        try (View view = backend.view()) {
            assertThat(view.count(KeyRange.prefix(Bytes.EMPTY))).isEqualTo(3_000);
            assertThat(view.count(KeyRange.prefix(Bytes.utf8("k2")))).isEqualTo(1_111);
        }
        checkBuckets();
        backend.close();
    }

    @Test
    void whoHoldsAViewGoesOnSeeingItWhileAnotherStateIsInstalled() throws IOException {
        backend = open(path(0));
        index = 0;
        apply(
                new Machine(backend, outcome -> {}),
                List.of(Op.Put.of(Bytes.utf8("a"), Bytes.EMPTY)));
        Path copy = directory.resolve("copy");
        assertThat(backend.copyTo(copy).revision()).isEqualTo(2);
        apply(
                new Machine(backend, outcome -> {}),
                List.of(Op.Put.of(Bytes.utf8("b"), Bytes.EMPTY)));
        try (View before = backend.view()) {
            backend.install(copy);
            KeyRange all = KeyRange.prefix(Bytes.EMPTY);
            assertThat(Reader.range(before, Op.Range.of(all), 3, 0))
                    .isInstanceOfSatisfying(
                            Answer.Ranged.class, ranged -> assertThat(ranged.count()).isEqualTo(2));
            try (View after = backend.view()) {
                assertThat(after.mark().revision()).isEqualTo(2);
                assertThat(after.count(all)).isEqualTo(1);
            }
        }
        backend.close();
        backend = open(path(0));
        assertThat(backend.durableIndex()).isEqualTo(1);
        backend.close();
    }

    @Test
    void aRangeKnowsItsCountWithoutBeingWalked() {
        Store store =
                KemudiStore.inMemory(
                        dev.kemudi.kernel.TimeSource.system(), new PrometheusRegistry());
        for (int i = 0; i < 50; i++) {
            store.put(Op.Put.of(Bytes.utf8("k" + i), Bytes.EMPTY)).join();
        }
        Op.Range ten = new Op.Range(KeyRange.prefix(Bytes.utf8("k")), 0, 10, false, false);
        Answer.Ranged ranged = (Answer.Ranged) store.range(ten);
        assertThat(ranged.count()).isEqualTo(50);
        assertThat(ranged.kvs()).hasSize(10);
        store.close();
    }
}
