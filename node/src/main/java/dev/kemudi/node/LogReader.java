package dev.kemudi.node;

import dev.kemudi.api.PodStreams.LogOptions;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Instant;

/**
 * Copies a container's log to a client: cut, filtered and followed as asked. Used by one thread.
 */
final class LogReader {
    private static final int BUFFER_BYTES = 65_536;
    private static final long WAIT_MILLIS = 1_000;

    private final ContainerLog log;
    private final LogOptions options;
    private final OutputStream out;
    private final byte[] since;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private final byte[] header = new byte[ContainerLog.HEADER_BYTES];
    private int headerLength;
    private boolean midLine;
    private boolean show;
    private long linesToSkip;
    private long bytesLeft;

    LogReader(ContainerLog log, LogOptions options, Instant now, OutputStream out) {
        this.log = log;
        this.options = options;
        this.out = out;
        this.bytesLeft = options.limitBytes() < 0 ? Long.MAX_VALUE : options.limitBytes();
        this.since =
                options.sinceSeconds() < 0
                        ? new byte[0]
                        : ContainerLog.time(now.minusSeconds(options.sinceSeconds()));
    }

    void copy() throws IOException, InterruptedException {
        if (options.tailLines() >= 0) {
            linesToSkip = Math.max(0, countLines() - options.tailLines());
        }
        int generation = log.firstGeneration();
        while (bytesLeft > 0) {
            try (RandomAccessFile file = new RandomAccessFile(log.path(generation).toFile(), "r")) {
                copyGeneration(generation, file);
            } catch (FileNotFoundException e) {
                if (generation > log.generation()) {
                    break;
                }
                // This generation was deleted while we were slow: go on with what is left.
            }
            out.flush();
            if (generation >= log.generation()) {
                break;
            }
            headerLength = 0;
            generation = Math.max(generation + 1, log.firstGeneration());
        }
        out.flush();
    }

    /**
     * Reads to the end of one file and, when following, waits there until the log moves on or ends.
     */
    private void copyGeneration(int generation, RandomAccessFile file)
            throws IOException, InterruptedException {
        while (bytesLeft > 0) {
            // Asked before reading: what was written before the end was announced is read by this
            // round.
            boolean over = log.generation() > generation || log.finished();
            int read;
            boolean any = false;
            while (bytesLeft > 0 && (read = file.read(buffer)) > 0) {
                any = true;
                take(read);
            }
            if (any) {
                out.flush();
            }
            if (over || !options.follow()) {
                return;
            }
            if (!any) {
                log.awaitChange(WAIT_MILLIS);
            }
        }
    }

    private long countLines() throws IOException {
        long lines = 0;
        for (int g = log.firstGeneration(); g <= log.generation(); g++) {
            if (!Files.exists(log.path(g))) {
                continue;
            }
            try (RandomAccessFile file = new RandomAccessFile(log.path(g).toFile(), "r")) {
                int read;
                while ((read = file.read(buffer)) > 0) {
                    for (int i = 0; i < read; i++) {
                        lines += buffer[i] == '\n' ? 1 : 0;
                    }
                }
            }
        }
        return lines;
    }

    private void take(int length) throws IOException {
        int at = 0;
        while (at < length && bytesLeft > 0) {
            if (headerLength < ContainerLog.HEADER_BYTES) {
                int part = Math.min(length - at, ContainerLog.HEADER_BYTES - headerLength);
                System.arraycopy(buffer, at, header, headerLength, part);
                headerLength += part;
                at += part;
                if (headerLength == ContainerLog.HEADER_BYTES) {
                    beginLine();
                }
                continue;
            }
            int end = at;
            while (end < length && buffer[end] != '\n') {
                end++;
            }
            boolean ends = end < length;
            boolean full = header[ContainerLog.HEADER_BYTES - 2] == 'F';
            if (show) {
                write(buffer, at, (ends && full ? end + 1 : end) - at);
            }
            at = ends ? end + 1 : end;
            if (ends) {
                headerLength = 0;
                midLine = show && !full;
            }
        }
    }

    private void beginLine() throws IOException {
        if (linesToSkip > 0) {
            linesToSkip--;
            show = false;
            return;
        }
        show = since.length == 0 || compareTime() >= 0;
        if (show && options.timestamps() && !midLine) {
            String time = new String(header, 0, 31, StandardCharsets.US_ASCII);
            write(time.getBytes(StandardCharsets.US_ASCII), 0, 31);
        }
    }

    private int compareTime() {
        return java.util.Arrays.compare(header, 0, since.length, since, 0, since.length);
    }

    private void write(byte[] bytes, int offset, int length) throws IOException {
        int part = (int) Math.min(length, bytesLeft);
        out.write(bytes, offset, part);
        bytesLeft -= part;
    }
}
