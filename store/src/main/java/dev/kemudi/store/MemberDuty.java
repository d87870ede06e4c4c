package dev.kemudi.store;

import dev.kemudi.log.Log;
import dev.kemudi.log.Peer;
import dev.kemudi.log.Quorum;
import dev.kemudi.log.Standing;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * What a node does about membership by itself, one thing at a time: the first leader writes the
 * founding members down, each node says its name, and the leader brings the quorum to what is
 * declared. Called by one thread; never blocks.
 */
final class MemberDuty {
    private static final System.Logger LOG = System.getLogger(MemberDuty.class.getName());
    private static final int REST_TICKS = 5;

    private final Identity identity;
    private final Members members;
    private final Log<Answer> log;
    private CompletableFuture<?> underWay = CompletableFuture.completedFuture(null);
    private int rest;
    private int turn;
    private String told = "";

    MemberDuty(Identity identity, Members members, Log<Answer> log) {
        this.identity = identity;
        this.members = members;
        this.log = log;
    }

    void tick() {
        if (!identity.declared() || !underWay.isDone()) {
            return;
        }
        if (rest > 0) {
            rest--;
            return;
        }
        if (underWay.isCompletedExceptionally()) {
            tell(underWay.exceptionNow());
            turn++;
            // It rests, and looks again at what is to be done.
            underWay = CompletableFuture.completedFuture(null);
            rest = REST_TICKS;
            return;
        }
        underWay = next(log.standing());
    }

    /** A member that has not started yet is waited for in silence after the first word. */
    private void tell(Throwable failure) {
        String why = String.valueOf(failure.getMessage());
        LOG.log(
                why.equals(told) ? Level.DEBUG : Level.WARNING,
                "what is declared of the membership is not so yet, and is tried again: " + why);
        told = why;
    }

    private CompletableFuture<?> next(Standing standing) {
        if (!standing.hasLeader()) {
            return underWay;
        }
        if (!members.isFounded()) {
            return standing.leading() && !identity.initial().isEmpty() ? members.found() : underWay;
        }
        if (members.mustPublish()) {
            return members.publish();
        }
        Optional<Quorum> quorum = log.quorum();
        return standing.leading() && quorum.isPresent()
                ? reconfigure(quorum.get(), standing.self())
                : underWay;
    }

    private CompletableFuture<?> reconfigure(Quorum quorum, long self) {
        List<Peer> now = quorum.peers();
        List<Peer> declared = members.declared();
        Optional<List<Peer>> next = Members.towards(now, declared, self, turn);
        if (next.isPresent()) {
            LOG.log(Level.INFO, "the quorum changes from {0} to {1}", now, next.get());
            return quorum.reconfigure(next.get());
        }
        if (declared.stream().anyMatch(peer -> peer.id() == self)) {
            return underWay;
        }
        // Only this leader is left to go, and a leader cannot see itself off.
        return declared.stream()
                .filter(peer -> !peer.learner())
                .findFirst()
                .<CompletableFuture<?>>map(peer -> quorum.transferLeadership(peer.id()))
                .orElse(underWay);
    }
}
