package dev.kemudi.log;

import dev.kemudi.log.LogRefusedException.Reason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Commands on their way in: bounded in number and bytes from the offer until the answer. For those
 * who build a log; users of one see only {@link Log#propose}. Safe for many threads.
 *
 * @param <R> the answer
 */
public final class Proposals<R> {
    private final Bounds limits;
    private final LogMetrics metrics;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Proposal<R>> queue = new ArrayDeque<>();
    private int heldCommands;
    private long heldBytes;

    /** When so many wait, who takes them is woken. */
    private int wanted = 1;

    private @Nullable Refusal refusal;
    private boolean closed;

    public Proposals(Bounds limits, LogMetrics metrics) {
        this.limits = limits;
        this.metrics = metrics;
    }

    /** One command, and who waits for it. */
    public record Proposal<R>(byte[] command, String traceparent, CompletableFuture<R> answer) {}

    /** How much may wait, and how much is taken at once; each is a limit of the log it serves. */
    public record Bounds(
            int commandBytesMax,
            int batchBytesMax,
            int batchCommandsMax,
            int queueCommandsMax,
            long queueBytesMax) {}

    private record Refusal(Reason reason, String message) {}

    /** Takes a command, or refuses it at once; never waits. */
    public CompletableFuture<R> offer(byte[] command, String traceparent) {
        if (command.length > limits.commandBytesMax()) {
            return refused(
                    new Refusal(
                            Reason.TOO_LARGE,
                            "the command has %d bytes, the limit is %d"
                                    .formatted(command.length, limits.commandBytesMax())));
        }
        Proposal<R> proposal = new Proposal<>(command, traceparent, new CompletableFuture<>());
        lock.lock();
        try {
            Refusal now = refusal;
            if (now == null && full(command.length)) {
                now =
                        new Refusal(
                                Reason.QUEUE_FULL,
                                "%d commands with %d bytes are waiting: retry later"
                                        .formatted(heldCommands, heldBytes));
            }
            if (now != null) {
                return refused(now);
            }
            heldCommands++;
            heldBytes += command.length;
            queue.add(proposal);
            if (queue.size() == wanted) {
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
        return proposal.answer();
    }

    private boolean full(int bytes) {
        return heldCommands >= limits.queueCommandsMax()
                || (heldCommands > 0 && heldBytes + bytes > limits.queueBytesMax());
    }

    private CompletableFuture<R> refused(Refusal why) {
        metrics.refused(why.reason());
        return CompletableFuture.failedFuture(new LogRefusedException(why.reason(), why.message()));
    }

    /** Waits for commands and takes a batch of them; empty only when closed and all are taken. */
    public List<Proposal<R>> take() {
        return take(1, 0);
    }

    /**
     * The same; once there is a command, it waits a little longer for others that will come.
     *
     * @param expected so many commands are enough
     * @param nanosMax how much longer at most
     */
    public List<Proposal<R>> take(int expected, long nanosMax) {
        List<Proposal<R>> batch = new ArrayList<>();
        lock.lock();
        try {
            do {
                while (queue.isEmpty() && !closed) {
                    changed.awaitUninterruptibly();
                }
                awaitMore(expected, nanosMax);
            } while (queue.isEmpty() && !closed); // all may have been refused meanwhile
            int bytes = 0;
            for (Proposal<R> next = queue.peek(); next != null; next = queue.peek()) {
                bytes += Frame.bytesMax(next.command(), next.traceparent());
                if (!batch.isEmpty()
                        && (bytes > limits.batchBytesMax()
                                || batch.size() >= limits.batchCommandsMax())) {
                    break;
                }
                batch.add(queue.remove());
            }
        } finally {
            lock.unlock();
        }
        return batch;
    }

    private void awaitMore(int expected, long nanosMax) {
        wanted = Math.min(expected, limits.batchCommandsMax());
        long left = nanosMax;
        try {
            while (queue.size() < wanted && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the log's own threads", e);
        } finally {
            wanted = 1;
        }
    }

    /** Makes room for as many: they were answered. */
    public void release(List<Proposal<R>> answered) {
        long bytes = 0;
        for (Proposal<R> proposal : answered) {
            bytes += proposal.command().length;
        }
        lock.lock();
        try {
            heldCommands -= answered.size();
            heldBytes -= bytes;
        } finally {
            lock.unlock();
        }
    }

    /** Refuses newcomers, and all who wait to be taken: nothing of them was written. */
    public void refuse(Reason reason, String message) {
        List<Proposal<R>> waiting;
        lock.lock();
        try {
            if (refusal == null || refusal.reason() != Reason.CLOSED) {
                refusal = new Refusal(reason, message);
            }
            waiting = new ArrayList<>(queue);
            queue.clear();
        } finally {
            lock.unlock();
        }
        refuse(waiting, reason, message);
    }

    /** Refuses all who wait to be taken; newcomers are welcome. */
    public void refuseWaiting(Reason reason, String message) {
        List<Proposal<R>> waiting;
        lock.lock();
        try {
            waiting = new ArrayList<>(queue);
            queue.clear();
        } finally {
            lock.unlock();
        }
        refuse(waiting, reason, message);
    }

    /** Answers these with a refusal. */
    public void refuse(List<Proposal<R>> taken, Reason reason, String message) {
        release(taken);
        for (Proposal<R> proposal : taken) {
            proposal.answer().completeExceptionally(new LogRefusedException(reason, message));
            metrics.refused(reason);
        }
    }

    /** Takes commands again after a full disk. */
    void accept() {
        lock.lock();
        try {
            if (!closed && refusal != null && refusal.reason() == Reason.DISK_FULL) {
                refusal = null;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Refuses newcomers; those who wait are still taken. */
    public void close() {
        lock.lock();
        try {
            closed = true;
            if (refusal == null) {
                refusal = new Refusal(Reason.CLOSED, "the log is closed");
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits a while, or until closed. */
    boolean awaitClosed(long millis) {
        long left = TimeUnit.MILLISECONDS.toNanos(millis);
        lock.lock();
        try {
            while (!closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            return closed;
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the log's own threads", e);
        } finally {
            lock.unlock();
        }
    }

    /** Commands that were taken in and not answered yet. */
    public int held() {
        lock.lock();
        try {
            return heldCommands;
        } finally {
            lock.unlock();
        }
    }
}
