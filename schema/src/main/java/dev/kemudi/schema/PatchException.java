package dev.kemudi.schema;

/** A patch that cannot be applied; the message says which part and why. */
public final class PatchException extends RuntimeException {
    private final boolean malformed;

    private PatchException(String message, boolean malformed) {
        super(message);
        this.malformed = malformed;
    }

    /** The patch document itself is wrong, whatever the target (HTTP 400). */
    static PatchException malformed(String message) {
        return new PatchException(message, true);
    }

    /** The patch does not fit this target: a failed test, a missing path (HTTP 422). */
    static PatchException unfit(String message) {
        return new PatchException(message, false);
    }

    /** Whether the document is wrong by itself (400) rather than unfit for this target (422). */
    public boolean malformed() {
        return malformed;
    }
}
