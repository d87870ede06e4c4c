package dev.kemudi.api;

import java.util.OptionalLong;

/**
 * How to delete.
 *
 * @param propagation what happens to dependents
 * @param gracePeriodSeconds empty for the kind's default
 * @param uid deletes only the object with this uid; empty for any
 * @param resourceVersion deletes only this version; empty for any
 */
public record DeleteOptions(
        Propagation propagation,
        OptionalLong gracePeriodSeconds,
        String uid,
        String resourceVersion) {
    public static final DeleteOptions BACKGROUND =
            new DeleteOptions(Propagation.BACKGROUND, OptionalLong.empty(), "", "");

    /** What happens to dependents of a deleted object. */
    public enum Propagation {
        BACKGROUND("Background"),
        FOREGROUND("Foreground"),
        ORPHAN("Orphan");

        private final String policy;

        Propagation(String policy) {
            this.policy = policy;
        }

        /** The word on the wire. */
        public String policy() {
            return policy;
        }
    }

    public static DeleteOptions ofUid(String uid) {
        return new DeleteOptions(Propagation.BACKGROUND, OptionalLong.empty(), uid, "");
    }

    public DeleteOptions graceSeconds(long seconds) {
        return new DeleteOptions(propagation, OptionalLong.of(seconds), uid, resourceVersion);
    }
}
