package dev.kemudi.log;

/**
 * The log stopped while it held the command: whether the command will be seen after a restart is
 * unknown.
 */
public final class LogFailedException extends RuntimeException {
    public LogFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
