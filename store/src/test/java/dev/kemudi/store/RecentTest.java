package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RecentTest {
    @Test
    void whatIsThereIsWhatWasWrittenLastUpToTheViewThatAsks() {
        Random random = new Random(1);
        Recent recent = new Recent(8_192);
        List<Map<Bytes, byte[]>> states = new ArrayList<>(List.of(Map.of()));
        int found = 0;
        for (int index = 1; index <= 2_000; index++) {
            TreeMap<byte[], byte[]> rows = new TreeMap<>(java.util.Arrays::compareUnsigned);
            Map<Bytes, byte[]> state = new java.util.HashMap<>(states.getLast());
            for (int i = random.nextInt(4); i >= 0; i--) {
                byte[] key = Bytes.utf8("k" + random.nextInt(60)).array();
                byte[] row =
                        random.nextInt(5) == 0
                                ? Changes.GONE
                                : new byte[random.nextInt(20) == 0 ? 700 : 1 + random.nextInt(99)];
                rows.put(key, row);
                state.put(Bytes.of(key), row);
            }
            recent.write(rows, index);
            states.add(state);
            int at = Math.max(0, index - random.nextInt(4));
            for (int k = 0; k < 60; k++) {
                Bytes key = Bytes.utf8("k" + k);
                byte[] row = recent.get(key.array(), at);
                if (row != null) {
                    found++;
                    byte[] expected = states.get(at).get(key);
                    assertThat(row).isEqualTo(expected);
                    assertThat(row == Changes.GONE).isEqualTo(expected == Changes.GONE);
                }
            }
        }
        assertThat(found).isGreaterThan(2_000 * 20);
    }

    @Test
    void readersBesideTheWriterSeeTheNewestRowOfTheirMomentOrNothing() throws Exception {
        int keys = 40;
        int rounds = 300_000;
        Recent recent = new Recent(8_192);
        AtomicLong published = new AtomicLong();
        List<FutureTask<Integer>> readers = new ArrayList<>();
        for (int reader = 0; reader < 2; reader++) {
            Random random = new Random(reader);
            readers.add(
                    new FutureTask<>(() -> {
                        int found = 0;
                        for (long index = 0; index < rounds; index = published.get()) {
                            int key = random.nextInt(keys);
                            byte[] row = recent.get(key(key), index);
                            if (row != null) {
                                found++;
                                long newest = index - Math.floorMod(index - key, keys);
                                assertThat(row).isEqualTo(row(newest));
                            }
                        }
                        return found;
                    }));
        }
        List<Thread> threads = readers.stream().map(Thread::new).toList();
        threads.forEach(Thread::start);
        for (long index = 1; index <= rounds; index++) {
            recent.write(Map.of(key((int) (index % keys)), row(index)), index);
            published.set(index);
        }
        for (FutureTask<Integer> reader : readers) {
            assertThat(reader.get()).isPositive();
        }
    }

    private static byte[] key(int number) {
        return Bytes.utf8("key" + number).array();
    }

    /** Of a length and contents that only this index has. */
    private static byte[] row(long index) {
        byte[] row = new byte[1 + (int) (index * 31 % 90)];
        java.util.Arrays.fill(row, (byte) (index * 7));
        return row;
    }
}
