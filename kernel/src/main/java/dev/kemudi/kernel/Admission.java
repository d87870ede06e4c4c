package dev.kemudi.kernel;

/**
 * Where an offered task went. A refusal is an answer, not an accident: the caller sheds or waits.
 */
public sealed interface Admission {
    /**
     * The task will run.
     *
     * @param ticket counts admissions from 1
     */
    record Admitted(long ticket) implements Admission {}

    /**
     * The task will not run.
     *
     * @param retryAfterMillis the executor's own guess of when asking again makes sense
     */
    record Refused(Reason reason, int retryAfterMillis) implements Admission {}

    /** Why a task was refused. */
    enum Reason {
        FULL,
        TENANT_SHARE_SPENT,
        CLOSED
    }
}
