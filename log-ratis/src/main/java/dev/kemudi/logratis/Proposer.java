package dev.kemudi.logratis;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.LogFailedException;
import dev.kemudi.log.LogMetrics;
import dev.kemudi.log.LogRefusedException.Reason;
import dev.kemudi.log.Proposals;
import dev.kemudi.log.Proposals.Proposal;
import dev.kemudi.logratis.Batch.Origin;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;

/*
 * How a command finds its way
 * ---------------------------
 * One thread takes all that waits as one batch, sends it to the leader, and waits until this node
 * itself has applied it; meanwhile the next batch gathers. So each node has one batch on its way:
 * the busier, the larger.
 *
 * An entry costs all members milliseconds of CPU whatever it holds, and clients that wait for their
 * answers before they ask again would divide into two crowds, one on its way while the other
 * gathers. So the next batch waits a moment for those who were just answered: as many as that are
 * expected, for a quarter of the time that the last batch was on its way at most. Where nobody
 * else writes, one client never waits.
 *
 * When something goes wrong the same batch is sent again, to whoever leads then. It carries this
 * node's id, the number of its start and its own number, and every member passes over what it
 * applied before (Sessions): sending twice is harmless. What may not happen is to answer "not done"
 * and have it done later; so when patience ends, the answer is a refusal only if the batch was
 * never sent, and "unknown" otherwise.
 */
/** The one thread that sends this node's batches. */
final class Proposer<R> {
    private static final System.Logger LOG = System.getLogger(RatisLog.class.getName());
    private static final long SLICE_MILLIS = 50;
    private static final long PAUSE_MILLIS = 20;
    private static final long RESEND_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long CLOSING_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long GATHER_NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(5);
    private static final int GATHER_SHARE = 4;

    private final long self;
    private final Proposals<R> proposals;
    private final Link link;
    private final Supplier<Optional<RaftPeerId>> leader;
    private final LogMetrics metrics;
    private final TimeSource time;
    private final long patienceNanos;
    private final Thread thread;
    private volatile long incarnation;
    private long sequence;
    private volatile @Nullable Flight<R> flight;
    private volatile long closingSince;
    private volatile @Nullable Throwable failure;

    Proposer(
            long self,
            long incarnation,
            Proposals<R> proposals,
            Link link,
            Supplier<Optional<RaftPeerId>> leader,
            LogMetrics metrics,
            TimeSource time,
            int patienceMillis) {
        this.self = self;
        this.incarnation = incarnation;
        this.proposals = proposals;
        this.link = link;
        this.leader = leader;
        this.metrics = metrics;
        this.time = time;
        patienceNanos = TimeUnit.MILLISECONDS.toNanos(patienceMillis);
        thread = Thread.ofPlatform().name("kemudi-log-propose").daemon().unstarted(this::work);
    }

    void start() {
        thread.start();
    }

    private void work() {
        try {
            List<Proposal<R>> taken = proposals.take();
            while (!taken.isEmpty()) {
                long start = System.nanoTime();
                carry(taken);
                long share = (System.nanoTime() - start) / GATHER_SHARE;
                // Those who were answered, and those who waited meanwhile.
                int expected = taken.size() + proposals.held();
                taken = proposals.take(expected, Math.min(share, GATHER_NANOS_MAX));
            }
        } catch (Throwable e) {
            LOG.log(Level.ERROR, "the log takes no more commands: its sender failed", e);
            fail("the log's sender failed", e);
        }
    }

    private void carry(List<Proposal<R>> taken) {
        long start = System.nanoTime();
        Flight<R> now = Flight.of(new Origin(self, incarnation, ++sequence), taken);
        flight = now;
        Throwable failed = failure;
        if (failed != null) {
            unknown(now, "the log stopped", failed);
            return;
        }
        boolean sent = send(now, start);
        if (now.landed().isDone()) {
            metrics.synced(taken.size(), System.nanoTime() - start);
        } else if (sent) {
            unknown(now, "no answer to the batch in time", new TimeoutException());
        } else if (now.settle()) {
            String message = "no leader was found in time: retry later";
            proposals.refuse(taken, Reason.NOT_LEADER, message);
            proposals.refuseWaiting(Reason.NOT_LEADER, message);
        }
        flight = null;
    }

