package dev.kemudi.cel;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go writes them: {@code 1h30m}, {@code -1.5s}, {@code 250ms}. */
final class GoDurations {
    private static final Pattern WHOLE =
            Pattern.compile("([-+]?)((?:\\d{1,18}(?:\\.\\d{0,18})?(?:ns|us|µs|μs|ms|s|m|h))+|0)");
    private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d*)?)(ns|us|µs|μs|ms|s|m|h)");

    private GoDurations() {}

    /**
     * @throws IllegalArgumentException when {@code text} is none
     */
    static Duration parse(String text) {
        Matcher whole = WHOLE.matcher(text);
        if (!whole.matches()) {
            throw new IllegalArgumentException("invalid duration: \"" + text + "\"");
        }
        BigDecimal nanos = BigDecimal.ZERO;
        Matcher part = PART.matcher(whole.group(2));
        while (part.find()) {
            nanos = nanos.add(new BigDecimal(part.group(1)).multiply(nanosOf(part.group(2))));
        }
        nanos = nanos.setScale(0, RoundingMode.DOWN);
        if (nanos.toBigInteger().bitLength() >= Long.SIZE) {
            throw new IllegalArgumentException("duration out of range: \"" + text + "\"");
        }
        Duration duration = Duration.ofNanos(nanos.longValue());
        return whole.group(1).equals("-") ? duration.negated() : duration;
    }

    private static BigDecimal nanosOf(String unit) {
        return BigDecimal.valueOf(
                switch (unit) {
                    case "ns" -> 1L;
                    case "ms" -> 1_000_000L;
                    case "s" -> 1_000_000_000L;
                    case "m" -> 60_000_000_000L;
                    case "h" -> 3_600_000_000_000L;
                    default -> 1_000L;
                });
    }
}
