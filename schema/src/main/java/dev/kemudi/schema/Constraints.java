package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The value constraints of one schema. Most schemas have none and share {@link #NONE}.
 *
 * @param lengthMax -1 for no limit, likewise the other counts
 */
record Constraints(
        List<JsonNode> enumeration,
        Optional<BigDecimal> minimum,
        Optional<BigDecimal> maximum,
        boolean minimumExclusive,
        boolean maximumExclusive,
        Optional<BigDecimal> multipleOf,
        long lengthMin,
        long lengthMax,
        Optional<Pattern> pattern,
        long itemsMin,
        long itemsMax,
        boolean uniqueItems,
        long propertiesMin,
        long propertiesMax,
        List<Schema> allOf,
        List<Schema> anyOf,
        List<Schema> oneOf,
        Optional<Schema> not) {

    static final Constraints NONE =
            new Constraints(
                    List.of(),
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    false,
                    Optional.empty(),
                    -1,
                    -1,
                    Optional.empty(),
                    -1,
                    -1,
                    false,
                    -1,
                    -1,
                    List.of(),
                    List.of(),
                    List.of(),
                    Optional.empty());

    private static final List<String> KEYWORDS =
            List.of(
                    "enum",
                    "minimum",
                    "maximum",
                    "multipleOf",
                    "minLength",
                    "maxLength",
                    "pattern",
                    "minItems",
                    "maxItems",
                    "uniqueItems",
                    "minProperties",
                    "maxProperties",
                    "allOf",
                    "anyOf",
                    "oneOf",
                    "not");

    static Constraints of(JsonNode spec, Function<JsonNode, Schema> compile) {
        if (KEYWORDS.stream().noneMatch(spec::has)) {
            return NONE;
        }
        List<JsonNode> enumeration = new ArrayList<>();
        spec.path("enum").forEach(enumeration::add);
        return new Constraints(
                List.copyOf(enumeration),
                decimal(spec.path("minimum")),
                decimal(spec.path("maximum")),
                spec.path("exclusiveMinimum").asBoolean(false),
                spec.path("exclusiveMaximum").asBoolean(false),
                decimal(spec.path("multipleOf")),
                spec.path("minLength").asLong(-1),
                spec.path("maxLength").asLong(-1),
                pattern(spec.path("pattern")),
                spec.path("minItems").asLong(-1),
                spec.path("maxItems").asLong(-1),
                spec.path("uniqueItems").asBoolean(false),
                spec.path("minProperties").asLong(-1),
                spec.path("maxProperties").asLong(-1),
                schemas(spec.path("allOf"), compile),
                schemas(spec.path("anyOf"), compile),
                schemas(spec.path("oneOf"), compile),
                spec.path("not").isObject()
                        ? Optional.of(compile.apply(spec.get("not")))
                        : Optional.empty());
    }

    private static Optional<BigDecimal> decimal(JsonNode number) {
        return number.isNumber() ? Optional.of(number.decimalValue()) : Optional.empty();
    }

    private static Optional<Pattern> pattern(JsonNode text) {
        try {
            return text.isTextual()
                    ? Optional.of(Pattern.compile(text.asText()))
                    : Optional.empty();
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "pattern \""
                            + text.asText()
                            + "\" is no regular expression: "
                            + e.getDescription(),
                    e);
        }
    }

    private static List<Schema> schemas(JsonNode array, Function<JsonNode, Schema> compile) {
        List<Schema> schemas = new ArrayList<>();
        array.forEach(s -> schemas.add(compile.apply(s)));
        return List.copyOf(schemas);
    }
}
