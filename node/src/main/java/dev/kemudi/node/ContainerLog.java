package dev.kemudi.node;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/*
 * How a log stays small
 * ---------------------
 * One attempt of a container writes ATTEMPT.GENERATION.log: a full file is closed, the next generation is
 * opened and the oldest beyond the limit is deleted. Files are never renamed, so a reader who holds
 * generation 7 simply goes on with 8. Each line is `TIME stdout F text`, the CRI log format, with nine
 * digits of nanoseconds, so that the header is 40 bytes long and times compare as text. A line beyond the
 * limit is cut into parts tagged P.
 *
 * A disk that is full must not stop the container: lines are then counted and dropped, and the pipe is
 * still emptied.
 */
/** What one attempt of one container printed. One thread appends; any number read. */
final class ContainerLog implements Closeable {
    static final int HEADER_BYTES = 40;
    private static final int FLUSH_BYTES = 65_536;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);
    private static final System.Logger LOG = System.getLogger("dev.kemudi.node");

    private final Path folder;
    private final int attempt;
    private final Limits limits;
    private final Lines stdout;
    private final Lines stderr;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private OutputStream file = OutputStream.nullOutputStream();
    private volatile int generation;
    private volatile boolean finished;
    private final List<Attachment> attachments = new CopyOnWriteArrayList<>();
    private long fileBytes;
    private long droppedBytes;

    private ContainerLog(Path folder, int attempt, Limits limits) {
        this.folder = folder;
        this.attempt = attempt;
        this.limits = limits;
        this.stdout = new Lines("stdout", limits.logLineBytesMax());
        this.stderr = new Lines("stderr", limits.logLineBytesMax());
    }

    /** Begins or goes on with an attempt's log; logs before the previous attempt's are deleted. */
    static ContainerLog open(Path folder, int attempt, Limits limits) throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> files = Files.list(folder)) {
            for (Path old : files.toList()) {
                String name = old.getFileName().toString();
                if (Integer.parseInt(name.substring(0, name.indexOf('.'))) < attempt - 1) {
                    Files.deleteIfExists(old);
                }
            }
        }
        ContainerLog log = new ContainerLog(folder, attempt, limits);
        int last = lastGeneration(folder, attempt);
        log.openGeneration(Math.max(last, 0));
        return log;
    }

    /** The log of an attempt that has ended. */
    static ContainerLog ended(Path folder, int attempt, Limits limits) {
        ContainerLog log = new ContainerLog(folder, attempt, limits);
        log.generation = lastGeneration(folder, attempt);
        log.finished = true;
        return log;
    }

    static int lastAttempt(Path folder) {
        return numbers(folder, "").max().orElse(-1);
    }

    private static int lastGeneration(Path folder, int attempt) {
        return numbers(folder, attempt + ".").max().orElse(-1);
    }

    int firstGeneration() {
        return numbers(folder, attempt + ".").min().orElse(0);
    }

    /** The numbers that follow {@code prefix} in the names of the log files. */
    private static java.util.stream.IntStream numbers(Path folder, String prefix) {
        String[] names =
                folder.toFile().list((_, name) -> name.startsWith(prefix) && name.endsWith(".log"));
        return Arrays.stream(names == null ? new String[0] : names)
                .map(name -> name.substring(prefix.length()))
                .mapToInt(rest -> Integer.parseInt(rest.substring(0, rest.indexOf('.'))));
    }

    boolean exists() {
        return generation >= 0;
    }

    int attempt() {
        return attempt;
    }

    int generation() {
        return generation;
    }

    Path path(int generation) {
        return folder.resolve(attempt + "." + generation + ".log");
    }

    boolean finished() {
        return finished;
    }

    /** Takes bytes that the container printed. */
    void append(boolean error, byte[] bytes, int length) {
        attachments.forEach(each -> each.offer(error, bytes, length));
        Lines lines = error ? stderr : stdout;
        lines.begin(Instant.now());
        lines.take(bytes, length, this::write);
        lines.flush(this::write);
        signal();
    }

    private void write(byte[] bytes, int length) {
        try {
            if (fileBytes > 0 && fileBytes + length > limits.logFileBytesMax()) {
                openGeneration(generation + 1);
            }
            file.write(bytes, 0, length);
            fileBytes += length;
        } catch (IOException e) {
            if (droppedBytes == 0) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "log lines are dropped, cannot write " + path(generation),
                        e);
            }
            droppedBytes += length;
        }
    }

    private void openGeneration(int number) throws IOException {
        file.close();
        Path path = path(number);
        file = Files.newOutputStream(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        fileBytes = Files.size(path);
        generation = number;
        Files.deleteIfExists(path(number - limits.logFilesMax()));
    }

    /** Blocks until something was appended, the log has ended, or the time is over. */
    void awaitChange(long millis) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (!finished) {
                var _ = changed.await(millis, TimeUnit.MILLISECONDS);
            }
        } finally {
            lock.unlock();
        }
    }

    private void signal() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** No line will follow: an unfinished last line is written as it is. */
    @Override
    public void close() {
        stdout.end(this::write);
        stderr.end(this::write);
        try {
            file.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot close " + path(generation), e);
        }
        finished = true;
        signal();
        attachments.forEach(Attachment::end);
    }

    /** Hears everything that is appended from now on, until {@link #detach}. */
    void attach(Attachment attachment) {
        attachments.add(attachment);
        if (finished) {
            attachment.end();
        }
    }

    void detach(Attachment attachment) {
        attachments.remove(attachment);
    }

    static byte[] time(Instant instant) {
        return TIME.format(instant).getBytes(StandardCharsets.US_ASCII);
    }

    @FunctionalInterface
    interface Sink {
        void write(byte[] bytes, int length);
    }

    /** Cuts one stream into lines with headers. */
    private static final class Lines {
        private final byte[] header;
        private final int lineBytesMax;
        private final byte[] line;
        private final byte[] out;
        private int lineLength;
        private int outLength;

        Lines(String stream, int lineBytesMax) {
            this.header = (" ".repeat(31) + stream + " F ").getBytes(StandardCharsets.US_ASCII);
            this.lineBytesMax = lineBytesMax;
            this.line = new byte[lineBytesMax];
            this.out = new byte[FLUSH_BYTES + HEADER_BYTES + lineBytesMax + 1];
        }

        void begin(Instant now) {
            byte[] time = time(now);
            System.arraycopy(time, 0, header, 0, time.length);
        }

        void take(byte[] bytes, int length, Sink sink) {
            int from = 0;
            for (int at = 0; at < length; at++) {
                boolean ends = bytes[at] == '\n';
                if (ends || lineLength + at - from == lineBytesMax) {
                    keep(bytes, from, at);
                    emit(ends, sink);
                    from = ends ? at + 1 : at;
                }
            }
            keep(bytes, from, length);
        }

        private void keep(byte[] bytes, int from, int to) {
            System.arraycopy(bytes, from, line, lineLength, to - from);
            lineLength += to - from;
        }

        private void emit(boolean full, Sink sink) {
            header[HEADER_BYTES - 2] = (byte) (full ? 'F' : 'P');
            System.arraycopy(header, 0, out, outLength, HEADER_BYTES);
            System.arraycopy(line, 0, out, outLength + HEADER_BYTES, lineLength);
            outLength += HEADER_BYTES + lineLength;
            out[outLength++] = '\n';
            lineLength = 0;
            if (outLength >= FLUSH_BYTES) {
                flush(sink);
            }
        }

        void flush(Sink sink) {
            if (outLength > 0) {
                sink.write(out, outLength);
                outLength = 0;
            }
        }

        void end(Sink sink) {
            if (lineLength > 0) {
                begin(Instant.now());
                emit(true, sink);
            }
            flush(sink);
        }
    }
}
