package dev.kemudi.log;

import static dev.kemudi.log.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real file system of one megabyte, really full. Needs the right to mount one. */
class FullDiskTest {
    private static final Limits LIMITS =
            new Limits(8_192, 1 << 15, 64, 1_024, 1 << 20, 64, 1 << 17, 1L << 30, 10);

    @TempDir Path directory;

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @Test
    void aRealFullFileSystemRefusesWritesAndRecoversWhenSpaceReturns() throws Exception {
        Path mount = Files.createDirectory(directory.resolve("small"));
        boolean mounted =
                run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount.toString()) == 0;
        assumeTrue(mounted, "skipped: mounting a small tmpfs needs root with CAP_SYS_ADMIN");
        try {
            fillAndRecover(mount);
        } finally {
            assertThat(run("umount", mount.toString())).isZero();
        }
    }

    private static void fillAndRecover(Path mount) throws IOException {
        Path filler = mount.resolve("filler");
        Files.write(filler, new byte[300_000]);
        Path logDirectory = mount.resolve("log");
        Recorder machine = new Recorder();
        List<Long> acknowledged = new ArrayList<>();
        try (FileLog<Long> log =
                FileLog.open(
                        logDirectory,
                        machine,
                        LIMITS,
                        TimeSource.system(),
                        new PrometheusRegistry())) {
            machine.die();
            long id = 1;
            CompletableFuture<Long> answer = log.propose(Recorder.command(id, 4_000), "");
            while (answer.handle((index, error) -> error == null).join()) {
                acknowledged.add(id++);
                answer = log.propose(Recorder.command(id, 4_000), "");
            }
            assertThat(((LogRefusedException) answer.exceptionNow()).reason())
                    .isEqualTo(LogRefusedException.Reason.DISK_FULL);
            assertThat(acknowledged).hasSizeGreaterThan(50);
            assertThat(log.readBarrier().join()).isEqualTo(acknowledged.size());
            Files.delete(filler);
            eventually(
                    "writes are taken again",
                    () ->
                            log.propose(Recorder.command(1_000_000, 100), "")
                                    .handle((index, error) -> error == null)
                                    .join());
        }
        Recorder restarted = new Recorder();
        FileLog.open(logDirectory, restarted, LIMITS, TimeSource.system(), new PrometheusRegistry())
                .close();
        acknowledged.add(1_000_000L);
        assertThat(restarted.ids()).isEqualTo(acknowledged);
    }
}
