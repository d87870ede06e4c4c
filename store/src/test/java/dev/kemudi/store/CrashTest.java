package dev.kemudi.store;

import static dev.kemudi.store.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** kill -9 at random points; {@code -Dkemudi.crash.rounds=1000} for the long run. */
class CrashTest {
    @TempDir Path directory;

    private final Map<Integer, Long> acknowledged = new HashMap<>();
    private long revision;
    private long told;

    @Test
    @Timeout(value = 3, unit = TimeUnit.HOURS) // a thousand rounds
    void nothingAcknowledgedIsLostAndNothingTornIsServed() throws Exception {
        int rounds = Integer.getInteger("kemudi.crash.rounds", 20);
        Random random = new Random(42);
        for (int round = 0; round < rounds; round++) {
            writeAndKill(random.nextInt(1, 400));
            check();
        }
        assertThat(acknowledged).hasSize(CrashWriter.THREADS);
        System.out.printf(
                "kill -9 x %d: %d transactions acknowledged, all there and whole, at revision %d%n",
                rounds, told, revision);
    }

    /**
     * Lets the child acknowledge so many writes, then kills it and takes in what it had still said.
     */
    private void writeAndKill(int acknowledgements) throws IOException, InterruptedException {
        Process child =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-XX:+UseSerialGC",
                                "-Xshare:auto",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                CrashWriter.class.getName(),
                                directory.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (BufferedReader lines = child.inputReader()) {
            int heard = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] words = line.split(" ");
                acknowledged.put(Integer.parseInt(words[0]), Long.parseLong(words[1]));
                revision = Math.max(revision, Long.parseLong(words[2]));
                heard++;
                told++;
                if (heard == acknowledgements) {
                    // By its handle: the pipe with what it had still said stays open.
                    child.toHandle().destroyForcibly();
                }
            }
            assertThat(heard)
                    .as("the child died by itself")
                    .isGreaterThanOrEqualTo(acknowledgements);
        } finally {
            child.destroyForcibly();
            assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    private void check() throws IOException {
        try (Store store =
                KemudiStore.open(
                        directory,
                        CrashWriter.limits(),
                        TimeSource.system(),
                        new PrometheusRegistry())) {
            assertThat(store.revision()).isGreaterThanOrEqualTo(revision);
            acknowledged.forEach((thread, n) -> {
                KeyValue left = one(store, CrashWriter.left(thread));
                KeyValue right = one(store, CrashWriter.right(thread));
                assertThat(CrashWriter.number(left)).isGreaterThanOrEqualTo(n);
                assertThat(right.value()).isEqualTo(left.value());
                assertThat(right.modRevision()).isEqualTo(left.modRevision());
            });
            checkHistory(store);
        }
    }

    private static KeyValue one(Store store, Bytes key) {
        return ((Answer.Ranged) store.range(Op.Range.of(KeyRange.single(key)))).kvs().getFirst();
    }

    /** From the compacted revision on, each revision is there, with both its events. */
    private static void checkHistory(Store store) {
        long from = Math.max(2, store.compactedRevision());
        Collected seen = new Collected();
        try (Watcher watcher = store.watch(KeyRange.prefix(Bytes.EMPTY), from, false, seen)) {
            long events = (store.revision() - from + 1) * 2;
            eventually(() -> assertThat(seen.events().size()).isEqualTo((int) events));
            assertThat(watcher).isNotNull();
        }
        List<Watcher.Event> events = seen.events();
        for (int i = 0; i < events.size(); i += 2) {
            assertThat(events.get(i).kv().value()).isEqualTo(events.get(i + 1).kv().value());
            assertThat(events.get(i).kv().modRevision()).isEqualTo(from + i / 2);
        }
    }
}
