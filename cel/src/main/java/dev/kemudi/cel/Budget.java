package dev.kemudi.cel;

/**
 * What the evaluations upon one object may still cost, and what the one under way may. For one
 * thread.
 *
 * <p>Source: Kubernetes' limits for validation rules: so much a call, so much an object.
 */
public final class Budget {
    private final long perEvaluation;
    private long total;
    private long left;

    private Budget(long perEvaluation, long total) {
        this.perEvaluation = perEvaluation;
        this.total = total;
    }

    public static Budget of(Limits limits) {
        return new Budget(limits.evaluationMax(), limits.evaluationTotalMax());
    }

    void begin() {
        left = perEvaluation;
    }

    void spend(long cost) {
        left -= cost;
        total -= cost;
        if (left < 0) {
            throw new Exhausted();
        }
    }

    /** Whether the evaluation under way has cost more than it may. */
    boolean overdrawn() {
        return left < 0;
    }

    /** Whether nothing more may be evaluated upon the object. */
    public boolean exhausted() {
        return total <= 0;
    }

    /** Ends an evaluation at once; it is expected, so it has no stack trace. */
    private static final class Exhausted extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Exhausted() {
            super("cost limit exceeded", null, false, false);
        }
    }
}
