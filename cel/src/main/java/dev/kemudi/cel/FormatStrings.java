package dev.kemudi.cel;

import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.values.CelByteString;
import dev.cel.common.values.NullValue;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * {@code 'at most %d'.format([3])}: the verbs {@code %s %d %f %e %b %o %x %X %%}, with a precision
 * for {@code %f} and {@code %e}. Source: cel-go, extension "strings", format.
 */
final class FormatStrings {
    private static final int PRECISION_DEFAULT = 6;
    private static final int PRECISION_MAX = 100;

    private FormatStrings() {}

    static void addTo(Functions functions) {
        functions.member(
                "format",
                SimpleType.STRING,
                SimpleType.STRING,
                String.class,
                ListType.create(SimpleType.DYN),
                List.class,
                FormatStrings::format);
    }

    private static String format(String pattern, List<?> arguments) {
        BoundedText out = new BoundedText();
        int next = 0;
        int at = 0;
        while (at < pattern.length()) {
            int plain = pattern.indexOf('%', at);
            out.append(pattern, at, plain < 0 ? pattern.length() : plain);
            if (plain < 0) {
                break;
            }
            at = plain + 1;
            int from = at;
            while (at < pattern.length()
                    && !Character.isLetter(pattern.charAt(at))
                    && pattern.charAt(at) != '%') {
                at++;
            }
            if (at == pattern.length()) {
                throw new IllegalArgumentException("unexpected end of format: \"" + pattern + "\"");
            }
            String precision = pattern.substring(from, at);
            char verb = pattern.charAt(at++);
            if (verb == '%') {
                out.append("%");
                continue;
            }
            if (next >= arguments.size()) {
                throw new IllegalArgumentException("index %d out of range".formatted(next));
            }
            one(out, verb, precision, arguments.get(next++));
        }
        return out.toString();
    }

    private static void one(BoundedText out, char verb, String precision, Object value) {
        switch (verb) {
            case 's' -> show(out, value);
            case 'd' -> out.append(whole(verb, value).toString());
            case 'f' -> out.append(fixed(value, digits(precision)));
            case 'e' -> out.append(exponent(value, digits(precision)));
            case 'b' ->
                    out.append(
                            value instanceof Boolean bool
                                    ? (bool ? "1" : "0")
                                    : Long.toString(whole(verb, value), 2));
            case 'o' -> out.append(Long.toString(whole(verb, value), 8));
            case 'x' -> out.append(hex(value));
            case 'X' -> out.append(hex(value).toUpperCase(Locale.ROOT));
            default ->
                    throw new IllegalArgumentException(
                            "could not parse formatting clause: unrecognized formatting clause \"%s\""
                                    .formatted(verb));
        }
    }

    private static int digits(String precision) {
        if (precision.isEmpty()) {
            return PRECISION_DEFAULT;
        }
        if (!precision.matches("\\.\\d{1,3}")) {
            throw new IllegalArgumentException(
                    "expected a precision such as .3, found: " + precision);
        }
        return Math.min(PRECISION_MAX, Integer.parseInt(precision.substring(1)));
    }

    private static Long whole(char verb, Object value) {
        if (value instanceof Long whole) {
            return whole;
        }
        throw new IllegalArgumentException(
                "error during formatting: %%%s takes an integer, found: %s".formatted(verb, value));
    }

    private static String fixed(Object value, int digits) {
        return value instanceof Double real && (real.isNaN() || real.isInfinite())
                ? scalar(value)
                : new BigDecimal(number(value))
                        .setScale(digits, RoundingMode.HALF_EVEN)
                        .toPlainString();
    }

    private static String exponent(Object value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "e", Double.valueOf(number(value)));
    }

    private static String number(Object value) {
        if (value instanceof Number) {
            return value.toString();
        }
        throw new IllegalArgumentException(
                "error during formatting: a number is expected, found: " + value);
    }

    private static String hex(Object value) {
        return switch (value) {
            case Long whole -> Long.toString(whole, 16);
            case String text -> HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
            case CelByteString bytes -> HexFormat.of().formatHex(bytes.toByteArray());
            default ->
                    throw new IllegalArgumentException(
                            "error during formatting: %x takes an integer, text or bytes");
        };
    }

    /**
     * What {@code %s} shows: of numbers without a fraction only the whole part, of maps sorted
     * keys.
     */
    private static void show(BoundedText out, Object value) {
        switch (value) {
            case List<?> list -> {
                out.append("[");
                String before = "";
                for (Object each : list) {
                    show(out.append(before), each);
                    before = ", ";
                }
                out.append("]");
            }
            case Map<?, ?> map -> {
                out.append("{");
                String before = "";
                TreeMap<String, Object> sorted = new TreeMap<>();
                map.forEach((key, each) -> sorted.put(scalar(key), each));
                for (Map.Entry<String, Object> entry : sorted.entrySet()) {
                    show(out.append(before).append(entry.getKey()).append(": "), entry.getValue());
                    before = ", ";
                }
                out.append("}");
            }
            default -> out.append(scalar(value));
        }
    }

    private static String scalar(Object value) {
        return switch (value) {
            case Double real when real == Math.rint(real) && Math.abs(real) < 1e15 ->
                    Long.toString(real.longValue());
            case CelByteString bytes -> bytes.toStringUtf8();
            case Duration duration ->
                    BigDecimal.valueOf(duration.getNano(), 9)
                                    .add(BigDecimal.valueOf(duration.getSeconds()))
                                    .stripTrailingZeros()
                                    .toPlainString()
                            + "s";
            case NullValue ignored -> "null";
            default -> value.toString();
        };
    }
}
