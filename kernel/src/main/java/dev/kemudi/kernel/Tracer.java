package dev.kemudi.kernel;

/**
 * Where finished spans go. Implementations never block and never throw: a full exporter drops and
 * counts.
 */
@FunctionalInterface
public interface Tracer {
    /** Forgets every span. */
    Tracer NONE = span -> {};

    void finished(Span span);

    /**
     * One finished operation.
     *
     * @param name low-cardinality, such as {@code GET /api/v1/pods}
     * @param parentSpanId 0 for the first span of a trace
     * @param startEpochNanos wall clock
     * @param error empty when it went well
     */
    record Span(
            TraceContext context,
            long parentSpanId,
            String name,
            Kind kind,
            long startEpochNanos,
            long durationNanos,
            String error) {}

    /** Which side of a call the span describes, after OpenTelemetry. */
    enum Kind {
        SERVER,
        CLIENT,
        INTERNAL
    }
}
