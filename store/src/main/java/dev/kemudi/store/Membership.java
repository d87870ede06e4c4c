package dev.kemudi.store;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Who belongs to the cluster. What is declared here (in the {@link Area} {@code "members"}) the
 * leader brings about in the log's quorum: a declared member counts once it has started and caught
 * up. Futures fail with {@link MembershipException}, or with {@code LogRefusedException} when there
 * is no leader. Safe for use by many threads.
 */
public interface Membership {
    /**
     * @param id never 0
     * @param name empty until the member has started for the first time
     * @param learner takes entries, has no vote
     */
    record Member(
            long id,
            String name,
            List<String> peerUrls,
            List<String> clientUrls,
            boolean learner) {}

    /** This node's id. */
    long self();

    long clusterId();

    /** By id. */
    List<Member> members();

    /** Declares a member; it may then be started. */
    CompletableFuture<Member> add(List<String> peerUrls, boolean learner);

    CompletableFuture<List<Member>> remove(long id);

    CompletableFuture<List<Member>> updatePeerUrls(long id, List<String> peerUrls);

    /** Gives a learner its vote once it has caught up. */
    CompletableFuture<List<Member>> promote(long id);

    /** Hands leadership to another voting member. */
    CompletableFuture<Void> moveLeader(long id);
}
