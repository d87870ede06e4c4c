package dev.kemudi.logratis;

import dev.kemudi.log.LogRefusedException;
import dev.kemudi.log.LogRefusedException.Reason;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Linearizable reads: one question to the quorum at a time. A reader that comes while a question is
 * under way waits for the next one, because what is under way may have been answered before the
 * reader began. Questions are asked, and readers answered, by a thread of its own: Ratis completes
 * its futures while it holds locks. Safe for many threads.
 */
final class Barriers {
    private static final System.Logger LOG = System.getLogger(RatisLog.class.getName());
    private static final long RETRY_MILLIS = 20;

    private final int waitingMax;
    private final long patienceMillis;
    private final Supplier<CompletableFuture<?>> question;
    private final LongSupplier appliedIndex;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition called = lock.newCondition();
    private final Thread thread;
    private List<CompletableFuture<Long>> waiting = new ArrayList<>();
    private @Nullable RuntimeException closed;

    Barriers(
            int waitingMax,
            int patienceMillis,
            Supplier<CompletableFuture<?>> question,
            LongSupplier appliedIndex) {
        this.waitingMax = waitingMax;
        this.patienceMillis = patienceMillis;
        this.question = question;
        this.appliedIndex = appliedIndex;
        thread = Thread.ofPlatform().name("kemudi-log-read").daemon().unstarted(this::work);
    }

    void start() {
        thread.start();
    }

    CompletableFuture<Long> await() {
        lock.lock();
        try {
            if (closed != null) {
                return CompletableFuture.failedFuture(closed);
            }
            if (waiting.size() >= waitingMax) {
                return CompletableFuture.failedFuture(
                        new LogRefusedException(
                                Reason.QUEUE_FULL,
                                "%d reads are waiting: retry later".formatted(waiting.size())));
            }
            CompletableFuture<Long> reached = new CompletableFuture<>();
            waiting.add(reached);
            if (waiting.size() == 1) {
                called.signal();
            }
            return reached;
        } finally {
            lock.unlock();
        }
    }

    private void work() {
        for (List<CompletableFuture<Long>> readers = take(); !readers.isEmpty(); readers = take()) {
            Throwable failed = ask();
            if (failed == null) {
                long index = appliedIndex.getAsLong();
                readers.forEach(reader -> reader.complete(index));
            } else {
                RuntimeException why = reason(failed);
                readers.forEach(reader -> reader.completeExceptionally(why));
            }
        }
    }

    /** Empty when closed. */
    private List<CompletableFuture<Long>> take() {
        lock.lock();
        try {
            while (waiting.isEmpty() && closed == null) {
                called.awaitUninterruptibly();
            }
            List<CompletableFuture<Long>> taken = waiting;
            waiting = new ArrayList<>();
            return taken;
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Throwable ask() {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
        while (true) {
            Throwable failed;
            try {
                question.get().get(patienceMillis, TimeUnit.MILLISECONDS);
                return null;
            } catch (ExecutionException | TimeoutException e) {
                failed = e;
            } catch (InterruptedException e) {
                throw new IllegalStateException("nobody interrupts the log's own threads", e);
            }
            LOG.log(Level.DEBUG, "a read is not confirmed yet: {0}", failed.getMessage());
            if (System.nanoTime() >= end || pause()) {
                return failed;
            }
        }
    }

    /** Waits a moment; says whether it was closed. */
    private boolean pause() {
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS);
            while (closed == null && left > 0) {
                left = called.awaitNanos(left);
            }
            return closed != null;
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the log's own threads", e);
        } finally {
            lock.unlock();
        }
    }

    private RuntimeException reason(Throwable failed) {
        lock.lock();
        try {
            return closed != null
                    ? closed
                    : new LogRefusedException(
                            Reason.NOT_LEADER,
                            "no leader confirmed the read in time: " + failed.getMessage());
        } finally {
            lock.unlock();
        }
    }

    /** Fails who waits, and ends the thread. */
    void close(RuntimeException why) {
        List<CompletableFuture<Long>> left;
        lock.lock();
        try {
            closed = why;
            left = waiting;
            waiting = new ArrayList<>();
            called.signalAll();
        } finally {
            lock.unlock();
        }
        left.forEach(reader -> reader.completeExceptionally(why));
    }
}
