package dev.kemudi.store;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.rocksdb.Checkpoint;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompactRangeOptions;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksObject;
import org.rocksdb.Slice;
import org.rocksdb.Snapshot;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/*
 * How the state lies on disk
 * --------------------------
 * One RocksDB, a column family per Family. RocksDB's own log is off: our log replays from the index in the
 * Mark. Flushes are atomic over all families, so whatever a crash leaves is the state of exactly one Mark.
 *
 * After every write one RocksDB snapshot is taken and published with its Mark and its Census; readers share
 * it by counting references, so that a read costs no native snapshot of its own and always sees whole
 * batches. The last one to let go of a moment frees it. Closing waits for them: native memory must not be
 * touched afterwards.
 */
/** Rows in RocksDB. */
final class RocksBackend implements Backend {
    private static final long RETRY_MILLIS = 200;
    private static final int BATCH_GUESS_BYTES_MAX = 1 << 20;
    private static final long CLOSE_WAIT_SECONDS = 10;

    private final List<RocksObject> owned = new ArrayList<>();
    private final List<ColumnFamilyHandle> handles = new ArrayList<>();
    private final RocksDB db;
    private final WriteOptions unlogged = new WriteOptions().setDisableWAL(true);
    private final ReentrantLock writing = new ReentrantLock();
    private final ReentrantLock flushing = new ReentrantLock();
    private final ReentrantLock releasing = new ReentrantLock();
    private final Condition released = releasing.newCondition();
    private final Counting counting = new Counting();
    private final Recent recent;
    private int batchBytes = 1 << 10;
    private final AtomicInteger moments = new AtomicInteger();
    private volatile @Nullable Moment newest;
    private volatile Mark durable;
    private long flushedWrites = -1;
    private volatile long writes;

