package dev.kemudi.store;

import dev.kemudi.log.Log;
import dev.kemudi.log.LogRefusedException;
import dev.kemudi.log.Quorum;
import dev.kemudi.store.LeaseTalk.Question;
import dev.kemudi.store.LeaseTalk.Reply;
import dev.kemudi.store.LeaseTalk.State;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/*
 * Why a keep-alive that was answered can be believed
 * --------------------------------------------------
 * A node that leads no longer and does not know would renew what the new leader lets run out. So first a read
 * barrier: some leader was in office after the question came. Then the leader is asked, and its answer counts
 * only if it leads in the newest term that is known here. So it was in office after the question came; any
 * later leader gives each lease its whole time again, from a later moment.
 *
 * A new leader that has not applied everything may not know a lease that this node knows: it is asked again.
 */
/**
 * Where leases are granted, kept alive and looked at, on any node. Safe for use by many threads.
 */
final class LeaseDesk {
    private static final int ATTEMPTS_MAX = 5;
    private static final long RETRY_MILLIS = 50;
    private static final Executor LATER =
            CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS);

    private final Backend backend;
    private final Log<Answer> log;
    private final Writes writes;
    private final LeaseKeeper keeper;
    private final Limits limits;
    private final StoreMetrics metrics;

    LeaseDesk(
            Backend backend,
            Log<Answer> log,
            Writes writes,
            LeaseKeeper keeper,
            Limits limits,
            StoreMetrics metrics) {
        this.backend = backend;
        this.log = log;
        this.writes = writes;
        this.keeper = keeper;
        this.limits = limits;
        this.metrics = metrics;
    }

    CompletableFuture<Answer> grant(long id, long ttlSeconds) {
        if (ttlSeconds > limits.leaseTtlSecondsMax()) {
            return CompletableFuture.completedFuture(
                    writes.refuse(Answer.Reason.LEASE_TTL_TOO_LARGE));
        }
        long ttl = Math.max(ttlSeconds, limits.leaseTtlSecondsMin());
        if (id != 0) {
            return writes.propose(new Command.LeaseGrant(id, ttl), "");
        }
        long chosen = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
        return writes.propose(new Command.LeaseGrant(chosen, ttl), "")
                .thenCompose(answer ->
                        answer instanceof Answer.Refused refused
                                        && refused.reason() == Answer.Reason.LEASE_EXISTS
                                ? grant(0, ttl)
                                : CompletableFuture.completedFuture(answer));
    }

    CompletableFuture<Answer> revoke(long id) {
        return writes.propose(new Command.LeaseRevoke(id), "");
    }

    CompletableFuture<Answer> keepAlive(long id) {
        return ask(new Question(true, id), 1).thenApply(reply -> renewed(id, reply));
    }

    private Answer renewed(long id, Reply reply) {
        if (reply.state() != State.ALIVE) {
            return writes.refuse(Answer.Reason.LEASE_NOT_FOUND);
        }
        try (View view = backend.view()) {
            return new Answer.LeaseRenewed(view.mark().revision(), id, reply.ttlSeconds());
        }
    }

    CompletableFuture<Optional<Store.Lease>> find(long id) {
        // A lease may have many keys, and whoever completes this has other things to do.
        return ask(new Question(false, id), 1)
                .thenApplyAsync(reply -> found(id, reply), Thread::startVirtualThread);
    }

    private Optional<Store.Lease> found(long id, Reply reply) {
        if (reply.state() != State.ALIVE) {
            return Optional.empty();
        }
        try (View view = backend.view()) {
            return Optional.of(
                    new Store.Lease(
                            id,
                            reply.ttlSeconds(),
                            reply.remainingSeconds(),
                            Machine.attached(view, id)));
        }
    }

    private CompletableFuture<Reply> ask(Question question, int attempt) {
        Optional<Quorum> quorum = log.quorum();
        if (quorum.isEmpty()) {
            return CompletableFuture.completedFuture(keeper.answer(question));
        }
        return log.readBarrier()
                .thenCompose(index -> askLeader(question, quorum.get()))
                .thenCompose(reply ->
                        settled(question, reply)
                                ? CompletableFuture.completedFuture(reply)
                                : again(question, attempt));
    }

    private CompletableFuture<Reply> askLeader(Question question, Quorum quorum) {
        Reply own = keeper.answer(question);
        return own.term() != 0
                ? CompletableFuture.completedFuture(own)
                : quorum.askLeader(question.encode()).thenApply(Reply::decode);
    }

    private boolean settled(Question question, Reply reply) {
        boolean inOffice = reply.term() != 0 && reply.term() >= log.standing().term();
        return inOffice && !(reply.state() == State.UNKNOWN && keeper.knows(question.id()));
    }

    private CompletableFuture<Reply> again(Question question, int attempt) {
        if (attempt == ATTEMPTS_MAX) {
            return CompletableFuture.failedFuture(
                    new LogRefusedException(
                            LogRefusedException.Reason.NOT_LEADER,
                            "no leader answers for lease " + question.id() + ": retry later"));
        }
        return CompletableFuture.supplyAsync(() -> attempt + 1, LATER)
                .thenCompose(next -> ask(question, next));
    }

    /** Revokes what has run out by this node's count, if it leads. */
    void expire() {
        long term = keeper.leadingTerm();
        for (long id : keeper.expire(limits.leaseRevokesPerTickMax())) {
            var _ =
                    writes.propose(new Command.LeaseExpire(id, term), "")
                            .whenComplete((answer, failure) -> expired(id, answer, failure));
        }
    }

    private void expired(long id, Answer answer, Throwable failure) {
        if (failure == null && answer instanceof Answer.LeaseRevoked) {
            metrics.leasesExpired().inc();
        } else {
            keeper.notExpired(id);
        }
    }
}
