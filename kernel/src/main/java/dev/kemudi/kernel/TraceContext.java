package dev.kemudi.kernel;

import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The identity of one span, as the W3C {@code traceparent} header carries it.
 *
 * @param traceHigh upper half of the 16-byte trace id
 * @param traceLow lower half of the 16-byte trace id
 * @param spanId 8-byte id of this span, never 0
 * @param sampled whether the trace is being recorded
 * @see <a href="https://www.w3.org/TR/trace-context/">W3C Trace Context</a>
 */
public record TraceContext(long traceHigh, long traceLow, long spanId, boolean sampled) {
    private static final int TRACEPARENT_LENGTH = 55;

    /** A new trace with a new first span. */
    public static TraceContext root(boolean sampled) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return new TraceContext(random.nextLong(), nonZero(random), nonZero(random), sampled);
    }

    /** A new span in the same trace. */
    public TraceContext child() {
        return new TraceContext(traceHigh, traceLow, nonZero(ThreadLocalRandom.current()), sampled);
    }

    /**
     * Reads a {@code traceparent}; empty for anything malformed, as the specification asks (start a
     * new trace).
     */
    public static Optional<TraceContext> parse(CharSequence header) {
        if (header.length() < TRACEPARENT_LENGTH
                || header.charAt(2) != '-'
                || header.charAt(35) != '-'
                || header.charAt(52) != '-'
                || (header.length() > TRACEPARENT_LENGTH
                        && header.charAt(TRACEPARENT_LENGTH) != '-')) {
            return Optional.empty();
        }
        try {
            int version = HexFormat.fromHexDigits(header, 0, 2);
            long high = HexFormat.fromHexDigitsToLong(header, 3, 19);
            long low = HexFormat.fromHexDigitsToLong(header, 19, 35);
            long span = HexFormat.fromHexDigitsToLong(header, 36, 52);
            int flags = HexFormat.fromHexDigits(header, 53, 55);
            boolean wrong =
                    version == 0xff
                            || (version == 0 && header.length() != TRACEPARENT_LENGTH)
                            || (high | low) == 0
                            || span == 0;
            return wrong
                    ? Optional.empty()
                    : Optional.of(new TraceContext(high, low, span, (flags & 1) == 1));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    public String traceId() {
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(traceHigh) + hex.toHexDigits(traceLow);
    }

    /** The {@code traceparent} header, version 00. */
    @Override
    public String toString() {
        return "00-"
                + traceId()
                + "-"
                + HexFormat.of().toHexDigits(spanId)
                + (sampled ? "-01" : "-00");
    }

    private static long nonZero(ThreadLocalRandom random) {
        long value = random.nextLong();
        return value == 0 ? 1 : value;
    }
}
