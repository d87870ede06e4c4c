package dev.kemudi.log;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What only a log with peers can do. Every method may be called on any member; what needs the
 * leader finds it. Futures fail with {@link LogRefusedException} ({@code NOT_LEADER}) when no
 * leader is found in time. Safe for use by many threads.
 */
public interface Quorum {
    /** The members of the last committed configuration, this one among them. */
    List<Peer> peers();

    /**
     * Changes the configuration to {@code peers}, which must differ from the present one in one
     * member at most. A new member is brought up to date before it counts; completes when the new
     * configuration is committed.
     */
    CompletableFuture<Void> reconfigure(List<Peer> peers);

    /** Hands leadership to member {@code id}; completes when it leads. */
    CompletableFuture<Void> transferLeadership(long id);

    /**
     * Has the leader's state machine {@link StateMachine#answer answer} a question that belongs to
     * the leader alone, such as how long a lease still has. On the leader itself no network is
     * used.
     */
    CompletableFuture<byte[]> askLeader(byte[] question);
}
