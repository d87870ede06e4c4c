package dev.kemudi.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The fuzzer's target on a few inputs of its own; the long run is conformance/fuzz.sh. */
@ExtendWith(Quiet.class)
class LogFuzzTest {
    @Test
    void anyBytesAreOpenedOrRefusedWithAReason() {
        Random random = new Random(5);
        List<byte[]> seeds = LogFuzz.seeds();
        seeds.forEach(LogFuzz::fuzzerTestOneInput);
        int tried = 0;
        for (int i = 0; i < 1_500; i++) {
            byte[] seed = seeds.get(i % seeds.size());
            byte[] input = Arrays.copyOf(seed, 1 + random.nextInt(seed.length));
            for (int flips = random.nextInt(6); flips > 0; flips--) {
                int at = random.nextInt(input.length);
                input[at] = at == 0 ? input[at] : (byte) random.nextInt();
            }
            LogFuzz.fuzzerTestOneInput(input);
            byte[] noise = new byte[random.nextInt(300)];
            random.nextBytes(noise);
            LogFuzz.fuzzerTestOneInput(noise);
            tried += 2;
        }
        assertThat(tried).isEqualTo(3_000);
    }

    @Test
    void mendingMakesADamagedCommandReadable() {
        byte[] seed = LogFuzz.seeds().getFirst();
        byte[] content = Arrays.copyOfRange(seed, 1, seed.length);
        assertThat(LogFuzz.mended(content)).as("nothing to mend").isEqualTo(content);
        byte[] damaged = content.clone();
        damaged[Header.BYTES + Frame.FIXED_BYTES + 20] ^= 1;
        assertThat(LogFuzz.mended(damaged)).isNotEqualTo(damaged);
    }
}
