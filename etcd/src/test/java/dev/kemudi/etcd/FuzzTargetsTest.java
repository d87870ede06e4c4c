package dev.kemudi.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The fuzzer's targets on a few inputs of their own; the long run is conformance/fuzz.sh. */
class FuzzTargetsTest {
    private interface Target {
        void take(byte[] input) throws Exception;
    }

    private static void damaged(List<byte[]> seeds, int rounds, Target target) throws Exception {
        Random random = new Random(5);
        assertThat(seeds).hasSizeGreaterThan(5);
        for (byte[] seed : seeds) {
            target.take(seed);
            for (int round = 0; round < rounds; round++) {
                byte[] input = Arrays.copyOf(seed, 1 + random.nextInt(seed.length));
                for (int flips = random.nextInt(4); flips > 0; flips--) {
                    input[random.nextInt(input.length)] = (byte) random.nextInt();
                }
                target.take(input);
            }
        }
    }

    @Test
    void anyBodyToAnyPathIsAnswered() throws Exception {
        damaged(JsonFuzz.seeds(), 8, JsonFuzz::fuzzerTestOneInput);
    }

    @Test
    void anyBeginningOfAConnectionEndsWithItsClient() throws Exception {
        damaged(FrontFuzz.seeds(), 30, FrontFuzz::fuzzerTestOneInput);
    }
}
