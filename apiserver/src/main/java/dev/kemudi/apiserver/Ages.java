package dev.kemudi.apiserver;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/** Times as kubectl shows them: how long ago, in two units at most. */
final class Ages {
    private static final long MINUTE = 60;
    private static final long HOUR = 60 * MINUTE;
    private static final long DAY = 24 * HOUR;
    private static final long YEAR = 365 * DAY;

    private Ages() {}

    /**
     * @param timestamp RFC 3339; anything else is shown as it is
     */
    static String since(String timestamp, Instant now) {
        if (timestamp.isEmpty()) {
            return "<unknown>";
        }
        try {
            return text(Math.max(0, Duration.between(Instant.parse(timestamp), now).toSeconds()));
        } catch (DateTimeParseException e) {
            return "<invalid>";
        }
    }

    // the thresholds of apimachinery's HumanDuration
    private static String text(long seconds) {
        if (seconds < 2 * MINUTE) {
            return seconds + "s";
        }
        if (seconds < 10 * MINUTE) {
            return two(seconds / MINUTE, "m", seconds % MINUTE, "s");
        }
        if (seconds < 3 * HOUR) {
            return seconds / MINUTE + "m";
        }
        if (seconds < 8 * HOUR) {
            return two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "m");
        }
        if (seconds < 2 * DAY) {
            return seconds / HOUR + "h";
        }
        if (seconds < 8 * DAY) {
            return two(seconds / DAY, "d", seconds % DAY / HOUR, "h");
        }
        if (seconds < 2 * YEAR) {
            return seconds / DAY + "d";
        }
        return seconds < 8 * YEAR
                ? two(seconds / YEAR, "y", seconds % YEAR / DAY, "d")
                : seconds / YEAR + "y";
    }

    private static String two(long first, String unit, long second, String secondUnit) {
        return first + unit + (second == 0 ? "" : second + secondUnit);
    }
}
