package dev.kemudi.cel;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.ImmutableSet;
import dev.cel.common.types.CelType;
import dev.cel.common.types.ListType;
import dev.cel.common.types.MapType;
import dev.cel.common.types.SimpleType;
import dev.cel.common.types.StructType;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One place in a structural schema as the language sees it: its type, its largest size, and what is
 * below. Places of which the schema does not say the type (fields that are merely preserved) have
 * no shape and cannot be named by an expression. Immutable.
 *
 * <p>Source: Kubernetes documentation, "CustomResourceDefinition validation rules", table of types.
 *
 * @param sizeMax the most elements of a list or map, the most bytes of a text; 1 for scalars
 * @param bytesMin what a value weighs as JSON at least
 * @param fields of an object with named fields, by identifier
 * @param elements of a list or a map
 */
record Shape(
        Form form,
        CelType type,
        long sizeMax,
        long bytesMin,
        Map<String, Field> fields,
        Optional<Shape> elements) {
    enum Form {
        STRUCT,
        MAP,
        LIST,
        TEXT,
        BYTES,
        TIMESTAMP,
        DURATION,
        INTEGER,
        NUMBER,
        BOOLEAN,
        ANY
    }

    /** A field under its name in JSON. */
    record Field(String name, Shape shape) {}

    private static final Set<String> ROOT_FIELDS = Set.of("apiVersion", "kind", "metadata");
    private static final int UTF8_BYTES_MAX = 4;
    private static final int DURATION_BYTES_MAX = 32;
    private static final int DATE_BYTES_MAX = 28;

    /** Anything: what it is shows when it is looked at. */
    static Shape any(Limits limits) {
        return leaf(Form.ANY, SimpleType.DYN, limits.requestBytesMax() - 2, 1);
    }

    private static Shape leaf(Form form, CelType type, long sizeMax, long bytesMin) {
        return new Shape(form, type, sizeMax, bytesMin, Map.of(), Optional.empty());
    }

    /**
     * The shape of whole objects.
     *
     * @throws IllegalArgumentException when the schema is nested deeper than {@code schemaDepthMax}
     */
    static Optional<Shape> ofObject(JsonNode schema, Limits limits) {
        return of(schema, true, "object", 0, limits);
    }

    private static Optional<Shape> of(
            JsonNode schema, boolean object, String name, int depth, Limits limits) {
        if (depth > limits.schemaDepthMax()) {
            throw new IllegalArgumentException(
                    "the schema is nested deeper than %d at %s"
                            .formatted(limits.schemaDepthMax(), name));
        }
        if (schema.path("x-kubernetes-int-or-string").asBoolean(false)) {
            return Optional.of(any(limits));
        }
        boolean whole = object || schema.path("x-kubernetes-embedded-resource").asBoolean(false);
        return switch (whole ? "object" : schema.path("type").asText("")) {
            case "object" -> ofFields(schema, whole, name, depth, limits);
            case "array" ->
                    of(schema.path("items"), false, name + "[]", depth + 1, limits)
                            .map(items ->
                                    new Shape(
                                            Form.LIST,
                                            ListType.create(items.type()),
                                            bounded(schema, "maxItems", items.bytesMin(), limits),
                                            2,
                                            Map.of(),
                                            Optional.of(items)));
            case "string" -> Optional.of(ofText(schema, limits));
            case "integer" -> Optional.of(leaf(Form.INTEGER, SimpleType.INT, 1, 1));
            case "number" -> Optional.of(leaf(Form.NUMBER, SimpleType.DOUBLE, 1, 1));
            case "boolean" -> Optional.of(leaf(Form.BOOLEAN, SimpleType.BOOL, 1, 4));
            default -> Optional.empty();
        };
    }

    private static long bounded(JsonNode schema, String keyword, long elementBytes, Limits limits) {
        return schema.has(keyword)
                ? Math.max(0, schema.get(keyword).asLong())
                : (limits.requestBytesMax() - 2) / (elementBytes + 1);
    }

    private static Shape ofText(JsonNode schema, Limits limits) {
        long free = limits.requestBytesMax() - 2;
        long declared =
                schema.has("maxLength")
                        ? Math.max(0, schema.get("maxLength").asLong()) * UTF8_BYTES_MAX
                        : free;
        for (JsonNode choice : schema.path("enum")) {
            declared = Math.min(declared, Math.max(0, longest(schema.path("enum"))));
            if (choice.isNull()) {
                break;
            }
        }
        return switch (schema.path("format").asText("")) {
            case "byte" -> leaf(Form.BYTES, SimpleType.BYTES, declared, 2);
            case "duration" -> leaf(Form.DURATION, SimpleType.DURATION, DURATION_BYTES_MAX, 3);
            case "date", "date-time" ->
                    leaf(Form.TIMESTAMP, SimpleType.TIMESTAMP, DATE_BYTES_MAX, 12);
            default -> leaf(Form.TEXT, SimpleType.STRING, declared, 2);
        };
    }

    private static long longest(JsonNode choices) {
        long longest = 0;
        for (JsonNode choice : choices) {
            longest = Math.max(longest, choice.asText().length());
        }
        return longest;
    }

    private static Optional<Shape> ofFields(
            JsonNode schema, boolean whole, String name, int depth, Limits limits) {
        JsonNode values = schema.path("additionalProperties");
        if (values.isObject() && !whole) {
            return of(values, false, name + "{}", depth + 1, limits)
                    .map(shape ->
                            new Shape(
                                    Form.MAP,
                                    MapType.create(SimpleType.STRING, shape.type()),
                                    bounded(schema, "maxProperties", shape.bytesMin() + 3, limits),
                                    2,
                                    Map.of(),
                                    Optional.of(shape)));
        }
        Map<String, Field> fields = new LinkedHashMap<>();
        schema.path("properties")
                .properties()
                .forEach(property -> {
                    if (!whole || !ROOT_FIELDS.contains(property.getKey())) {
                        String below = name + "." + property.getKey();
                        add(
                                fields,
                                property.getKey(),
                                of(property.getValue(), false, below, depth + 1, limits));
                    }
                });
        if (whole) {
            Shape text = leaf(Form.TEXT, SimpleType.STRING, limits.requestBytesMax() - 2, 2);
            Map<String, Field> metadata = new LinkedHashMap<>();
            add(metadata, "name", Optional.of(text));
            add(metadata, "generateName", Optional.of(text));
            add(fields, "apiVersion", Optional.of(text));
            add(fields, "kind", Optional.of(text));
            add(fields, "metadata", Optional.of(struct(name + ".metadata", metadata, 2)));
        }
        return Optional.of(struct(name, fields, required(schema)));
    }

    private static void add(Map<String, Field> into, String name, Optional<Shape> shape) {
        shape.ifPresent(known ->
                Identifiers.escape(name).ifPresent(id -> into.put(id, new Field(name, known))));
    }

    /**
     * What the required fields weigh: their names, quotes, colons and commas, and a byte of value.
     */
    private static long required(JsonNode schema) {
        long bytes = 2;
        for (JsonNode field : schema.path("required")) {
            bytes += field.asText().length() + 5L;
        }
        return bytes;
    }

    @SuppressWarnings("Immutable") // the fields are not changed once they are here
    private static Shape struct(String name, Map<String, Field> fields, long bytesMin) {
        StructType type =
                StructType.create(
                        name,
                        ImmutableSet.copyOf(fields.keySet()),
                        field -> Optional.ofNullable(fields.get(field)).map(f -> f.shape().type()));
        return new Shape(
                Form.STRUCT, type, Math.max(1, fields.size()), bytesMin, fields, Optional.empty());
    }

    /** What stands below, in a field's JSON name or an index's place. */
    Optional<Shape> below(String jsonName) {
        return form == Form.STRUCT
                ? Identifiers.escape(jsonName).map(fields::get).map(Field::shape)
                : elements;
    }
}
