package dev.kemudi.log;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/*
 * How the next file comes
 * -----------------------
 * An fsync of overwritten bytes is a third cheaper than one that also grows the file, so segments are filled
 * with zeros ahead, by a thread of their own: filling in the committer's way would cost every writer 50 ms.
 * When the committer must roll and the filled file is not ready, it takes an empty one instead of waiting,
 * and rolls again once it is.
 *
 * What holds always
 * -----------------
 * - A segment appears under its name only with a durable header, and the directory is synced before a record
 *   goes in.
 * - A segment follows another only after the other's last batch was synced; so only the last one can have a
 *   torn tail.
 * - Only what the state machine holds durably is deleted.
 */
/**
 * The files of one log. Appending is for the committer alone; the rest is safe for many threads.
 */
final class Segments {
    private static final System.Logger LOG = System.getLogger(FileLog.class.getName());
    private static final String UNFILLED = "unfilled.tmp";
    private static final int FILL_BYTES = 1 << 20;

    private final Disk disk;
    private final long logId;
    private final long segmentBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final ArrayDeque<Segment> sealed;
    private Segment current;
    private @Nullable DiskFile prepared;
    private @Nullable Thread preparer;
    private boolean preparing;
    private volatile boolean closing;

    Segments(
            Disk disk, long logId, long segmentBytes, ArrayDeque<Segment> sealed, Segment current) {
        this.disk = disk;
        this.logId = logId;
        this.segmentBytes = segmentBytes;
        this.sealed = sealed;
        this.current = current;
    }

    /**
     * Creates a log's next file under its final name; nothing but a whole one is ever seen there.
     */
    static Segment create(Disk disk, Header header, String temporary, DiskFile file)
            throws IOException {
        String name = Segment.nameOf(header.firstIndex());
        disk.rename(temporary, name);
        disk.syncDirectory();
        return new Segment(name, header.firstIndex(), file, Header.BYTES, file.size());
    }

    static Segment createUnfilled(Disk disk, Header header) throws IOException {
        return create(disk, header, UNFILLED, openUnfilled(disk, header));
    }

    private static DiskFile openUnfilled(Disk disk, Header header) throws IOException {
        disk.delete(UNFILLED);
        DiskFile file = disk.open(UNFILLED, true);
        return withHeader(disk, file, UNFILLED, header);
    }

    private static DiskFile withHeader(Disk disk, DiskFile file, String name, Header header)
            throws IOException {
        try {
            file.writeFully(header.encoded(), 0);
            file.force();
            return file;
        } catch (IOException e) {
            discard(disk, file, name, e);
            throw e;
        }
    }

    private static void discard(Disk disk, DiskFile file, String name, IOException cause) {
        try {
            file.close();
            disk.delete(name);
        } catch (IOException also) {
            cause.addSuppressed(also);
        }
    }

    /** The segment that takes a batch of this size; may have to roll first. */
    Segment forBatch(int batchBytes, long firstIndex, long timeMillis) throws IOException {
        boolean early = current.bytes() < segmentBytes && hasPrepared();
        if (early || !current.fits(batchBytes, segmentBytes)) {
            roll(new Header(logId, firstIndex, timeMillis));
        }
        if (current.position() > segmentBytes / 2 || current.bytes() < segmentBytes) {
            prepareNext();
        }
        return current;
    }

    /** The current segment took a durable batch. */
    void movedOn(int batchBytes) {
        lock.lock();
        try {
            current.moveOn(batchBytes);
        } finally {
            lock.unlock();
        }
    }

    long logId() {
        return logId;
    }

    private boolean hasPrepared() {
        lock.lock();
        try {
            return prepared != null;
        } finally {
            lock.unlock();
        }
    }

