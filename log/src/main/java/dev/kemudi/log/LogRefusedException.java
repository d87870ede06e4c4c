package dev.kemudi.log;

/** The log did not take a command; it is certain that it never will. */
public final class LogRefusedException extends RuntimeException {
    /** Why. */
    public enum Reason {
        /** Too many commands are waiting: retry with back-off. */
        QUEUE_FULL,
        /** The disk has no room (or failed): reads go on, writes do not. */
        DISK_FULL,
        /** The command is over {@code Limits.commandBytesMax}. */
        TOO_LARGE,
        NOT_LEADER,
        CLOSED
    }

    private final Reason reason;

    public LogRefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
