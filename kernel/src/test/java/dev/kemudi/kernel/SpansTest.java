package dev.kemudi.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.Tracer.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SpansTest {
    private static final String SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static final String NOT_SAMPLED =
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    private final List<Tracer.Span> finished = new ArrayList<>();
    private final SimulatedTime time = new SimulatedTime(1_000);
    private final Spans spans = new Spans(finished::add, time, 0);

    @Test
    void aSpanBelowASampledCallerIsTimedAndEmittedOnce() {
        Spans.Active span = spans.start("GET /", Kind.SERVER, SAMPLED);
        time.advance(5);
        span.fail("no");
        span.close();
        span.close();
        assertThat(finished).hasSize(1);
        Tracer.Span emitted = finished.getFirst();
        assertThat(emitted.context().traceId()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
        assertThat(emitted.parentSpanId()).isEqualTo(0xb7ad6b7169203331L);
        assertThat(emitted.context().spanId()).isNotEqualTo(emitted.parentSpanId());
        assertThat(emitted.durationNanos()).isEqualTo(5_000_000);
        assertThat(emitted.startEpochNanos()).isEqualTo(1_000_000_000);
        assertThat(emitted.error()).isEqualTo("no");
    }

    @Test
    void aTraceThatIsNotSampledIsPassedOnButNotEmitted() {
        try (Spans.Active span = spans.start("GET /", Kind.SERVER, NOT_SAMPLED)) {
            assertThat(span.trace().orElseThrow().traceId())
                    .isEqualTo("0af7651916cd43dd8448eb211c80319c");
            assertThat(span.trace().orElseThrow().toString()).endsWith("-00");
        }
        assertThat(finished).isEmpty();
    }

    @Test
    void aMalformedHeaderStartsANewTraceWhichTheShareSamples() {
        try (Spans.Active span =
                new Spans(finished::add, time, 1).start("GET /", Kind.SERVER, "garbage")) {
            assertThat(span.trace()).isPresent();
        }
        spans.start("GET /", Kind.SERVER, "").close();
        assertThat(finished).hasSize(1);
        assertThat(finished.getFirst().parentSpanId()).isZero();
    }

    @Test
    void withoutATracerTheIncomingTraceIsPassedOnUnchanged() {
        Spans none = new Spans(Tracer.NONE, time, 1);
        try (Spans.Active span = none.start("GET /", Kind.SERVER, SAMPLED)) {
            assertThat(span.trace().orElseThrow().toString()).isEqualTo(SAMPLED);
            span.context()
                    .run(() ->
                            assertThat(none.start("x", Kind.CLIENT).trace())
                                    .isEqualTo(span.trace()));
        }
        assertThat(none.start("x", Kind.CLIENT).trace()).isEqualTo(Optional.empty());
    }
}