    private void roll(Header header) throws IOException {
        DiskFile filled = takePrepared();
        String temporary = filled == null ? UNFILLED : Segment.PREPARED;
        DiskFile file =
                filled == null
                        ? openUnfilled(disk, header)
                        : withHeader(disk, filled, Segment.PREPARED, header);
        Segment next;
        try {
            next = create(disk, header, temporary, file);
        } catch (IOException e) {
            // It may or may not be there under its name now: appending elsewhere would make the log
            // contradict itself.
            throw new LogStopException("a new segment could not be put in its place", e);
        }
        lock.lock();
        try {
            current.close();
            if (current.firstIndex() < next.firstIndex()) {
                sealed.add(current);
            }
            current = next;
            preparing = prepared != null;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable DiskFile takePrepared() {
        lock.lock();
        try {
            DiskFile filled = prepared;
            prepared = null;
            return filled;
        } finally {
            lock.unlock();
        }
    }

    private void prepareNext() {
        lock.lock();
        try {
            boolean busy = preparer != null && preparer.isAlive();
            if (!preparing && !busy && !closing) {
                preparing = true;
                preparer =
                        Thread.ofVirtual().name("kemudi-log-prepare").start(this::prepareQuietly);
            }
        } finally {
            lock.unlock();
        }
    }

    private void prepareQuietly() {
        try {
            prepareNow();
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "the next log segment cannot be prepared ahead ({0}); writes go on more slowly",
                    e.getMessage());
        }
    }

    /**
     * Fills a file for the next segment, at once and on this thread; it fails where the disk has no
     * room for it.
     */
    void prepareNow() throws IOException {
        if (hasPrepared()) {
            return;
        }
        disk.delete(Segment.PREPARED);
        DiskFile file = disk.open(Segment.PREPARED, true);
        try {
            ByteBuffer zeros = ByteBuffer.allocateDirect((int) Math.min(FILL_BYTES, segmentBytes));
            for (long at = 0; at < segmentBytes && !closing; at += zeros.capacity()) {
                file.writeFully(
                        zeros.clear().limit((int) Math.min(zeros.capacity(), segmentBytes - at)),
                        at);
            }
            file.force();
        } catch (IOException e) {
            discard(disk, file, Segment.PREPARED, e);
            throw e;
        }
        lock.lock();
        try {
            prepared = file;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for a preparation in progress; then nothing but this thread touches the temporary
     * files.
     */
    void awaitPreparer() {
        Thread busy;
        lock.lock();
        try {
            busy = preparer;
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (busy != null && busy.isAlive()) {
            try {
                busy.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Deletes whole segments that hold nothing beyond {@code index}, oldest first. */
    void truncate(long index) throws IOException {
        lock.lock();
        try {
            boolean deleted = false;
            while (!sealed.isEmpty() && lastIndexOfOldest() <= index) {
                disk.delete(sealed.getFirst().name());
                sealed.removeFirst();
                deleted = true;
            }
            if (deleted) {
                disk.syncDirectory();
            }
        } finally {
            lock.unlock();
        }
    }

    private long lastIndexOfOldest() {
        Segment oldest = sealed.removeFirst();
        long next = sealed.isEmpty() ? current.firstIndex() : sealed.getFirst().firstIndex();
        sealed.addFirst(oldest);
        return next - 1;
    }

    long firstIndex() {
        lock.lock();
        try {
            return sealed.isEmpty() ? current.firstIndex() : sealed.getFirst().firstIndex();
        } finally {
            lock.unlock();
        }
    }

    /** What the segments take, without the file prepared ahead. */
    long bytes() {
        lock.lock();
        try {
            return current.bytes() + sealed.stream().mapToLong(Segment::bytes).sum();
        } finally {
            lock.unlock();
        }
    }

    boolean hasSealed() {
        lock.lock();
        try {
            return !sealed.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    void close() throws IOException {
        closing = true;
        awaitPreparer();
        DiskFile filled = takePrepared();
        try {
            if (filled != null) {
                filled.close();
                disk.delete(Segment.PREPARED);
            }
        } finally {
            current.close();
        }
    }
}
