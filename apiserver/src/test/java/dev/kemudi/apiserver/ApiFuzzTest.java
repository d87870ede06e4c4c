package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.api.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The fuzzer's target on a few inputs of its own; the long run is conformance/fuzz.sh. */
@Timeout(120)
final class ApiFuzzTest {
    @Test
    void anyBytesAreReadOrRefusedWithAReason() {
        Random random = new Random(5);
        List<byte[]> seeds = ApiFuzz.seeds();
        assertThat(seeds).hasSizeGreaterThan(14);
        for (byte[] seed : seeds) {
            ApiFuzz.fuzzerTestOneInput(seed);
            for (int round = 0; round < 500; round++) {
                byte[] input = Arrays.copyOf(seed, random.nextInt(1, seed.length + 4));
                for (int flips = random.nextInt(4); flips > 0 && input.length > 1; flips--) {
                    input[random.nextInt(1, input.length)] = (byte) random.nextInt();
                }
                ApiFuzz.fuzzerTestOneInput(input);
            }
        }
    }

    @Test
    void aliasesOfAliasesAreRefusedBeforeTheyAreWrittenOut() {
        StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
        for (int i = 1; i < 25; i++) {
            bomb.append("a%d: &a%d [*a%d, *a%d]%n".formatted(i, i, i - 1, i - 1));
        }
        assertThatThrownBy(() -> Bodies.yaml(bomb.toString().getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(ApiException.class)
                .hasMessage("the aliases of the body stand for too much");
        String modest = "a: &a {k: v}\nb: *a\nc: *a\n";
        assertThat(Bodies.yaml(modest.getBytes(StandardCharsets.UTF_8)).at("/c/k").asText())
                .isEqualTo("v");
    }
}
