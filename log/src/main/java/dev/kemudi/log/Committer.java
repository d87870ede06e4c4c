package dev.kemudi.log;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.LogRefusedException.Reason;
import dev.kemudi.log.Proposals.Proposal;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * How a batch becomes durable
 * ---------------------------
 * One thread takes all that waits, up to a limit, numbers it, writes it with one call and syncs once. While
 * it syncs, the next batch gathers: the busier, the larger the batches. Then the batch goes to the applier,
 * and the next one begins.
 *
 * When the disk fails
 * -------------------
 * - A write that fails (most often: no room) left at most a part behind. It is erased and the erasure synced
 *   before anyone hears "refused", so a refused command never comes back after a restart. Then room is
 *   probed for.
 * - A sync that fails says nothing about what is on disk, and a second sync that succeeds would not either
 *   (the kernel may have dropped the pages). So the fate of that batch is unknown and the log takes no more
 *   until a restart reads what is there. The same when the erasure fails.
 */
/**
 * The one thread that writes.
 *
 * @param <R> the answer
 */
final class Committer<R> {
    private static final System.Logger LOG = System.getLogger(FileLog.class.getName());
    private static final long TERM = 1;
    private static final int FIRST_BUFFER_BYTES = 64 << 10;

    private final Proposals<R> proposals;
    private final Applier<R> applier;
    private final Segments segments;
    private final LogMetrics metrics;
    private final TimeSource time;
    private final Limits limits;
    private final Runnable afterBatch;
    private final Thread thread;
    private ByteBuffer buffer = ByteBuffer.allocateDirect(FIRST_BUFFER_BYTES);
    private long lastIndex;
    private long timeMillis;
    private volatile boolean diskFull;
    private volatile @Nullable Throwable failure;

    Committer(
            Proposals<R> proposals,
            Applier<R> applier,
            Recovery.Recovered recovered,
            LogMetrics metrics,
            TimeSource time,
            Limits limits,
            Runnable afterBatch) {
        this.proposals = proposals;
        this.applier = applier;
        this.metrics = metrics;
        this.time = time;
        this.limits = limits;
        this.afterBatch = afterBatch;
        segments = recovered.segments();
        lastIndex = recovered.lastIndex();
        timeMillis = recovered.timeMillis();
        thread = Thread.ofPlatform().name("kemudi-log-commit").daemon().unstarted(this::work);
    }

    void start() {
        thread.start();
    }

    private void work() {
        List<Proposal<R>> taken = List.of();
        try {
            for (taken = proposals.take(); !taken.isEmpty(); taken = proposals.take()) {
                commit(taken);
            }
        } catch (Throwable e) {
            fail(taken, "the log's writer failed: " + e, e);
        }
    }

    private void commit(List<Proposal<R>> taken) {
        long before = timeMillis;
        List<LogEntry> entries = number(taken);
        long start = time.nanoTime();
        encode(entries);
        int bytes = buffer.remaining();
        Segment segment;
        try {
            segment = segments.forBatch(bytes, entries.getFirst().index(), before);
        } catch (LogStopException e) {
            fail(taken, String.valueOf(e.getMessage()), e);
            return;
        } catch (IOException e) {
            waitForRoom(taken, e);
            return;
        }
        try {
            segment.append(buffer);
        } catch (IOException e) {
            erase(segment, taken, e);
            return;
        }
        try {
            segment.force();
        } catch (IOException e) {
            fail(taken, "the disk failed to sync: " + e.getMessage(), e);
            return;
        }
        segments.movedOn(bytes);
        lastIndex = entries.getLast().index();
        metrics.synced(entries.size(), time.nanoTime() - start);
        applier.commit(new Applier.Batch<>(entries, taken));
        afterBatch.run();
    }

    private List<LogEntry> number(List<Proposal<R>> taken) {
        timeMillis = Math.max(timeMillis, time.epochMillis());
        List<LogEntry> entries = new ArrayList<>(taken.size());
        long index = lastIndex;
        for (Proposal<R> proposal : taken) {
            entries.add(
                    new LogEntry(
                            ++index, TERM, timeMillis, proposal.traceparent(), proposal.command()));
        }
        return entries;
    }

    private void encode(List<LogEntry> entries) {
        int bytes = 0;
        for (LogEntry entry : entries) {
            bytes += Frame.bytesMax(entry.command(), entry.traceparent());
        }
        if (buffer.capacity() < bytes) {
            buffer =
                    ByteBuffer.allocateDirect(
                            Math.max(
                                    bytes,
                                    Math.min(buffer.capacity() * 2, limits.batchBytesMax())));
        }
        buffer.clear();
        for (LogEntry entry : entries) {
            Frame.write(buffer, segments.logId(), entry, entries.getFirst().index());
        }
        buffer.flip();
    }

    private void erase(Segment segment, List<Proposal<R>> taken, IOException cause) {
        try {
            segment.erase();
        } catch (IOException e) {
            e.addSuppressed(cause);
            fail(taken, "the disk failed to undo a failed write: " + e.getMessage(), e);
            return;
        }
        waitForRoom(taken, cause);
    }

    private void waitForRoom(List<Proposal<R>> taken, IOException cause) {
        String message =
                "the disk refuses writes (%s): free some space".formatted(cause.getMessage());
        LOG.log(
                Level.ERROR,
                "the log takes no commands: {0}; reads go on, and it goes on by itself",
                message);
        diskFull = true;
        proposals.refuse(Reason.DISK_FULL, message);
        proposals.refuse(taken, Reason.DISK_FULL, message);
        afterBatch.run();
        segments.awaitPreparer();
        while (!proposals.awaitClosed(limits.diskProbeMillis())) {
            try {
                segments.prepareNow();
                LOG.log(Level.INFO, "the disk has room again: the log takes commands");
                diskFull = false;
                proposals.accept();
                return;
            } catch (IOException e) {
                LOG.log(Level.DEBUG, "still no room: {0}", e.getMessage());
            }
        }
    }

    private void fail(List<Proposal<R>> taken, String message, Throwable cause) {
        LOG.log(Level.ERROR, "the log stops taking commands until a restart: " + message, cause);
        failure = cause;
        LogFailedException unknown =
                new LogFailedException(message + "; whether the command lasts is unknown", cause);
        taken.forEach(proposal -> proposal.answer().completeExceptionally(unknown));
        proposals.release(taken);
        proposals.refuse(Reason.DISK_FULL, message + "; the log takes nothing until a restart");
    }

    boolean diskFull() {
        return diskFull;
    }

    @Nullable Throwable failure() {
        return failure;
    }

    /** Writes what waits and ends the thread. */
    void close() {
        proposals.close();
        join(thread);
    }

    /** Waits for a thread that is about to end, through interrupts. */
    static void join(Thread ending) {
        boolean interrupted = false;
        while (ending.isAlive()) {
            try {
                ending.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
