package dev.kemudi.api;

/** A request that the API refused, with the status that says why. */
public final class ApiException extends RuntimeException {
    private final transient Status status;

    public ApiException(Status status) {
        super(status.message());
        this.status = status;
    }

    public Status status() {
        return status;
    }

    /** Whether the object asked for does not exist. */
    public boolean notFound() {
        return status.code() == 404;
    }

    /** Whether someone else changed the object first: read it again and retry. */
    public boolean conflict() {
        return status.code() == 409 && status.reason().equals("Conflict");
    }

    public boolean alreadyExists() {
        return status.reason().equals("AlreadyExists");
    }

    /** Whether the revision asked for has been compacted away: list again. */
    public boolean expired() {
        return status.code() == 410;
    }
}