    /** Tries until the batch landed or patience ends; says whether it was ever sent. */
    private boolean send(Flight<R> now, long start) {
        boolean sent = false;
        while (!now.landed().isDone() && !now.settled().get() && patient(start)) {
            Optional<RaftPeerId> target = leader.get();
            if (target.isEmpty()) {
                await(now.landed(), PAUSE_MILLIS);
                continue;
            }
            sent = true;
            CompletableFuture<RaftClientReply> reply = link.write(target.get(), now.encoded());
            if (!follow(now, reply, target.get(), start)) {
                await(now.landed(), PAUSE_MILLIS);
            }
        }
        return sent;
    }

    /** Waits for the batch as long as there is hope in this try; false to try again. */
    private boolean follow(
            Flight<R> now,
            CompletableFuture<RaftClientReply> reply,
            RaftPeerId target,
            long start) {
        CompletableFuture<?> news =
                CompletableFuture.anyOf(now.landed(), reply.handle((ok, failed) -> ok != null));
        long begun = System.nanoTime();
        while (!now.landed().isDone() && patient(start)) {
            await(news, SLICE_MILLIS);
            if (reply.isCompletedExceptionally()) {
                return false;
            }
            if (reply.isDone()) {
                await(now.landed(), SLICE_MILLIS);
            }
            boolean moved = leader.get().filter(target::equals).isEmpty();
            if (!now.landed().isDone() && (moved || System.nanoTime() - begun > RESEND_NANOS)) {
                return false;
            }
        }
        return true;
    }

    private boolean patient(long start) {
        long now = System.nanoTime();
        long closing = closingSince;
        return failure == null
                && now - start < patienceNanos
                && (closing == 0 || now - closing < CLOSING_NANOS);
    }

    private static void await(CompletableFuture<?> what, long millis) {
        try {
            what.get(millis, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            LOG.log(Level.TRACE, "not yet", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the log's own threads", e);
        }
    }

    /** The batch on its way, if it is this one; called by the applier. */
    Optional<Flight<R>> flightOf(Origin origin) {
        Flight<R> now = flight;
        return now != null && now.origin().equals(origin) ? Optional.of(now) : Optional.empty();
    }

    /** The batch was applied here: its commands get their answers. */
    void applied(Flight<R> now, List<R> answers) {
        if (now.settle()) {
            proposals.release(now.proposals());
            for (int i = 0; i < answers.size(); i++) {
                now.proposals().get(i).answer().complete(answers.get(i));
            }
        }
        now.landed().complete(null);
    }

    /** A copy of the state came that holds batches up to a number: their answers are lost. */
    void leapt(Sessions sessions) {
        Flight<R> now = flight;
        if (now != null
                && sessions.sequenceOf(self, now.origin().incarnation())
                        >= now.origin().sequence()) {
            unknown(
                    now,
                    "applied, but its answer is not known: this node was behind",
                    new IOException("a copy of the state came"));
        }
    }

    /** Another start of this node was seen that counts higher: go beyond it. */
    void outdated(Origin origin, long known) {
        if (origin.node() == self && origin.incarnation() == incarnation && known > incarnation) {
            incarnation = known + 1;
            flightOf(origin)
                    .ifPresent(now -> {
                        if (now.settle()) {
                            proposals.refuse(
                                    now.proposals(),
                                    Reason.NOT_LEADER,
                                    "this node's clock went back over a restart: retry");
                        }
                        now.landed().complete(null);
                    });
        }
    }

    private void unknown(Flight<R> now, String message, Throwable cause) {
        if (now.settle()) {
            LogFailedException why =
                    new LogFailedException(message + "; whether it lasts is unknown", cause);
            proposals.release(now.proposals());
            now.proposals().forEach(each -> each.answer().completeExceptionally(why));
        }
        now.landed().complete(null);
    }

    /** Nothing is taken any more, and what is on its way has an unknown fate. */
    void fail(String what, Throwable cause) {
        failure = cause;
        proposals.refuse(Reason.CLOSED, "the log stopped (%s): restart this node".formatted(what));
        Flight<R> now = flight;
        if (now != null) {
            unknown(now, "the log stopped: " + what, cause);
        }
    }

    /** Sends what waits, with little patience, and ends the thread. */
    void close() {
        closingSince = Math.max(1, System.nanoTime());
        proposals.close();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
