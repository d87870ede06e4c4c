package dev.kemudi.kernel;

/** Work stopped because its {@link Context} ended. */
public final class CancelledException extends RuntimeException {
    private final transient Cancellation cancellation;

    public CancelledException(Cancellation cancellation) {
        super(cancellation.message(), cancellation.cause().orElse(null));
        this.cancellation = cancellation;
    }

    public Cancellation cancellation() {
        return cancellation;
    }
}