    private RocksBackend(Path directory, Limits limits) throws RocksDBException {
        recent = new Recent(limits.recentBytesMax());
        RocksTuning tuning = new RocksTuning(limits);
        owned.addAll(tuning.owned());
        List<ColumnFamilyDescriptor> families = new ArrayList<>();
        // The default family must be opened and stays empty.
        families.add(new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, tuning.other()));
        for (Family family : Family.values()) {
            families.add(new ColumnFamilyDescriptor(columnFamily(family), tuning.of(family)));
        }
        db = RocksDB.open(tuning.database(), directory.toString(), families, handles);
        byte[] row = db.get(handle(Family.META), Mark.KEY);
        Mark mark = row == null ? Mark.EMPTY : Mark.decode(row);
        durable = mark;
        newest = new Moment(mark, census(mark));
    }

    /**
     * @throws IOException when another process has it open, or the files cannot be used
     */
    static RocksBackend open(Path directory, Limits limits) throws IOException {
        Files.createDirectories(directory);
        RocksNative.load(directory.resolveSibling("native"));
        try {
            return new RocksBackend(directory, limits);
        } catch (RocksDBException e) {
            throw new IOException(
                    "the store's state in "
                            + directory
                            + " cannot be opened: "
                            + e.getMessage()
                            + " (is another process using it?)",
                    e);
        }
    }

    /** Of what was just opened. */
    private Census census(Mark mark) throws RocksDBException {
        Changes missing = new Changes();
        Census census;
        try (Moment opened = new Moment(mark, Census.EMPTY)) {
            census = counting.open(opened, missing);
        }
        if (!missing.isEmpty()) {
            write(missing, mark);
        }
        return census;
    }

    private static byte[] columnFamily(Family family) {
        return family.name().toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8);
    }

    private ColumnFamilyHandle handle(Family family) {
        return handles.get(family.ordinal() + 1);
    }

    @Override
    public View view() {
        while (true) {
            Moment moment = newest;
            if (moment == null) {
                throw new IllegalStateException("the store is closed");
            }
            if (moment.retain()) {
                return moment;
            }
        }
    }

    @Override
    public void write(Changes changes, UnaryOperator<Mark> mark) {
        writing.lock();
        try {
            Moment before = newest;
            if (before == null) {
                throw new IllegalStateException("the store is closed");
            }
            Mark after = mark.apply(before.mark);
            Census census = counting.next(before.census, before, changes);
            write(changes, after);
            newest = new Moment(after, census);
            before.close();
        } catch (RocksDBException e) {
            throw new IllegalStateException("the state cannot be written: " + e.getMessage(), e);
        } finally {
            writing.unlock();
        }
    }

    private void write(Changes changes, Mark mark) throws RocksDBException {
        BatchBytes bytes = new BatchBytes(batchBytes);
        for (Family family : Family.values()) {
            bytes.all(handle(family).getID(), changes.of(family));
        }
        for (Changes.Cut cut : changes.cuts()) {
            bytes.deleteRange(handle(cut.family()).getID(), cut.from(), cut.to());
        }
        bytes.put(handle(Family.META).getID(), Mark.KEY, mark.encode());
        byte[] done = bytes.done();
        batchBytes = Math.clamp(done.length + done.length / 8, 1 << 10, BATCH_GUESS_BYTES_MAX);
        try (WriteBatch batch = new WriteBatch(done)) {
            writePatiently(batch);
        }
        recent.write(changes.of(Family.CUR), mark.index());
        writes++;
    }

    /**
     * What is in the log must be applied: a full disk is waited for, and the log's queue refuses
     * meanwhile.
     */
    private void writePatiently(WriteBatch batch) throws RocksDBException {
        while (true) {
            try {
                db.write(unlogged, batch);
                return;
            } catch (RocksDBException e) {
                Status status = e.getStatus();
                if (status == null || status.getSubCode() != Status.SubCode.NoSpace) {
                    throw e;
                }
                System.getLogger(RocksBackend.class.getName())
                        .log(System.Logger.Level.WARNING, "the disk is full; writes wait for room");
                try {
                    TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                    throw e;
                }
            }
        }
    }

    @Override
    public void flush() {
        flushing.lock();
        try (View view = view();
                FlushOptions options =
                        new FlushOptions().setWaitForFlush(true).setAllowWriteStall(false)) {
            long now = writes;
            if (now == flushedWrites) {
                return;
            }
            db.flush(options, handles);
            flushedWrites = now;
            durable = view.mark();
        } catch (RocksDBException e) {
            throw new IllegalStateException("the state cannot be flushed: " + e.getMessage(), e);
        } finally {
            flushing.unlock();
        }
    }

    @Override
    public Mark durable() {
        return durable;
    }

    @Override
    public long bytesInUse() {
        return counting.bytes();
    }

    @Override
    public void defragment() {
        flush();
        try (View view = view();
                CompactRangeOptions gently =
                        new CompactRangeOptions().setExclusiveManualCompaction(false)) {
            for (ColumnFamilyHandle handle : handles) {
                db.compactRange(handle, null, null, gently);
            }
        } catch (RocksDBException e) {
            throw new IllegalStateException("tables cannot be merged: " + e.getMessage(), e);
        }
    }

    @Override
    public long bytesOnDisk() {
        long bytes = 0;
        try (View view = view()) {
            for (ColumnFamilyHandle handle : handles) {
                bytes += db.getLongProperty(handle, "rocksdb.total-sst-files-size");
            }
            return bytes;
        } catch (RocksDBException e) {
            throw new IllegalStateException("RocksDB does not tell its size: " + e.getMessage(), e);
        }
    }

    @Override
    public Mark copyTo(Path directory) throws IOException {
        flush();
        // The view keeps the database open meanwhile.
        try (View view = view();
                Checkpoint checkpoint = Checkpoint.create(db)) {
            checkpoint.createCheckpoint(directory.toString());
        } catch (RocksDBException e) {
            throw new IOException(
                    "the state cannot be copied to " + directory + ": " + e.getMessage(), e);
        }
        return markOf(directory);
    }

    /** Writers went on, so only the copy itself knows which moment it is of. */
    private static Mark markOf(Path copy) throws IOException {
        List<ColumnFamilyHandle> opened = new ArrayList<>();
        byte[] meta = columnFamily(Family.META);
        try (DBOptions options = new DBOptions();
                ColumnFamilyOptions family = new ColumnFamilyOptions();
                RocksDB database =
                        RocksDB.openReadOnly(
                                options,
                                copy.toString(),
                                List.of(
                                        new ColumnFamilyDescriptor(
                                                RocksDB.DEFAULT_COLUMN_FAMILY, family),
                                        new ColumnFamilyDescriptor(meta, family)),
                                opened)) {
            byte[] row = database.get(opened.get(1), Mark.KEY);
            opened.forEach(ColumnFamilyHandle::close);
            return row == null ? Mark.EMPTY : Mark.decode(row);
        } catch (RocksDBException e) {
            throw new IOException("the copy in " + copy + " cannot be read: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        close(CLOSE_WAIT_SECONDS);
    }

    /** Waits for the last reader however long it reads; false when interrupted meanwhile. */
    boolean closeOnceUnread() {
        return close(TimeUnit.DAYS.toSeconds(1));
    }

    private boolean close(long waitSeconds) {
        writing.lock();
        try {
            Moment last = newest;
            if (last == null) {
                return true;
            }
            newest = null;
            last.close();
        } finally {
            writing.unlock();
        }
        if (!allReleased(waitSeconds)) {
            System.getLogger(RocksBackend.class.getName())
                    .log(System.Logger.Level.ERROR, "reads are still running: RocksDB stays open");
            return false;
        }
        handles.forEach(ColumnFamilyHandle::close);
        db.close();
        unlogged.close();
        owned.forEach(RocksObject::close);
        return true;
    }

    private boolean allReleased(long waitSeconds) {
        releasing.lock();
        try {
            long left = TimeUnit.SECONDS.toNanos(waitSeconds);
            while (moments.get() > 0 && left > 0) {
                left = released.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            releasing.unlock();
        }
        return moments.get() == 0;
    }

    /** A snapshot that is shared by reference count: one for being the newest, one per reader. */
    private final class Moment implements View {
        private final Mark mark;
        private final Census census;
        private final Snapshot snapshot;
        private final ReadOptions options;
        private final AtomicInteger references = new AtomicInteger(1);

        Moment(Mark mark, Census census) {
            this.mark = mark;
            this.census = census;
            this.snapshot = db.getSnapshot();
            this.options = new ReadOptions().setSnapshot(snapshot);
            moments.incrementAndGet();
        }

        boolean retain() {
            while (true) {
                int now = references.get();
                if (now == 0) {
                    return false;
                }
                if (references.compareAndSet(now, now + 1)) {
                    return true;
                }
            }
        }

        @Override
        public Mark mark() {
            return mark;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // GONE is an identity
        public byte @Nullable [] get(Family family, byte[] key) {
            byte[] written = family == Family.CUR ? recent.get(key, mark.index()) : null;
            if (written != null) {
                return written == Changes.GONE ? null : written;
            }
            try {
                return db.get(handle(family), options, key);
            } catch (RocksDBException e) {
                throw new IllegalStateException("the state cannot be read: " + e.getMessage(), e);
            }
        }

        @Override
        public Cursor cursor(Family family, byte[] from) {
            RocksCursor cursor = new RocksCursor(db.newIterator(handle(family), options), () -> {});
            cursor.seek(from);
            return cursor;
        }

        @Override
        public Cursor cursor(Family family, byte[] from, byte @Nullable [] to) {
            if (to == null) {
                return cursor(family, from);
            }
            Slice end = new Slice(to);
            ReadOptions bounded = new ReadOptions().setSnapshot(snapshot).setIterateUpperBound(end);
            RocksCursor cursor =
                    new RocksCursor(
                            db.newIterator(handle(family), bounded),
                            () -> {
                                bounded.close();
                                end.close();
                            });
            cursor.seek(from);
            return cursor;
        }

        @Override
        public long count(KeyRange range) {
            return census.count(range, this);
        }

        @Override
        public void close() {
            if (references.decrementAndGet() > 0) {
                return;
            }
            options.close();
            db.releaseSnapshot(snapshot);
            if (moments.decrementAndGet() == 0) {
                releasing.lock();
                try {
                    released.signalAll();
                } finally {
                    releasing.unlock();
                }
            }
        }
    }
}
