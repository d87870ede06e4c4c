package dev.kemudi.server;

/** What was asked for could not be done; the message is one sentence for the operator. */
final class FailedException extends RuntimeException {
    FailedException(String message) {
        super(message);
    }

    FailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
