package dev.kemudi.bolt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The fuzzer's target on a few inputs of its own; the long run is conformance/fuzz.sh. */
class BoltFuzzTest {
    @Test
    void anyBytesAreReadOrRefusedWithAReason() throws IOException {
        Random random = new Random(5);
        List<byte[]> seeds = BoltFuzz.seeds();
        assertThat(seeds).hasSize(4);
        for (byte[] seed : seeds) {
            BoltFuzz.fuzzerTestOneInput(seed);
            for (int round = 0; round < 200; round++) {
                byte[] input = Arrays.copyOf(seed, 1 + random.nextInt(seed.length));
                for (int flips = random.nextInt(6); flips > 0 && input.length > 1; flips--) {
                    input[1 + random.nextInt(input.length - 1)] = (byte) random.nextInt();
                }
                BoltFuzz.fuzzerTestOneInput(input);
            }
        }
    }
}
