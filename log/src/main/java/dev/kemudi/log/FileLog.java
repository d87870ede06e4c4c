package dev.kemudi.log;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/*
 * The way of a command
 * --------------------
 *     propose -> Proposals (bounded) -> Committer: number, write, one fsync -> Applier: apply, answer
 *
 * Two platform threads, so that the next batch syncs while the machine applies this one. Files: Segments.
 * Start: Recovery. On disk: Header and Frame.
 *
 * What holds always
 * -----------------
 * - A command is answered after its batch was synced and applied, in the order of the log.
 * - A command refused with LogRefusedException is not in the log, now or after any restart.
 * - Entry times never go back, whatever the wall clock does, also across restarts.
 * - When a disk or the machine fails in a way that leaves doubt, the log stops and says so; it never
 *   guesses.
 *
 * What was tried and refused
 * --------------------------
 * Reusing old segment files: stale records would have to be told from new ones at every start. Answering on
 * a pool: one more hop for each command; dependents of an answer therefore run on the applier and must not
 * block.
 */
/**
 * The log on one machine's disk: group commit in segment files. Safe for use by many threads;
 * {@link #propose} never blocks. Completions run on the applier's thread: dependents attached to
 * them must not block it.
 *
 * @param <R> what the state machine answers
 */
public final class FileLog<R> implements Log<R> {
    private static final System.Logger LOG = System.getLogger(FileLog.class.getName());

    private final StateMachine<R> machine;
    private final Limits limits;
    private final Closeable directoryLock;
    private final Segments segments;
    private final LogMetrics metrics;
    private final Proposals<R> proposals;
    private final Applier<R> applier;
    private final Committer<R> committer;
    private final AtomicBoolean trimming = new AtomicBoolean();
    private volatile long trimAgainAtBytes;
    private final AtomicBoolean closed = new AtomicBoolean();

    private FileLog(
            Closeable directoryLock,
            Recovery.Recovered recovered,
            StateMachine<R> machine,
            Limits limits,
            TimeSource time,
            PrometheusRegistry registry) {
        this.machine = machine;
        this.limits = limits;
        this.directoryLock = directoryLock;
        segments = recovered.segments();
        metrics = new LogMetrics(registry);
        proposals = new Proposals<>(limits.bounds(), metrics);
        applier = new Applier<>(machine, recovered.lastIndex(), proposals, metrics, time, limits);
        committer =
                new Committer<>(
                        proposals, applier, recovered, metrics, time, limits, this::trimWhenLarge);
        metrics.gauge(
                "kemudi_log_applied_index", "Index of the last applied entry.", this::appliedIndex);
        metrics.gauge("kemudi_log_disk_bytes", "Bytes of the log's segments.", this::bytesOnDisk);
        metrics.gauge(
                "kemudi_log_queue_entries",
                "Commands offered and not yet answered.",
                proposals::held);
        metrics.gauge(
                "kemudi_log_disk_full",
                "1 while the disk refuses writes.",
                () -> committer.diskFull() ? 1 : 0);
        metrics.gauge(
                "kemudi_log_failed",
                "1 when the log stopped.",
                () -> failure().isPresent() ? 1 : 0);
    }

    /**
     * Opens, or creates, the log in a directory and replays into {@code machine} all that it has
     * not made durable.
     *
     * @throws LogCorruptException when acknowledged entries are damaged, naming file and offset
     * @throws IOException when the directory is in use or cannot be used, or machine and log do not
     *     belong together
     */
    public static <R> FileLog<R> open(
            Path directory,
            StateMachine<R> machine,
            Limits limits,
            TimeSource time,
            PrometheusRegistry registry)
            throws IOException {
        return open(Disk.of(directory), machine, limits, time, registry);
    }

    /** As {@link #open(Path, StateMachine, Limits, TimeSource, PrometheusRegistry)} on any disk. */
    public static <R> FileLog<R> open(
            Disk disk,
            StateMachine<R> machine,
            Limits limits,
            TimeSource time,
            PrometheusRegistry registry)
            throws IOException {
        Closeable directoryLock = disk.lock();
        try {
            Recovery.Recovered recovered = Recovery.run(disk, machine, limits);
            return started(directoryLock, recovered, machine, limits, time, registry);
        } catch (IOException | RuntimeException e) {
            directoryLock.close();
            throw e;
        }
    }

    private static <R> FileLog<R> started(
            Closeable directoryLock,
            Recovery.Recovered recovered,
            StateMachine<R> machine,
            Limits limits,
            TimeSource time,
            PrometheusRegistry registry)
            throws IOException {
        try {
            FileLog<R> log =
                    new FileLog<>(directoryLock, recovered, machine, limits, time, registry);
            log.applier.start();
            log.committer.start();
            return log;
        } catch (RuntimeException e) {
            recovered.segments().close();
            throw e;
        }
    }

    @Override
    public CompletableFuture<R> propose(byte[] command, String traceparent) {
        return proposals.offer(command, traceparent);
    }

    @Override
    public CompletableFuture<Long> readBarrier() {
        return applier.readBarrier();
    }

    @Override
    public long appliedIndex() {
        return applier.appliedIndex();
    }

    @Override
    public long firstIndex() {
        return segments.firstIndex();
    }

    @Override
    public long bytesOnDisk() {
        return segments.bytes();
    }

    /** Why the log stopped; empty while it works. A full disk is not a failure: it passes. */
    public Optional<Throwable> failure() {
        return Optional.ofNullable(applier.failure())
                .or(() -> Optional.ofNullable(committer.failure()));
    }

    /** Whether writes are refused because the disk has no room. */
    public boolean diskFull() {
        return committer.diskFull();
    }

    @Override
    public void truncate(long index) {
        try {
            segments.truncate(Math.min(index, machine.durableIndex()));
        } catch (IOException e) {
            throw new UncheckedIOException("log segments could not be deleted", e);
        }
    }

    private void trimWhenLarge() {
        boolean large =
                segments.bytes() > Math.max(limits.logBytesMax(), trimAgainAtBytes)
                        || committer.diskFull();
        if (large && segments.hasSealed() && trimming.compareAndSet(false, true)) {
            applier.between(this::trim);
        }
    }

    private void trim() {
        try {
            segments.truncate(machine.durableIndex());
            if (segments.hasSealed() && machine.durableIndex() < appliedIndex()) {
                machine.flush();
                segments.truncate(machine.durableIndex());
            }
        } catch (IOException | RuntimeException e) {
            // Nothing is lost: the entries stay in the log, and it asks again when it has grown by
            // a segment.
            trimAgainAtBytes = segments.bytes() + limits.segmentBytes();
            LOG.log(
                    Level.WARNING,
                    "the log could not be shortened; it keeps growing until this works",
                    e);
        } finally {
            trimming.set(false);
        }
    }

    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        committer.close();
        applier.close();
        try {
            if (applier.failure() == null) {
                machine.flush();
                segments.truncate(machine.durableIndex());
            }
        } catch (IOException | RuntimeException e) {
            LOG.log(
                    Level.WARNING,
                    "the state could not be flushed; the next start replays the log",
                    e);
        } finally {
            metrics.close();
            release();
        }
    }

    private void release() {
        try (directoryLock) {
            segments.close();
        } catch (IOException e) {
            LOG.log(Level.WARNING, "the log's files could not be closed", e);
        }
    }
}
