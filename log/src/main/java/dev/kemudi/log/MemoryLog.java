package dev.kemudi.log;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Proposals.Proposal;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A log that keeps nothing: the same order, limits and answers as {@link FileLog}, no disk. For
 * tests and for embedding where nothing has to survive. It continues after the machine's durable
 * index. Safe for use by many threads.
 *
 * @param <R> what the state machine answers
 */
public final class MemoryLog<R> implements Log<R> {
    private static final long TERM = 1;

    private final StateMachine<R> machine;
    private final TimeSource time;
    private final LogMetrics metrics;
    private final Proposals<R> proposals;
    private final Applier<R> applier;
    private final Thread sequencer;
    private long lastIndex;
    private long timeMillis;

    public MemoryLog(
            StateMachine<R> machine, Limits limits, TimeSource time, PrometheusRegistry registry) {
        this.machine = machine;
        this.time = time;
        lastIndex = machine.durableIndex();
        metrics = new LogMetrics(registry);
        proposals = new Proposals<>(limits.bounds(), metrics);
        applier = new Applier<>(machine, lastIndex, proposals, metrics, time, limits);
        metrics.gauge(
                "kemudi_log_applied_index", "Index of the last applied entry.", this::appliedIndex);
        sequencer = Thread.ofVirtual().name("kemudi-log-sequence").unstarted(this::work);
        applier.start();
        sequencer.start();
    }

    private void work() {
        for (List<Proposal<R>> taken = proposals.take();
                !taken.isEmpty();
                taken = proposals.take()) {
            timeMillis = Math.max(timeMillis, time.epochMillis());
            List<LogEntry> entries = new ArrayList<>(taken.size());
            for (Proposal<R> proposal : taken) {
                entries.add(
                        new LogEntry(
                                ++lastIndex,
                                TERM,
                                timeMillis,
                                proposal.traceparent(),
                                proposal.command()));
            }
            applier.commit(new Applier.Batch<>(entries, taken));
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

    /** Nothing is held, so this is the index of the next entry to be applied. */
    @Override
    public long firstIndex() {
        return appliedIndex() + 1;
    }

    @Override
    public long bytesOnDisk() {
        return 0;
    }

    /** Nothing is held, so there is nothing to forget. */
    @Override
    public void truncate(long index) {}

    @Override
    public void close() {
        proposals.close();
        Committer.join(sequencer);
        applier.close();
        if (applier.failure() == null) {
            machine.flush();
        }
        metrics.close();
    }
}
