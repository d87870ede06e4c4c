package dev.kemudi.log;

/**
 * A member of the quorum.
 *
 * @param id its member id; not 0
 * @param address host:port where its peers reach it
 * @param learner takes entries, has no vote
 */
public record Peer(long id, String address, boolean learner) {}
