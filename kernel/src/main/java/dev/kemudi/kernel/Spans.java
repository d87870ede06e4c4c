package dev.kemudi.kernel;

import dev.kemudi.kernel.Tracer.Kind;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Starts spans and hands them to a {@link Tracer} when they end. A trace that came in keeps its
 * sampled flag; a new one is sampled with the given probability. With {@link Tracer#NONE} nothing
 * is created: the incoming trace is passed on. Safe for use by many threads.
 *
 * <pre>{@code
 * try (Spans.Active span = spans.start("GET /api/v1/pods", Kind.SERVER, traceparentHeader)) {
 *     span.context().run(() -> serve(request));
 * }
 * }</pre>
 */
public final class Spans {
    private final Tracer tracer;
    private final TimeSource time;
    private final double sampledShare;

    /**
     * @param sampledShare of new traces, 0 to 1; those that come in decide for themselves
     */
    public Spans(Tracer tracer, TimeSource time, double sampledShare) {
        if (!(sampledShare >= 0 && sampledShare <= 1)) {
            throw new IllegalArgumentException(
                    "the sampled share is from 0 to 1, not " + sampledShare);
        }
        this.tracer = tracer;
        this.time = time;
        this.sampledShare = sampledShare;
    }

    /** A span below the current context's. */
    public Active start(String name, Kind kind) {
        return start(name, kind, Context.current().trace());
    }

    /** A span below a caller in another process; a malformed or empty header starts a new trace. */
    public Active start(String name, Kind kind, CharSequence traceparent) {
        return start(name, kind, TraceContext.parse(traceparent));
    }

    /** A span below {@code parent}, or the first one of a new trace. */
    public Active start(String name, Kind kind, Optional<TraceContext> parent) {
        if (tracer == Tracer.NONE) {
            return new Active(null, name, kind, 0, parent);
        }
        long parentSpanId = parent.isPresent() ? parent.get().spanId() : 0;
        TraceContext own = parent.isPresent() ? parent.get().child() : TraceContext.root(sampled());
        return new Active(own.sampled() ? this : null, name, kind, parentSpanId, Optional.of(own));
    }

    private boolean sampled() {
        return sampledShare >= 1
                || (sampledShare > 0 && ThreadLocalRandom.current().nextDouble() < sampledShare);
    }

    /** A span that has begun. For one thread at a time. */
    public static final class Active implements AutoCloseable {
        private final String name;
        private final Kind kind;
        private final long parentSpanId;
        private final Optional<TraceContext> trace;
        private final long startEpochNanos;
        private final long startNanos;
        private @Nullable Spans open;
        private String error = "";

        private Active(
                @Nullable Spans open,
                String name,
                Kind kind,
                long parentSpanId,
                Optional<TraceContext> trace) {
            this.open = open;
            this.name = name;
            this.kind = kind;
            this.parentSpanId = parentSpanId;
            this.trace = trace;
            startEpochNanos = open == null ? 0 : open.time.epochMillis() * 1_000_000;
            startNanos = open == null ? 0 : open.time.nanoTime();
        }

        /**
         * What to send on as {@code traceparent}; empty only when nothing came in and nothing is
         * traced.
         */
        public Optional<TraceContext> trace() {
            return trace;
        }

        /** The current context with this span's trace. */
        public Context context() {
            Context current = Context.current();
            return trace.isPresent() ? current.withTrace(trace.get()) : current;
        }

        /** Marks the span as failed. */
        public void fail(String message) {
            error = message;
        }

        /** Ends the span and emits it, once. */
        @Override
        public void close() {
            Spans owner = open;
            if (owner != null) {
                open = null;
                long tookNanos = owner.time.nanoTime() - startNanos;
                owner.tracer.finished(
                        new Tracer.Span(
                                trace.orElseThrow(),
                                parentSpanId,
                                name,
                                kind,
                                startEpochNanos,
                                tookNanos,
                                error));
            }
        }
    }
}
