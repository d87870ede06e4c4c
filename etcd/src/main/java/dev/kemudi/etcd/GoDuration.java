package dev.kemudi.etcd;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go writes them, {@code 1h30m}, {@code 300ms}: etcd's flags use them. */
final class GoDuration {
    private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(h|ms|m|s|us|µs|ns)");
    private static final double MILLIS_PER_SECOND = 1_000;
    private static final double MILLIS_PER_MINUTE = 60_000;
    private static final double MILLIS_PER_HOUR = 3_600_000;

    private GoDuration() {}

    static long millis(String text) {
        Matcher part = PART.matcher(text);
        double millis = 0;
        int end = 0;
        while (part.find() && part.start() == end) {
            millis += Double.parseDouble(part.group(1)) * unit(part.group(2));
            end = part.end();
        }
        if (end == 0 || end != text.length()) {
            throw new IllegalArgumentException(
                    "a duration should look like 1h30m, 5s or 300ms, not \"" + text + "\"");
        }
        return Math.round(millis);
    }

    private static double unit(String unit) {
        return switch (unit) {
            case "h" -> MILLIS_PER_HOUR;
            case "m" -> MILLIS_PER_MINUTE;
            case "s" -> MILLIS_PER_SECOND;
            case "ms" -> 1;
            case "ns" -> 1e-6;
            default -> 1e-3;
        };
    }
}
