package dev.kemudi.server;

/**
 * Something the user can mend: the message is one sentence that names what, where and what to do.
 */
public final class UsageException extends RuntimeException {
    public UsageException(String message) {
        super(message);
    }

    public UsageException(String message, Throwable cause) {
        super(message, cause);
    }
}
