package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Status;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/*
 * How a value is measured
 * -----------------------
 * One walk down value and schema together. A value of the wrong type is reported once and not looked into.
 * Messages follow apiextensions: the cause's field is the path, its message starts with what is wrong
 * ("Invalid value: …", "Required value", "Unsupported value: …", "Duplicate value: …", "Too many: …") and
 * repeats the path where Kubernetes does ("spec.x in body must be …"), because people search for those words.
 *
 * allOf/anyOf/oneOf/not only add value constraints in structural schemas, so their schemas are run on the
 * same value with a causes list of their own.
 */
/** Measures values against schemas and collects what is wrong. One use, one thread. */
final class Validation {
    private static final BigInteger INT32_MAX = BigInteger.valueOf(Integer.MAX_VALUE);
    private static final BigInteger INT32_MIN = BigInteger.valueOf(Integer.MIN_VALUE);
    private static final BigInteger INT64_MAX = BigInteger.valueOf(Long.MAX_VALUE);
    private static final BigInteger INT64_MIN = BigInteger.valueOf(Long.MIN_VALUE);

    private final List<Status.Cause> causes;

    Validation(List<Status.Cause> causes) {
        this.causes = causes;
    }

    void validate(JsonNode value, Schema declared, FieldPath path) {
        Schema schema = declared.resolved();
        if (value.isNull()) {
            if (!declared.nullable
                    && !schema.nullable
                    && !schema.nullsAbsent
                    && !schema.type.isEmpty()) {
                wrongType("null", schema.type, path);
            }
            return;
        }
        if (!rightType(value, schema, path)) {
            return;
        }
        constraints(value, schema.constraints, path);
        format(value, schema, path);
        if (value.isObject()) {
            members((ObjectNode) value, schema, path);
        } else if (value.isArray()) {
            elements(value, schema, path);
        }
    }

    private boolean rightType(JsonNode value, Schema schema, FieldPath path) {
        String found = typeName(value);
        if (schema.intOrString) {
            boolean fits = value.isTextual() || isInteger(value);
            if (!fits) {
                wrongType(found, "integer,string", path);
            }
            return fits;
        }
        boolean fits =
                switch (schema.type) {
                    case "object" -> value.isObject();
                    case "array" -> value.isArray();
                    case "string" -> value.isTextual();
                    case "boolean" -> value.isBoolean();
                    case "integer" -> isInteger(value);
                    case "number" -> value.isNumber();
                    default -> true;
                };
        if (!fits) {
            wrongType(found, schema.type, path);
        }
        return fits;
    }

    private void members(ObjectNode object, Schema schema, FieldPath path) {
        for (String name : new TreeSet<>(schema.required)) {
            JsonNode member = object.get(name);
            boolean absent = member == null || (member.isNull() && schema.nullsAbsent);
            if (absent && !zeroIsFine(schema, name)) {
                causes.add(
                        new Status.Cause(
                                "FieldValueRequired",
                                "Required value",
                                path.child(name).toString()));
            }
        }
        object.properties()
                .forEach(e ->
                        schema.member(e.getKey())
                                .ifPresent(member -> {
                                    FieldPath where =
                                            schema.declares(e.getKey())
                                                    ? path.child(e.getKey())
                                                    : path.key(e.getKey());
                                    validate(e.getValue(), member, where);
                                }));
    }

    private static boolean zeroIsFine(Schema schema, String name) {
        boolean flag =
                schema.nullsAbsent
                        && schema.member(name).map(m -> m.type.equals("boolean")).orElse(false);
        return schema.zeroWhenAbsent || flag;
    }

    private void elements(JsonNode array, Schema schema, FieldPath path) {
        schema.items()
                .ifPresent(items -> {
                    for (int i = 0; i < array.size(); i++) {
                        validate(array.get(i), items, path.index(i));
                    }
                });
        switch (schema.listType) {
            case "set" -> uniqueElements(array, path);
            case "map" -> uniqueKeys(array, schema, path);
            default -> {}
        }
    }

