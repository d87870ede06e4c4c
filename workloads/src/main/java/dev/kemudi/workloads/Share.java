package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.RoundingMode;

/** A number that a spec gives as itself or as a percentage of some total. */
final class Share {
    private Share() {}

    /**
     * @param value validated: an integer, or a text such as {@code 25%}
     * @param rounding {@code CEILING} or {@code FLOOR}
     */
    static int of(JsonNode value, int total, RoundingMode rounding) {
        return isPercent(value)
                ? percent(Integer.parseInt(value.asText().replace("%", "")), total, rounding)
                : value.asInt();
    }

    static boolean isPercent(JsonNode value) {
        return value.asText().endsWith("%");
    }

    static int percent(long percent, int total, RoundingMode rounding) {
        long hundredths = percent * total;
        return (int)
                (rounding == RoundingMode.CEILING
                        ? Math.ceilDiv(hundredths, 100L)
                        : hundredths / 100);
    }
}
