package dev.kemudi.apiserver;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/*
 * How the log never stops a request
 * ---------------------------------
 * Requests hand over finished lines and go on; one thread writes them. When that thread is behind by as
 * much as the queue holds, or the disk takes nothing, lines are dropped and counted. After a failed write
 * the file may end in half a line: the next line that can be written begins on a new one.
 */
/** Lines in a file that is renamed when it is full; the oldest of the renamed ones are removed. */
final class AuditLog implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(AuditLog.class.getName());
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss.SSS").withZone(ZoneOffset.UTC);
    private static final long BYTES_A_MEGABYTE = 1 << 20;
    private static final long COMPLAINT_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final byte[] END = new byte[0];

    private final AuditSettings settings;
    private final long bytesMax;
    private final long queueBytesMax;
    private final Consumer<String> count;
    private final BlockingQueue<byte[]> queue;
    private final AtomicLong queuedBytes = new AtomicLong();
    private final Thread writer;
    private @Nullable OutputStream out;
    private long written;
    private boolean torn;
    private long complainedNanos = System.nanoTime() - COMPLAINT_NANOS;

    /**
     * @param count hears "written" or "dropped" for each line
     */
    AuditLog(AuditSettings settings, Limits limits, Consumer<String> count) {
        this(settings, settings.megabytesMax() * BYTES_A_MEGABYTE, limits, count);
    }

    AuditLog(AuditSettings settings, long bytesMax, Limits limits, Consumer<String> count) {
        settings.check(); // before anything runs
        this.settings = settings;
        this.bytesMax = bytesMax;
        this.count = count;
        queueBytesMax = limits.auditQueueBytesMax();
        queue = new ArrayBlockingQueue<>(limits.auditQueueEventsMax());
        writer = Thread.ofPlatform().daemon().name("kemudi-audit").start(this::write);
    }

    /** Never waits. */
    void add(byte[] line) {
        if (queuedBytes.addAndGet(line.length) > queueBytesMax || !queue.offer(line)) {
            queuedBytes.addAndGet(-line.length);
            count.accept("dropped");
        }
    }

    private void write() {
        try {
            for (byte[] line = queue.take(); line != END; line = queue.take()) {
                queuedBytes.addAndGet(-line.length);
                try {
                    append(line);
                    count.accept("written");
                } catch (IOException e) {
                    failed(e);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            shut();
        }
    }

    private void append(byte[] line) throws IOException {
        if (written > 0 && written + line.length > bytesMax) {
            shut();
            rename();
        }
        OutputStream to = out;
        if (to == null) {
            Path folder = settings.log().toAbsolutePath().getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            to =
                    Files.newOutputStream(
                            settings.log(),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.APPEND);
            out = to;
            written = Files.size(settings.log());
        }
        if (torn) {
            to.write('\n');
            torn = false;
        }
        to.write(line);
        written += line.length;
    }

    private void failed(IOException e) {
        count.accept("dropped");
        torn = true;
        shut();
        long now = System.nanoTime();
        if (now - complainedNanos >= COMPLAINT_NANOS) {
            complainedNanos = now;
            LOG.log(
                    Level.ERROR,
                    "the audit log {0} takes nothing; requests go on, their events are lost: {1}",
                    settings.log(),
                    e.toString());
        }
    }

    private void rename() throws IOException {
        written = 0;
        Path log = settings.log();
        String name = String.valueOf(log.getFileName());
        int dot = name.lastIndexOf('.');
        String stem = dot > 0 ? name.substring(0, dot) : name;
        String ending = dot > 0 ? name.substring(dot) : "";
        Instant at = Instant.now();
        Path full = log.resolveSibling(stem + "-" + STAMP.format(at) + ending);
        while (Files.exists(full)) { // two in one millisecond
            at = at.plusMillis(1);
            full = log.resolveSibling(stem + "-" + STAMP.format(at) + ending);
        }
        Files.move(log, full);
        int stamp = STAMP.format(at).length();
        try (Stream<Path> beside = Files.list(full.toAbsolutePath().getParent())) {
            List<Path> older =
                    beside.filter(
                                    file -> {
                                        String other = String.valueOf(file.getFileName());
                                        return other.startsWith(stem + "-")
                                                && other.endsWith(ending)
                                                && other.length()
                                                        == stem.length()
                                                                + 1
                                                                + stamp
                                                                + ending.length();
                                    })
                            .sorted()
                            .toList();
            for (Path file : older.subList(0, Math.max(0, older.size() - settings.backupsMax()))) {
                Files.delete(file);
            }
        }
    }

    private void shut() {
        OutputStream open = out;
        out = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.log(Level.WARNING, "closing {0}: {1}", settings.log(), e.toString());
            }
        }
    }

    /** Writes what is queued, for as long as a stop may take. */
    @Override
    public void close() {
        try {
            if (!queue.offer(END, 1, TimeUnit.SECONDS)) {
                writer.interrupt();
            }
            writer.join(TimeUnit.SECONDS.toMillis(2));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
