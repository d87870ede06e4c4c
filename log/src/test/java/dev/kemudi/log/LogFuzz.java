package dev.kemudi.log;

import dev.kemudi.kernel.SimulatedTime;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Any bytes as a log's file: recovery opens it or refuses it with a reason, and never hangs, runs
 * out of memory or applies entries out of order. An odd first byte asks for right checksums, which
 * no fuzzer finds by itself: what lies behind them is to be read too. Run by {@code
 * conformance/fuzz.sh}, which knows the method by its name.
 */
public final class LogFuzz {
    private static final Limits SMALL =
            new Limits(2_000, 6_000, 16, 512, 1 << 20, 64, 4_096, 16_384, 2);
    private static final int HEADER_CHECKED = 36;
    private static final int LOG_ID_AT = 12;

    private LogFuzz() {}

    /** One input. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        byte[] content = Arrays.copyOfRange(input, 1, input.length);
        read((input[0] & 1) == 0 ? content : mended(content));
    }

    private static void read(byte[] content) {
        SimulatedDisk disk = new SimulatedDisk(1);
        Recorder machine = new Recorder();
        try {
            try (DiskFile file = disk.open(Segment.nameOf(1), true)) {
                file.writeFully(ByteBuffer.wrap(content), 0);
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

    /** The same with the checksum of the header and of each record that has a plausible length. */
    static byte[] mended(byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content.clone());
        if (content.length < Header.BYTES) {
            return content;
        }
        CRC32C header = new CRC32C();
        header.update(bytes.slice(0, HEADER_CHECKED));
        bytes.putInt(HEADER_CHECKED, (int) header.getValue());
        int at = Header.BYTES;
        while (at + Frame.FIXED_BYTES <= content.length) {
            int length = bytes.getInt(at + 4);
            int room = content.length - at - Frame.PREFIX_BYTES;
            if (!Frame.plausible(bytes.getInt(at), length, room)) {
                break;
            }
            bytes.putInt(at + 8, Frame.checksum(bytes, at, length, bytes.getLong(LOG_ID_AT)));
            at += Frame.PREFIX_BYTES + length;
        }
        return bytes.array();
    }

    /** A real log's first segment, as it is and to be mended after damage. */
    static List<byte[]> seeds() {
        SimulatedDisk disk = new SimulatedDisk(2);
        Recorder machine = new Recorder();
        byte[] real;
        try {
            FileLog<Long> log =
                    FileLog.open(
                            disk, machine, SMALL, new SimulatedTime(1), new PrometheusRegistry());
            for (long id = 1; id <= 5; id++) {
                log.propose(Recorder.command(id, 100), "").join();
            }
            machine.die();
            log.close();
            real = disk.contentOf(Segment.nameOf(1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return Stream.of((byte) 0, (byte) 1)
                .map(mend -> ByteBuffer.allocate(real.length + 1).put(mend).put(real).array())
                .toList();
    }

    /** Writes the seeds into a folder, from which the fuzzer begins. */
    public static void main(String[] arguments) throws IOException {
        List<byte[]> seeds = seeds();
        for (int i = 0; i < seeds.size(); i++) {
            Files.write(Path.of(arguments[0], "seed-" + i), seeds.get(i));
        }
    }
}
