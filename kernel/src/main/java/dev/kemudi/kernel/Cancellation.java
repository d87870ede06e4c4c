package dev.kemudi.kernel;

import java.util.Optional;

/**
 * Why a context ended.
 *
 * @param reason the class of the end
 * @param message one sentence for people
 * @param cause what went wrong, when something did
 */
public record Cancellation(Reason reason, String message, Optional<Throwable> cause) {
    /** How a context ended. */
    public enum Reason {
        /** Somebody asked for it. */
        CANCELLED,
        /** Its deadline, or an ancestor's, passed. */
        DEADLINE_EXCEEDED,
        /** Its work is done and {@link Context#close} was called. */
        FINISHED
    }
}
