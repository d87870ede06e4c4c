package dev.kemudi.log;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The process that {@link KillTest} kills: writes ids, and prints each one once it is acknowledged.
 */
final class CrashChild {
    private CrashChild() {}

    public static void main(String[] args) throws IOException {
        FileOutputStream out = new FileOutputStream(FileDescriptor.out);
        Recorder machine = new Recorder();
        machine.die();
        FileLog<Long> log =
                FileLog.open(
                        Path.of(args[0]),
                        machine,
                        KillTest.LIMITS,
                        TimeSource.system(),
                        new PrometheusRegistry());
        long base = Long.parseLong(args[1]);
        out.write("ready\n".getBytes(StandardCharsets.US_ASCII));
        for (int writer = 0; writer < 8; writer++) {
            long first = base + writer * 1_000_000L;
            Thread.ofPlatform().start(() -> write(log, first, out));
        }
    }

    private static void write(FileLog<Long> log, long first, FileOutputStream out) {
        try {
            for (long id = first; ; id++) {
                log.propose(Recorder.command(id, (int) (id % 700)), "").join();
                // One write call a line, so that a line is there whole or not at all.
                out.write((id + "\n").getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
