package dev.kemudi.log;

/**
 * Where a node stands among its peers, as it knows itself; a node that was cut off may be behind.
 *
 * @param term the leadership that is known; 1 on a single node
 * @param self this node's member id; 0 on a single node that has none
 * @param leader the leader's member id; 0 when none is known, or on a single node
 * @param leading whether this node leads; always on a single node
 * @param learner whether this node takes entries without a vote
 * @param committedIndex the last entry known to be committed
 * @param appliedIndex the last entry applied here
 */
public record Standing(
        long term,
        long self,
        long leader,
        boolean leading,
        boolean learner,
        long committedIndex,
        long appliedIndex) {
    /** A node without peers. */
    public static Standing alone(long appliedIndex) {
        return new Standing(1, 0, 0, true, false, appliedIndex, appliedIndex);
    }

    /** Whether writes have somewhere to go. */
    public boolean hasLeader() {
        return leading || leader != 0;
    }
}
