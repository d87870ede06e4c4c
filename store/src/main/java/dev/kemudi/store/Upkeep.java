package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Log;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/*
 * What happens beside requests
 * ----------------------------
 * One thread ticks: it revokes leases that ran out, looks at the room on the disk, has the state flushed
 * (then the log is cut) after so many bytes, and reclaims what compaction allowed to go. A compaction to C
 * walks LOG up to C in steps of a bounded number of rows; each step deletes the OLD rows that were superseded
 * there and writes down how far it came, in one batch. So its work is proportional to what is dropped, a
 * crash resumes at the last step, and between two steps writers go first, for as long as the step took:
 * where the machine is busy, steps take longer and reclaiming steps back. The rows of LOG go many steps at a
 * time, all before where it came to, because each cut is something every later read has to step over. The
 * events of C itself stay, deletes too: a watch may begin at C.
 */
/** The store's housekeeping: one virtual thread. */
final class Upkeep implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Upkeep.class.getName());
    private static final int FULL_CHECK_TICKS = 5;
    private static final int STEPS_PER_CUT = 64;
    private static final int PAUSE_MILLIS_MAX = 100;

    private final Backend backend;
    private final Limits limits;
    private final TimeSource time;
    private final StoreMetrics metrics;
    private final Runnable leases;
    private final BooleanSupplier diskHasRoom;
    private final Log<Answer> log;
    private final AtomicLong unflushedBytes = new AtomicLong();
    private final ReentrantLock reclaiming = new ReentrantLock();
    private final AtomicBoolean pausing = new AtomicBoolean();
    private volatile boolean diskFull;
    private volatile boolean closed;
    private final Thread thread;

    Upkeep(
            Backend backend,
            Log<Answer> log,
            Limits limits,
            TimeSource time,
            StoreMetrics metrics,
            Runnable leases,
            BooleanSupplier diskHasRoom) {
        this.backend = backend;
        this.log = log;
        this.limits = limits;
        this.time = time;
        this.metrics = metrics;
        this.leases = leases;
        this.diskHasRoom = diskHasRoom;
        this.diskFull = !diskHasRoom.getAsBoolean();
        this.thread = Thread.ofVirtual().name("store-upkeep").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    boolean diskFull() {
        return diskFull;
    }

    void applied(long bytes) {
        unflushedBytes.addAndGet(bytes);
    }

    private void run() {
        try {
            for (long tick = 1; !closed; tick++) {
                pause(limits.leaseTickMillis());
                tick(tick);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * The only place where closing interrupts: an interrupt during file work would close the files.
     */
    private void pause(long millis) throws InterruptedException {
        synchronized (pausing) {
            if (closed) {
                return;
            }
            pausing.set(true);
        }
        try {
            time.sleep(millis);
        } finally {
            synchronized (pausing) {
                pausing.set(false);
                if (closed) {
                    Thread.interrupted();
                }
            }
        }
    }

    private void tick(long tick) throws InterruptedException {
        try {
            leases.run();
            if (tick % FULL_CHECK_TICKS == 0) {
                diskFull = !diskHasRoom.getAsBoolean();
            }
            if (unflushedBytes.get() >= limits.flushBytesMax()) {
                flush();
            }
            reclaim();
        } catch (RuntimeException e) {
            if (!closed) {
                LOG.log(Level.WARNING, "the store's housekeeping failed and tries again", e);
            }
        }
    }

    void flush() {
        unflushedBytes.set(0);
        backend.flush();
        log.truncate(backend.durableIndex());
    }

    /** Works until nothing is left to reclaim, or the store closes. */
    void reclaim() throws InterruptedException {
        reclaiming.lockInterruptibly();
        try {
            long began = time.nanoTime();
            for (int step = 1; !closed && reclaimStep(step % STEPS_PER_CUT == 0); step++) {
                leases.run();
                if (unflushedBytes.get() >= limits.flushBytesMax()) {
                    flush();
                }
                long took = TimeUnit.NANOSECONDS.toMillis(time.nanoTime() - began);
                pause(Math.max(limits.compactionPauseMillis(), Math.min(took, PAUSE_MILLIS_MAX)));
                began = time.nanoTime();
            }
        } finally {
            reclaiming.unlock();
        }
    }

    /** Gives what was reclaimed back to the disk; returns when that is done. */
    void defragment() throws InterruptedException {
        reclaim();
        backend.defragment();
    }

    /** One bounded step; false when there is nothing to do. */
    private boolean reclaimStep(boolean cut) {
        try (View view = backend.view()) {
            Mark mark = view.mark();
            if (mark.reclaimed() >= mark.compacted()) {
                return false;
            }
            Changes changes = new Changes();
            // Rows of the revision reclaimed last are walked again: they were kept for watches that
            // begin there.
            long last = mark.reclaimed();
            long rows = 0;
            long bytes = 0;
            long bytesOfLast = 0;
            boolean whole = true;
            try (Rows.Cursor cursor =
                    view.cursor(
                            Family.LOG,
                            RowFormat.logKey(mark.reclaimed(), 0),
                            RowFormat.logKey(mark.compacted() + 1, 0))) {
                for (; cursor.valid(); cursor.next()) {
                    long revision = RowFormat.revisionOf(cursor.key());
                    if (revision != last && rows >= limits.compactionRowsPerStep()) {
                        whole = false;
                        break;
                    }
                    bytesOfLast = revision == last ? bytesOfLast : 0;
                    last = revision;
                    rows++;
                    byte[] row = cursor.value();
                    bytes += cursor.key().length + row.length;
                    bytesOfLast += cursor.key().length + row.length;
                    RowFormat.supersededBy(row)
                            .ifPresent(old -> changes.of(Family.OLD).put(old, Changes.GONE));
                }
            }
            long reached = whole ? mark.compacted() : last;
            changes.grow(last == reached ? bytesOfLast - bytes : -bytes);
            if (whole || cut) {
                changes.cut(Family.LOG, RowFormat.logKey(0, 0), RowFormat.logKey(reached, 0));
            }
            backend.write(changes, now -> now.withReclaimed(reached));
            metrics.rowsReclaimed().inc(rows);
            return true;
        }
    }

    @Override
    public void close() {
        synchronized (pausing) {
            closed = true;
            if (pausing.get()) {
                thread.interrupt();
            }
        }
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
