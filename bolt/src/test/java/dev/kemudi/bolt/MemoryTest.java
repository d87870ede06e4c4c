package dev.kemudi.bolt;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writes and reads 300 MB in a JVM that has 24 MB of heap. */
class MemoryTest {
    private static final long BYTES = 300L << 20;
    private static final int SECONDS_MAX = 60;

    @TempDir Path directory;

    @Test
    void aFileLargerThanTheHeapIsWrittenAndRead() throws Exception {
        Process child =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx24m",
                                "-cp",
                                System.getProperty("java.class.path"),
                                MemoryTest.class.getName(),
                                directory.resolve("snapshot").toString())
                        .redirectErrorStream(true)
                        .start();
        try {
            String output =
                    new String(
                            child.getInputStream().readAllBytes(),
                            java.nio.charset.StandardCharsets.UTF_8);
            assertThat(child.waitFor(SECONDS_MAX, TimeUnit.SECONDS)).isTrue();
            assertThat(output).isEmpty();
            assertThat(child.exitValue()).isZero();
        } finally {
            child.destroyForcibly();
        }
    }

    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        long written = 1;
        try (EtcdSnapshotWriter writer = EtcdSnapshotWriter.create(file, Samples.LIMITS)) {
            byte[] value = new byte[1_024];
            for (; written * value.length < BYTES; written++) {
                byte[] key = Samples.utf8("/registry/pods/default/pod-" + written);
                writer.change(EtcdChange.put(written + 1, 0, key, value, written + 1, 1, 0));
            }
            writer.finish(EtcdHead.of(1, 1, 0));
        }
        try (EtcdSnapshotReader reader =
                EtcdSnapshotReader.open(
                        file, EtcdSnapshotReader.Checksum.REQUIRED, Samples.LIMITS)) {
            long read = reader.changes(change -> {});
            if (read != written - 1 || reader.revision() != written) {
                throw new IllegalStateException("expected " + (written - 1) + ", found " + read);
            }
        }
    }
}
