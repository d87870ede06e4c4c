package dev.kemudi.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/**
 * An amount of a resource as Kubernetes writes it: {@code 100m}, {@code 1.5Gi}, {@code 2e3}.
 * Immutable. Two quantities are equal when their amounts are; how they were written does not
 * matter.
 *
 * <p>Source: Kubernetes API reference, {@code resource.Quantity}. Amounts finer than 1e-9 are
 * rounded away from zero.
 */
public final class Quantity implements Comparable<Quantity> {
    public static final Quantity ZERO = new Quantity(BigDecimal.ZERO, Notation.DECIMAL);

    /** Longer texts are attacks or accidents. */
    private static final int TEXT_LENGTH_MAX = 64;

    private static final int EXPONENT_MAX = 64;
    private static final int SCALE_MAX = 9;
    private static final String DECIMAL_SUFFIXES = "num kMGTPE";
    private static final String BINARY_SUFFIXES = "KMGTPE";
    private static final BigDecimal KIBI = BigDecimal.valueOf(1024);

    private enum Notation {
        DECIMAL,
        BINARY,
        EXPONENT
    }

    private final BigDecimal amount;
    private final Notation notation;

    private Quantity(BigDecimal amount, Notation notation) {
        this.amount =
                amount.scale() > SCALE_MAX ? amount.setScale(SCALE_MAX, RoundingMode.UP) : amount;
        this.notation = notation;
    }

    /**
     * Reads a quantity.
     *
     * @throws IllegalArgumentException when {@code text} is not one; the message quotes it and says
     *     what is expected
     */
    public static Quantity parse(String text) {
        int end = 0;
        if (!text.isEmpty() && (text.charAt(0) == '+' || text.charAt(0) == '-')) {
            end++;
        }
        int digits = 0;
        boolean point = false;
        for (; end < text.length(); end++) {
            char c = text.charAt(end);
            if (c == '.' && !point) {
                point = true;
            } else if (c >= '0' && c <= '9') {
                digits++;
            } else {
                break;
            }
        }
        if (digits == 0 || text.length() > TEXT_LENGTH_MAX) {
            throw malformed(text);
        }
        return scaled(text, new BigDecimal(text.substring(0, end)), text.substring(end));
    }

    /** Reads a quantity from a JSON string or number; {@link #ZERO} when {@code node} is absent. */
    public static Quantity of(JsonNode node) {
        return node.isMissingNode() || node.isNull() ? ZERO : parse(node.asText());
    }

    public static Quantity ofMillis(long milliValue) {
        return new Quantity(BigDecimal.valueOf(milliValue, 3), Notation.DECIMAL);
    }

    public static Quantity ofBytes(long bytes) {
        return new Quantity(BigDecimal.valueOf(bytes), Notation.BINARY);
    }

    public static Quantity of(long value) {
        return new Quantity(BigDecimal.valueOf(value), Notation.DECIMAL);
    }

    private static Quantity scaled(String text, BigDecimal number, String suffix) {
        if (suffix.isEmpty()) {
            return new Quantity(number, Notation.DECIMAL);
        }
        if (suffix.length() == 2 && suffix.charAt(1) == 'i') {
            int power = BINARY_SUFFIXES.indexOf(suffix.charAt(0)) + 1;
            if (power > 0) {
                return new Quantity(number.multiply(KIBI.pow(power)), Notation.BINARY);
            }
        } else if (suffix.length() == 1 && suffix.charAt(0) != ' ') {
            int power = DECIMAL_SUFFIXES.indexOf(suffix.charAt(0));
            if (power >= 0) {
                return new Quantity(number.scaleByPowerOfTen((power - 3) * 3), Notation.DECIMAL);
            }
        } else if (suffix.charAt(0) == 'e' || suffix.charAt(0) == 'E') {
            return new Quantity(
                    number.scaleByPowerOfTen(exponent(text, suffix.substring(1))),
                    Notation.EXPONENT);
        }
        throw malformed(text);
    }

    private static int exponent(String text, String digits) {
        try {
            int exponent = Integer.parseInt(digits);
            if (Math.abs(exponent) <= EXPONENT_MAX) {
                return exponent;
            }
        } catch (NumberFormatException e) {
            throw malformed(text);
        }
        throw malformed(text);
    }

    private static IllegalArgumentException malformed(String text) {
        String shown =
                text.length() <= TEXT_LENGTH_MAX ? text : text.substring(0, TEXT_LENGTH_MAX) + "…";
        return new IllegalArgumentException(
                "expected a quantity such as 100m, 1.5Gi or 2e3, found: \""
                        + shown
                        + "\" (a number, then one of n u m k M G T P E,"
                        + " Ki Mi Gi Ti Pi Ei, or an exponent e3)");
    }

    /** Thousandths, rounded away from zero; the largest long when there are more. */
    public long milliValue() {
        return saturated(amount.movePointRight(3));
    }

    /**
     * Whole units (bytes for memory), rounded away from zero; the largest long when there are more.
     */
    public long bytes() {
        return saturated(amount);
    }

    /** Whole units, the same as {@link #bytes} for what is not counted in bytes. */
    public long value() {
        return saturated(amount);
    }

    public BigDecimal amount() {
        return amount;
    }

    public int signum() {
        return amount.signum();
    }

    public Quantity plus(Quantity other) {
        return new Quantity(
                amount.add(other.amount), amount.signum() == 0 ? other.notation : notation);
    }

    public Quantity minus(Quantity other) {
        return new Quantity(
                amount.subtract(other.amount), amount.signum() == 0 ? other.notation : notation);
    }

    private static long saturated(BigDecimal value) {
        BigInteger whole = value.setScale(0, RoundingMode.UP).toBigInteger();
        if (whole.bitLength() < Long.SIZE) {
            return whole.longValue();
        }
        return whole.signum() > 0 ? Long.MAX_VALUE : Long.MIN_VALUE;
    }

    @Override
    public int compareTo(Quantity other) {
        return amount.compareTo(other.amount);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Quantity quantity && amount.compareTo(quantity.amount) == 0;
    }

    @Override
    public int hashCode() {
        return amount.stripTrailingZeros().hashCode();
    }

    /** The canonical form: no fraction, no precision lost, the largest suffix that allows both. */
    @Override
    public String toString() {
        if (amount.signum() == 0) {
            return "0";
        }
        boolean whole = amount.stripTrailingZeros().scale() <= 0;
        if (notation == Notation.BINARY && whole && amount.abs().compareTo(KIBI) >= 0) {
            return binary(amount.toBigIntegerExact());
        }
        int thousands = Math.floorDiv(-amount.stripTrailingZeros().scale(), 3);
        if (notation == Notation.EXPONENT) {
            return amount.scaleByPowerOfTen(-3 * thousands).toBigIntegerExact()
                    + (thousands == 0 ? "" : "e" + 3 * thousands);
        }
        int power = Math.min(thousands, 6);
        String suffix = power == 0 ? "" : DECIMAL_SUFFIXES.substring(power + 3, power + 4);
        return amount.scaleByPowerOfTen(-3 * power).toBigIntegerExact() + suffix;
    }

    private static String binary(BigInteger value) {
        int power = Math.min(value.getLowestSetBit() / 10, BINARY_SUFFIXES.length());
        return value.shiftRight(10 * power)
                + (power == 0 ? "" : BINARY_SUFFIXES.charAt(power - 1) + "i");
    }
}
