package dev.kemudi.admission;

/** A policy cannot be put to a request. What follows from that its failurePolicy says. */
final class PolicyException extends Exception {
    private static final long serialVersionUID = 1L;

    PolicyException(String message) {
        super(message);
    }

    PolicyException(String message, Throwable cause) {
        super(message, cause);
    }
}
