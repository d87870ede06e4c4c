package dev.kemudi.store;

/**
 * Where a write comes from.
 *
 * @param traceparent W3C trace context, empty for none; travels through the log
 * @param guardArea the {@link Area} that must still be as it was when the write was permitted;
 *     empty for no guard
 * @param guardRevision that area's revision then: when it moved on, the write is refused with
 *     {@link Answer.Reason#GUARD_STALE} and leaves no trace
 */
public record Origin(String traceparent, String guardArea, long guardRevision) {
    public static final Origin NONE = new Origin("", "", 0);

    public static Origin traced(String traceparent) {
        return new Origin(traceparent, "", 0);
    }

    boolean isGuarded() {
        return !guardArea.isEmpty();
    }
}
