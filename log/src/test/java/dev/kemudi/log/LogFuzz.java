package dev.kemudi.log;

import dev.kemudi.kernel.SimulatedTime;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Any bytes as a log's file: recovery opens it or refuses it with a reason, and never hangs, runs
 * out of memory or applies entries out of order. Run by {@code conformance/fuzz.sh}, which knows
 * the method by its name.
 */
public final class LogFuzz {
    private static final Limits SMALL =
            new Limits(2_000, 6_000, 16, 512, 1 << 20, 64, 4_096, 16_384, 2);

    private LogFuzz() {}

    /** One input. */
    public static void fuzzerTestOneInput(byte[] input) {
        SimulatedDisk disk = new SimulatedDisk(1);
        Recorder machine = new Recorder();
        try {
            try (DiskFile file = disk.open(Segment.nameOf(1), true)) {
                file.writeFully(ByteBuffer.wrap(input), 0);
            }
            FileLog.open(disk, machine, SMALL, new SimulatedTime(1), new PrometheusRegistry())
                    .close();
        } catch (IOException refused) {
            if (String.valueOf(refused.getMessage()).isBlank()) {
                throw new AssertionError("refused without a reason", refused);
            }
            return;
        }
        List<LogEntry> applied = machine.applied();
        for (int i = 0; i < applied.size(); i++) {
            if (applied.get(i).index() != i + 1L) {
                throw new AssertionError("entry " + applied.get(i).index() + " in place " + i);
            }
        }
    }
}
