package dev.kemudi.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.Limits;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The five lines of the README. */
class EmbeddingTest {
    @Test
    void theStoreIsEmbeddedInFiveLines(@TempDir Path directory) throws IOException {
        PrometheusRegistry registry = new PrometheusRegistry();
        // README
        try (Store store =
                KemudiStore.open(directory, Limits.defaults(), TimeSource.system(), registry)) {
            store.put(Op.Put.of(Bytes.utf8("greeting"), Bytes.utf8("hello")))
                    .join(); // durable when it returns
            Answer answer = store.range(Op.Range.of(KeyRange.single(Bytes.utf8("greeting"))));
            System.out.println(answer);
        }
        // README
        try (Store store =
                KemudiStore.open(directory, Limits.defaults(), TimeSource.system(), registry)) {
            assertThat(store.range(Op.Range.of(KeyRange.single(Bytes.utf8("greeting")))))
                    .isInstanceOfSatisfying(
                            Answer.Ranged.class, ranged -> assertThat(ranged.count()).isEqualTo(1));
        }
    }

    @Test
    void theReadmeShowsWhatIsTested() throws IOException {
        String test =
                Files.readString(Path.of("src/test/java/dev/kemudi/server/EmbeddingTest.java"));
        String shown = test.split("// README\n")[1];
        assertThat(words(Files.readString(Path.of("../README.md")))).contains(words(shown));
    }

    private static String words(String text) {
        return text.lines()
                .map(String::strip)
                .collect(Collectors.joining(" "))
                .replaceAll("\\s+", "");
    }
}
