package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
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
                    assertThat(row).isSameAs(states.get(at).get(key));
                }
            }
        }
        assertThat(found).isGreaterThan(2_000 * 20);
    }
}