    private void uniqueElements(JsonNode array, FieldPath path) {
        Set<JsonNode> seen = new HashSet<>();
        for (int i = 0; i < array.size(); i++) {
            if (!seen.add(array.get(i))) {
                duplicate(array.get(i), path.index(i));
            }
        }
    }

    private void uniqueKeys(JsonNode array, Schema schema, FieldPath path) {
        Set<ObjectNode> seen = new HashSet<>();
        for (int i = 0; i < array.size(); i++) {
            if (array.get(i) instanceof ObjectNode element) {
                ObjectNode key = ListKeys.of(element, schema);
                if (!seen.add(key)) {
                    duplicate(key, path.index(i));
                }
            }
        }
    }

    private void constraints(JsonNode value, Constraints c, FieldPath path) {
        if (c == Constraints.NONE) {
            return;
        }
        if (!c.enumeration().isEmpty()
                && c.enumeration().stream().noneMatch(e -> sameValue(e, value))) {
            String supported =
                    c.enumeration().stream()
                            .map(JsonNode::toString)
                            .collect(Collectors.joining(", "));
            causes.add(
                    new Status.Cause(
                            "FieldValueNotSupported",
                            "Unsupported value: " + value + ": supported values: " + supported,
                            path.toString()));
        }
        if (value.isNumber()) {
            range(value, c, path);
        } else if (value.isTextual()) {
            text(value, c, path);
        } else if (value.isArray()) {
            counts("items", value.size(), c.itemsMin(), c.itemsMax(), path);
            if (c.uniqueItems()) {
                uniqueElements(value, path);
            }
        } else if (value.isObject()) {
            counts("properties", value.size(), c.propertiesMin(), c.propertiesMax(), path);
        }
        combinations(value, c, path);
    }

    private void range(JsonNode value, Constraints c, FieldPath path) {
        BigDecimal number = value.decimalValue();
        c.minimum()
                .ifPresent(min -> {
                    int order = number.compareTo(min);
                    if (order < 0 || (order == 0 && c.minimumExclusive())) {
                        String than =
                                c.minimumExclusive()
                                        ? "greater than "
                                        : "greater than or equal to ";
                        invalid(
                                value.toString(),
                                path + " in body should be " + than + min.toPlainString(),
                                path);
                    }
                });
        c.maximum()
                .ifPresent(max -> {
                    int order = number.compareTo(max);
                    if (order > 0 || (order == 0 && c.maximumExclusive())) {
                        String than =
                                c.maximumExclusive() ? "less than " : "less than or equal to ";
                        invalid(
                                value.toString(),
                                path + " in body should be " + than + max.toPlainString(),
                                path);
                    }
                });
        c.multipleOf()
                .ifPresent(unit -> {
                    if (unit.signum() != 0 && number.remainder(unit).signum() != 0) {
                        invalid(
                                value.toString(),
                                path + " in body should be a multiple of " + unit.toPlainString(),
                                path);
                    }
                });
    }

    private void text(JsonNode value, Constraints c, FieldPath path) {
        String text = value.textValue();
        int length = text.codePointCount(0, text.length());
        if (c.lengthMax() >= 0 && length > c.lengthMax()) {
            causes.add(
                    new Status.Cause(
                            "FieldValueTooLong",
                            "Too long: may not be more than " + c.lengthMax() + " bytes",
                            path.toString()));
        }
        if (length < c.lengthMin()) {
            invalid(
                    value.toString(),
                    path + " in body should be at least " + c.lengthMin() + " chars long",
                    path);
        }
        c.pattern()
                .ifPresent(pattern -> {
                    if (!pattern.matcher(text).find()) {
                        invalid(
                                value.toString(),
                                path + " in body should match '" + pattern.pattern() + "'",
                                path);
                    }
                });
    }

