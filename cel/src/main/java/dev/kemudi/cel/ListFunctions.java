package dev.kemudi.cel;

import dev.cel.common.types.ListType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.TypeParamType;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/** Kubernetes' list library, for lists of what has an order. */
final class ListFunctions {
    private static final TypeParamType ELEMENT = TypeParamType.create("T");
    private static final ListType LIST = ListType.create(ELEMENT);

    private ListFunctions() {}

    static void addTo(Functions functions) {
        functions.member("isSorted", SimpleType.BOOL, LIST, List.class, list -> isSorted(list));
        functions.member("sum", ELEMENT, LIST, List.class, list -> sum(list));
        functions.member("min", ELEMENT, LIST, List.class, list -> extreme(list, "min", ORDER));
        functions.member(
                "max", ELEMENT, LIST, List.class, list -> extreme(list, "max", ORDER.reversed()));
        functions.member(
                "indexOf",
                SimpleType.INT,
                LIST,
                List.class,
                ELEMENT,
                Object.class,
                (list, one) -> (long) list.indexOf(one));
        functions.member(
                "lastIndexOf",
                SimpleType.INT,
                LIST,
                List.class,
                ELEMENT,
                Object.class,
                (list, one) -> (long) list.lastIndexOf(one));
    }

    private static final Comparator<Object> ORDER = ListFunctions::compare;

    @SuppressWarnings({"unchecked", "rawtypes"}) // the same class on both sides is checked here
    private static int compare(Object a, Object b) {
        if (a instanceof Comparable one && a.getClass() == b.getClass()) {
            return one.compareTo(b);
        }
        throw new IllegalArgumentException(
                "no such overload: values of type %s and %s have no order"
                        .formatted(a.getClass().getSimpleName(), b.getClass().getSimpleName()));
    }

    private static boolean isSorted(List<?> list) {
        for (int i = 1; i < list.size(); i++) {
            if (compare(list.get(i - 1), list.get(i)) > 0) {
                return false;
            }
        }
        return true;
    }

    private static Object extreme(List<?> list, String name, Comparator<Object> order) {
        return list.stream()
                .map(Object.class::cast)
                .min(order)
                .orElseThrow(() -> new IllegalArgumentException(name + " called on empty list"));
    }

    private static Object sum(List<?> list) {
        if (list.isEmpty()) {
            return 0L;
        }
        return switch (list.getFirst()) {
            case Long ignored -> {
                long sum = 0;
                for (Object each : list) {
                    sum = Math.addExact(sum, (Long) each);
                }
                yield sum;
            }
            case Double ignored ->
                    list.stream().mapToDouble(each -> ((Number) each).doubleValue()).sum();
            case Duration ignored ->
                    list.stream().map(Duration.class::cast).reduce(Duration.ZERO, Duration::plus);
            default -> throw new IllegalArgumentException("no such overload: sum of this type");
        };
    }
}
