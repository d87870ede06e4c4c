package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The fuzzer's target on a few inputs of its own; the long run is conformance/fuzz.sh. */
class CommandFuzzTest {
    @Test
    void anyBytesAreACommandOrRefusedWithAReason() {
        Random random = new Random(5);
        List<byte[]> seeds = CommandFuzz.seeds();
        assertThat(seeds).hasSize(7);
        for (byte[] seed : seeds) {
            CommandFuzz.fuzzerTestOneInput(seed);
            for (int round = 0; round < 2_000; round++) {
                byte[] input = Arrays.copyOf(seed, random.nextInt(seed.length + 4));
                for (int flips = random.nextInt(4); flips > 0 && input.length > 0; flips--) {
                    input[random.nextInt(input.length)] = (byte) random.nextInt();
                }
                CommandFuzz.fuzzerTestOneInput(input);
            }
        }
    }
}
