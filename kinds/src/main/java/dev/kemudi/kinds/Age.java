package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/**
 * How long ago, in the form kubectl prints: {@code 5s}, {@code 2m3s}, {@code 4h}, {@code 3d},
 * {@code 2y9d}.
 */
final class Age {
    static final String UNKNOWN = "<unknown>";

    private Age() {}

    /** The time since {@code timestamp} (RFC 3339), or {@link #UNKNOWN}. */
    static String since(JsonNode timestamp, Instant now) {
        return instant(timestamp).map(then -> human(Duration.between(then, now))).orElse(UNKNOWN);
    }

    /** Empty for what is absent, null or no RFC 3339 time. */
    static Optional<Instant> instant(JsonNode timestamp) {
        String text = timestamp.asText("");
        if (timestamp.isNull() || text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException _) {
            return Optional.empty();
        }
    }

    /**
     * At most two units, fewer the longer it is; a second of clock difference still reads as {@code
     * 0s}.
     */
    static String human(Duration duration) {
        // Truncated towards zero, as kubectl does: 900 ms in the future is still "0s".
        long seconds = duration.toMillis() / 1000;
        if (seconds < -1) {
            return "<invalid>";
        }
        if (seconds < 120) {
            return Math.max(seconds, 0) + "s";
        }
        long minutes = seconds / 60;
        if (minutes < 10) {
            return two(minutes, "m", seconds % 60, "s");
        }
        if (minutes < 180) {
            return minutes + "m";
        }
        long hours = minutes / 60;
        if (hours < 8) {
            return two(hours, "h", minutes % 60, "m");
        }
        if (hours < 48) {
            return hours + "h";
        }
        return days(hours);
    }

    private static String days(long hours) {
        long days = hours / 24;
        if (days < 8) {
            return two(days, "d", hours % 24, "h");
        }
        if (days < 2 * 365) {
            return days + "d";
        }
        long years = days / 365;
        return years < 8 ? two(years, "y", days % 365, "d") : years + "y";
    }

    private static String two(long large, String largeUnit, long small, String smallUnit) {
        return small == 0 ? large + largeUnit : large + largeUnit + small + smallUnit;
    }
}