    private void counts(String what, int count, long min, long max, FieldPath path) {
        if (max >= 0 && count > max) {
            causes.add(
                    new Status.Cause(
                            "FieldValueTooMany",
                            "Too many: " + count + ": must have at most " + max + " items",
                            path.toString()));
        }
        if (count < min) {
            invalid(
                    Integer.toString(count),
                    path + " in body should have at least " + min + " " + what,
                    path);
        }
    }

    private void combinations(JsonNode value, Constraints c, FieldPath path) {
        c.allOf().forEach(s -> validate(value, s, path));
        if (!c.anyOf().isEmpty() && c.anyOf().stream().noneMatch(s -> fits(value, s, path))) {
            invalid("\"\"", path + " in body must validate at least one schema (anyOf)", path);
        }
        if (!c.oneOf().isEmpty()) {
            long fitting = c.oneOf().stream().filter(s -> fits(value, s, path)).count();
            if (fitting != 1) {
                String found = fitting == 0 ? "none valid" : fitting + " valid alternatives";
                invalid(
                        "\"\"",
                        path
                                + " in body must validate one and only one schema (oneOf). Found "
                                + found,
                        path);
            }
        }
        c.not()
                .ifPresent(s -> {
                    if (fits(value, s, path)) {
                        invalid("\"\"", path + " in body must not validate the schema (not)", path);
                    }
                });
    }

    private static boolean fits(JsonNode value, Schema schema, FieldPath path) {
        List<Status.Cause> own = new java.util.ArrayList<>();
        new Validation(own).validate(value, schema, path);
        return own.isEmpty();
    }

    private void format(JsonNode value, Schema schema, FieldPath path) {
        boolean fits =
                switch (schema.format) {
                    case "int32" -> !isInteger(value) || within(value, INT32_MIN, INT32_MAX);
                    case "int64" -> !isInteger(value) || within(value, INT64_MIN, INT64_MAX);
                    case "int-or-string" ->
                            value.isTextual() || within(value, INT32_MIN, INT32_MAX);
                    default -> !value.isTextual() || Formats.fits(schema.format, value.textValue());
                };
        if (!fits) {
            String type = schema.format;
            invalid(
                    value.toString(),
                    path + " in body must be of type " + type + ": " + value,
                    path);
        }
    }

    private static boolean within(JsonNode value, BigInteger min, BigInteger max) {
        BigInteger number = value.decimalValue().toBigInteger();
        return number.compareTo(min) >= 0 && number.compareTo(max) <= 0;
    }

    private void wrongType(String found, String expected, FieldPath path) {
        causes.add(
                new Status.Cause(
                        "FieldValueTypeInvalid",
                        "Invalid value: \"%s\": %s in body must be of type %s: \"%s\""
                                .formatted(found, path, expected, found),
                        path.toString()));
    }

    private void invalid(String value, String why, FieldPath path) {
        causes.add(
                new Status.Cause(
                        "FieldValueInvalid",
                        "Invalid value: " + value + ": " + why,
                        path.toString()));
    }

    private void duplicate(JsonNode value, FieldPath path) {
        causes.add(
                new Status.Cause(
                        "FieldValueDuplicate", "Duplicate value: " + value, path.toString()));
    }

    static boolean isInteger(JsonNode value) {
        return value.isIntegralNumber()
                || (value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0);
    }

    private static boolean sameValue(JsonNode a, JsonNode b) {
        return (a.isNumber() && b.isNumber())
                ? a.decimalValue().compareTo(b.decimalValue()) == 0
                : a.equals(b);
    }

    private static String typeName(JsonNode value) {
        return switch (value.getNodeType()) {
            case OBJECT, POJO -> "object";
            case ARRAY -> "array";
            case STRING, BINARY -> "string";
            case BOOLEAN -> "boolean";
            case NUMBER -> isInteger(value) ? "integer" : "number";
            case NULL, MISSING -> "null";
        };
    }
}
