package dev.kemudi.store;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sorts rows as unsigned bytes, in memory as long as they are few, otherwise in sorted runs on
 * disk. Each row must be there once. Used by one thread.
 */
final class RowSort implements AutoCloseable {
    private static final int ROW_OVERHEAD_BYTES = 24;
    private static final int RUNS_MAX = 256;
    private static final int READ_BYTES = 32_768;

    private final Path scratch;
    private final int bytesMax;
    private final List<byte[]> rows = new ArrayList<>();
    private final List<Path> runs = new ArrayList<>();
    private long bytes;

    /** Runs are written to {@code scratch}, which is made when needed. */
    RowSort(Path scratch, int bytesMax) {
        this.scratch = scratch;
        this.bytesMax = bytesMax;
    }

    void add(byte[] row) throws IOException {
        rows.add(row);
        bytes += row.length + ROW_OVERHEAD_BYTES;
        if (bytes > bytesMax) {
            spill();
        }
    }

    private void spill() throws IOException {
        rows.sort(Arrays::compareUnsigned);
        try (RunWriter out = new RunWriter(newRun())) {
            for (byte[] row : rows) {
                out.write(row);
            }
        }
        rows.clear();
        bytes = 0;
        if (runs.size() == RUNS_MAX) {
            mergeRuns();
        }
    }

    private Path newRun() throws IOException {
        Files.createDirectories(scratch);
        Path run = Files.createTempFile(scratch, "sort", ".run");
        runs.add(run);
        return run;
    }

    /** So many runs become one: no more files than that are ever open. */
    private void mergeRuns() throws IOException {
        List<Path> before = List.copyOf(runs);
        runs.clear();
        try (RunWriter out = new RunWriter(newRun())) {
            merge(before, out::write);
        } finally {
            for (Path run : before) {
                Files.deleteIfExists(run);
            }
        }
    }

    /** Every row in order; nothing can be added afterwards. */
    void forEach(Consumer<byte[]> visitor) throws IOException {
        if (runs.isEmpty()) {
            rows.sort(Arrays::compareUnsigned);
            rows.forEach(visitor);
            return;
        }
        if (!rows.isEmpty()) {
            spill();
        }
        merge(runs, visitor::accept);
    }

    private interface Sink {
        void accept(byte[] row) throws IOException;
    }

    private static void merge(List<Path> runs, Sink sink) throws IOException {
        PriorityQueue<RunReader> next =
                new PriorityQueue<>((one, two) -> Arrays.compareUnsigned(one.row(), two.row()));
        List<RunReader> opened = new ArrayList<>();
        try {
            for (Path run : runs) {
                RunReader reader = new RunReader(run);
                opened.add(reader);
                if (reader.advance()) {
                    next.add(reader);
                }
            }
            for (RunReader least = next.poll(); least != null; least = next.poll()) {
                sink.accept(least.row());
                if (least.advance()) {
                    next.add(least);
                }
            }
        } finally {
            for (RunReader reader : opened) {
                reader.close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (Path run : runs) {
            Files.deleteIfExists(run);
        }
    }

    private static final class RunWriter implements AutoCloseable {
        private final DataOutputStream out;

        RunWriter(Path run) throws IOException {
            out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(run)));
        }

        void write(byte[] row) throws IOException {
            out.writeInt(row.length);
            out.write(row);
        }

        @Override
        public void close() throws IOException {
            out.close();
        }
    }

    private static final class RunReader implements AutoCloseable {
        private final DataInputStream in;
        private byte @Nullable [] row;

        RunReader(Path run) throws IOException {
            in =
                    new DataInputStream(
                            new BufferedInputStream(Files.newInputStream(run), READ_BYTES));
        }

        boolean advance() throws IOException {
            try {
                int length = in.readInt();
                row = in.readNBytes(length);
                return true;
            } catch (EOFException e) {
                return false;
            }
        }

        byte[] row() {
            byte[] now = row;
            if (now == null) {
                throw new IllegalStateException("advance first");
            }
            return now;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
