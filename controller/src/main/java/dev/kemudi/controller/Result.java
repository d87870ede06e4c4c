package dev.kemudi.controller;

/** How a reconcile ended when it did not throw. */
public sealed interface Result {
    Result DONE = new Done();

    /** All is as declared; come back when something changes. */
    record Done() implements Result {}

    /**
     * Come back {@code millis} after this reconcile began, which is when it may have read the
     * clock, even if nothing changes. Not a failure: no back-off grows.
     */
    record RequeueAfter(long millis) implements Result {}

    static Result after(long millis) {
        return new RequeueAfter(millis);
    }
}
