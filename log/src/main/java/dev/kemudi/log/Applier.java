package dev.kemudi.log;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.LogRefusedException.Reason;
import dev.kemudi.log.Proposals.Proposal;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The one thread that drives the state machine, behind a short line of durable batches. A batch
 * that waits is a batch that the committer has synced, so a slow machine slows the committer, whose
 * queue then refuses.
 *
 * @param <R> the answer
 */
final class Applier<R> {
    private static final System.Logger LOG = System.getLogger(FileLog.class.getName());
    private static final int WAITING_BATCHES_MAX = 4;

    private final StateMachine<R> machine;
    private final Proposals<R> proposals;
    private final LogMetrics metrics;
    private final TimeSource time;
    private final Limits limits;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Batch<R>> waiting = new ArrayDeque<>();
    private final List<Barrier> barriers = new ArrayList<>();
    private final Thread thread;
    private volatile long appliedIndex;
    private volatile @Nullable Throwable failure;
    private long committedIndex;
    private boolean closed;
    private @Nullable Runnable chore;

    Applier(
            StateMachine<R> machine,
            long appliedIndex,
            Proposals<R> proposals,
            LogMetrics metrics,
            TimeSource time,
            Limits limits) {
        this.machine = machine;
        this.appliedIndex = appliedIndex;
        this.proposals = proposals;
        this.metrics = metrics;
        this.time = time;
        this.limits = limits;
        committedIndex = appliedIndex;
        thread = Thread.ofPlatform().name("kemudi-log-apply").daemon().unstarted(this::work);
    }

    record Batch<R>(List<LogEntry> entries, List<Proposal<R>> proposals) {}

    private record Barrier(long index, CompletableFuture<Long> reached) {}

    void start() {
        thread.start();
    }

    /** Takes a durable batch; waits while too many are waiting. */
    void commit(Batch<R> batch) {
        lock.lock();
        try {
            while (waiting.size() >= WAITING_BATCHES_MAX && failure == null) {
                changed.awaitUninterruptibly();
            }
            if (failure == null) {
                committedIndex = batch.entries().getLast().index();
                waiting.add(batch);
                changed.signalAll();
                return;
            }
        } finally {
            lock.unlock();
        }
        fail(batch);
    }

    CompletableFuture<Long> readBarrier() {
        lock.lock();
        try {
            Throwable failed = failure;
            if (failed != null) {
                return CompletableFuture.failedFuture(
                        new LogFailedException("the log stopped: restart it", failed));
            }
            if (appliedIndex >= committedIndex) {
                return CompletableFuture.completedFuture(appliedIndex);
            }
            if (barriers.size() >= limits.barriersMax()) {
                return CompletableFuture.failedFuture(
                        new LogRefusedException(
                                Reason.QUEUE_FULL,
                                "%d reads are waiting: retry later".formatted(barriers.size())));
            }
            Barrier barrier = new Barrier(committedIndex, new CompletableFuture<>());
            barriers.add(barrier);
            return barrier.reached();
        } finally {
            lock.unlock();
        }
    }

    /** Runs something between two batches; one chore at a time, a second one is dropped. */
    void between(Runnable newChore) {
        lock.lock();
        try {
            if (chore == null) {
                chore = newChore;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void work() {
        try {
            while (step()) {
                // Until closed and drained.
            }
        } catch (Throwable e) {
            stop(e);
        }
    }

    private boolean step() {
        Batch<R> batch;
        Runnable now;
        lock.lock();
        try {
            while (waiting.isEmpty() && chore == null && !closed) {
                changed.awaitUninterruptibly();
            }
            batch = waiting.poll();
            now = chore;
            chore = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (batch != null) {
            apply(batch);
        }
        if (now != null) {
            now.run();
        }
        return batch != null || now != null;
    }

    private void apply(Batch<R> batch) {
        long start = time.nanoTime();
        List<R> answers;
        try {
            answers = machine.apply(batch.entries());
            if (answers.size() != batch.entries().size()) {
                throw new IllegalStateException(
                        "the state machine gave %d answers to %d entries"
                                .formatted(answers.size(), batch.entries().size()));
            }
        } catch (Throwable e) {
            stop(e);
            fail(batch);
            return;
        }
        metrics.applied(time.nanoTime() - start);
        appliedIndex = batch.entries().getLast().index();
        proposals.release(batch.proposals());
        for (int i = 0; i < answers.size(); i++) {
            batch.proposals().get(i).answer().complete(answers.get(i));
        }
        reached().forEach(barrier -> barrier.reached().complete(appliedIndex));
    }

    private List<Barrier> reached() {
        lock.lock();
        try {
            if (barriers.isEmpty()) {
                return List.of();
            }
            List<Barrier> reached = new ArrayList<>();
            for (Iterator<Barrier> each = barriers.iterator(); each.hasNext(); ) {
                Barrier barrier = each.next();
                if (barrier.index() <= appliedIndex) {
                    each.remove();
                    reached.add(barrier);
                }
            }
            return reached;
        } finally {
            lock.unlock();
        }
    }

    /** Loud and final: the machine's state is not what the log says. */
    private void stop(Throwable e) {
        LOG.log(
                Level.ERROR,
                "the state machine failed after entry "
                        + appliedIndex
                        + ": the log stops; restart it",
                e);
        List<Batch<R>> lost;
        List<Barrier> unreached;
        lock.lock();
        try {
            failure = e;
            lost = new ArrayList<>(waiting);
            waiting.clear();
            unreached = new ArrayList<>(barriers);
            barriers.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        proposals.refuse(Reason.CLOSED, "the log stopped because the state machine failed: " + e);
        lost.forEach(this::fail);
        unreached.forEach(barrier -> barrier.reached().completeExceptionally(stopped(e)));
    }

    private void fail(Batch<R> batch) {
        Throwable cause = failure;
        LogFailedException why =
                stopped(cause == null ? new IllegalStateException("closed") : cause);
        proposals.release(batch.proposals());
        batch.proposals().forEach(proposal -> proposal.answer().completeExceptionally(why));
    }

    private static LogFailedException stopped(Throwable cause) {
        return new LogFailedException(
                "durable, but not applied: the state machine failed; restart", cause);
    }

    long appliedIndex() {
        return appliedIndex;
    }

    @Nullable Throwable failure() {
        return failure;
    }

    /** Applies what was committed and ends the thread. */
    void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        Committer.join(thread);
    }
}
