package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowSortTest {
    @TempDir Path scratch;

    @Test
    void rowsComeBackInOrderHoweverManyRunsTheyTook() throws IOException {
        for (int rows : new int[] {0, 1, 10, 20_000}) {
            Random random = new Random(rows);
            List<byte[]> expected = new ArrayList<>();
            List<byte[]> sorted = new ArrayList<>();
            try (RowSort sort = new RowSort(scratch, 1_000)) {
                for (int i = 0; i < rows; i++) {
                    byte[] row = new byte[4 + random.nextInt(8)];
                    random.nextBytes(row);
                    expected.add(row);
                    sort.add(row);
                }
                sort.forEach(sorted::add);
            }
            expected.sort(Arrays::compareUnsigned);
            assertThat(sorted).usingElementComparator(Arrays::compareUnsigned).isEqualTo(expected);
            try (Stream<Path> left = Files.list(scratch)) {
                assertThat(left).isEmpty();
            }
        }
    }
}
