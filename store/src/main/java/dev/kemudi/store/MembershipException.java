package dev.kemudi.store;

/** A change of membership that cannot be done; nothing was changed. */
public final class MembershipException extends RuntimeException {
    /** Why, in etcd's distinctions. */
    public enum Reason {
        NOT_FOUND,
        ID_EXISTS,
        PEER_URL_EXISTS,
        TOO_MANY_LEARNERS,
        NOT_A_LEARNER,
        LEARNER_NOT_READY,
        /** Too few started members would be left, or the last one would go. */
        UNHEALTHY,
        BAD_LEADER_TRANSFEREE
    }

    private final Reason reason;

    public MembershipException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
