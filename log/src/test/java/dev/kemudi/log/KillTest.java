package dev.kemudi.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real process, a real disk, a real kill -9. */
class KillTest {
    static final Limits LIMITS =
            new Limits(4_096, 1 << 16, 64, 1_024, 1 << 20, 64, 1 << 18, 1L << 30, 10);
    private static final int ROUNDS = Integer.getInteger("kemudi.crash.rounds", 20);

    @TempDir Path directory;

    @Test
    void nothingAcknowledgedIsLostWhenTheProcessIsKilled() throws Exception {
        Random random = new Random(99);
        Set<Long> acknowledged = new HashSet<>();
        for (int round = 0; round < ROUNDS; round++) {
            Path log = directory.resolve("log" + round / 10);
            if (round % 10 == 0) {
                acknowledged.clear();
            }
            writeUntilKilled(log, 1 + round * 100_000_000L, random, acknowledged);
            Recorder machine = new Recorder();
            FileLog<Long> reopened =
                    FileLog.open(
                            log, machine, LIMITS, TimeSource.system(), new PrometheusRegistry());
            machine.die();
            reopened.close();
            assertThat(new HashSet<>(machine.ids()).containsAll(acknowledged))
                    .as("round %d", round)
                    .isTrue();
            assertThat(machine.ids()).doesNotHaveDuplicates();
            machine.applied()
                    .forEach(entry -> {
                        long id = Recorder.idOf(entry);
                        assertThat(entry.command())
                                .isEqualTo(Recorder.command(id, (int) (id % 700)));
                    });
        }
        assertThat(acknowledged).isNotEmpty();
    }

    private static void writeUntilKilled(Path log, long base, Random random, Set<Long> acknowledged)
            throws Exception {
        Process child =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-Xshare:auto",
                                "-cp",
                                System.getProperty("java.class.path"),
                                CrashChild.class.getName(),
                                log.toString(),
                                Long.toString(base))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try (BufferedReader lines = child.inputReader()) {
            assertThat(lines.readLine()).isEqualTo("ready");
            int enough = random.nextInt(1_500);
            for (int i = 0; i < enough; i++) {
                String line = lines.readLine();
                assertThat(line).isNotNull();
                acknowledged.add(Long.parseLong(line));
            }
            // Not Process.destroyForcibly(): that also closes the pipe, which still holds
            // acknowledgements.
            child.toHandle().destroyForcibly();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                acknowledged.add(Long.parseLong(line));
            }
        } finally {
            child.destroyForcibly().waitFor();
        }
    }
}
