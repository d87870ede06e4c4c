package dev.kemudi.cel;

import dev.cel.common.types.OpaqueType;
import dev.cel.common.types.SimpleType;
import dev.kemudi.api.Quantity;
import java.math.BigDecimal;
import java.util.function.BiFunction;

/** Kubernetes' quantity library: amounts such as {@code 1.5Gi} compared and added. */
final class QuantityFunctions {
    private static final OpaqueType TYPE = OpaqueType.create("kubernetes.Quantity");

    private QuantityFunctions() {}

    static void addTo(Functions functions) {
        functions.global("quantity", TYPE, SimpleType.STRING, String.class, Quantity::parse);
        functions.global(
                "isQuantity",
                SimpleType.BOOL,
                SimpleType.STRING,
                String.class,
                text -> {
                    try {
                        Quantity.parse(text);
                        return true;
                    } catch (IllegalArgumentException e) {
                        return false;
                    }
                });
        functions.member("sign", SimpleType.INT, TYPE, Quantity.class, q -> (long) q.signum());
        functions.member(
                "isInteger", SimpleType.BOOL, TYPE, Quantity.class, q -> whole(q.amount()));
        functions.member(
                "asInteger",
                SimpleType.INT,
                TYPE,
                Quantity.class,
                q -> {
                    if (!whole(q.amount())) {
                        throw new IllegalArgumentException("cannot convert value to integer");
                    }
                    return q.amount().longValueExact();
                });
        functions.member(
                "asApproximateFloat",
                SimpleType.DOUBLE,
                TYPE,
                Quantity.class,
                q -> q.amount().doubleValue());
        both(functions, "add", TYPE, Quantity::plus);
        both(functions, "sub", TYPE, Quantity::minus);
        with(functions, "add", (q, n) -> q.plus(Quantity.of(n)));
        with(functions, "sub", (q, n) -> q.minus(Quantity.of(n)));
        both(functions, "isGreaterThan", SimpleType.BOOL, (a, b) -> a.compareTo(b) > 0);
        both(functions, "isLessThan", SimpleType.BOOL, (a, b) -> a.compareTo(b) < 0);
        both(functions, "compareTo", SimpleType.INT, (a, b) -> (long) a.compareTo(b));
    }

    @SuppressWarnings("Immutable") // the bodies are stateless
    private static void both(
            Functions functions,
            String name,
            dev.cel.common.types.CelType result,
            BiFunction<Quantity, Quantity, Object> body) {
        functions.member(name, result, TYPE, Quantity.class, TYPE, Quantity.class, body::apply);
    }

    @SuppressWarnings("Immutable") // the bodies are stateless
    private static void with(
            Functions functions, String name, BiFunction<Quantity, Long, Object> body) {
        functions.member(name, TYPE, TYPE, Quantity.class, SimpleType.INT, Long.class, body::apply);
    }

    private static boolean whole(BigDecimal amount) {
        return amount.stripTrailingZeros().scale() <= 0
                && amount.toBigInteger().bitLength() < Long.SIZE;
    }
}
