package dev.kemudi.cel;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cel.common.values.CelByteString;
import dev.cel.common.values.NullValue;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.AbstractList;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Base64;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * JSON as values of the language. Objects and lists are views: an expression pays for what it looks
 * at. The trees must not change while a view is used.
 */
final class Values {
    private Values() {}

    /** A value as its shape says; what does not fit the shape comes as what it is. */
    static Object of(JsonNode json, Shape shape) {
        if (json.isNull()) {
            return NullValue.NULL_VALUE;
        }
        return switch (shape.form()) {
            case STRUCT ->
                    json instanceof ObjectNode object
                            ? new Struct(object, shape)
                            : any(json, shape);
            case MAP ->
                    json instanceof ObjectNode object
                            ? new Entries(object, shape.elements().orElseThrow())
                            : any(json, shape);
            case LIST ->
                    json.isArray()
                            ? new Items(json, shape.elements().orElseThrow())
                            : any(json, shape);
            case NUMBER -> json.isNumber() ? (Object) json.doubleValue() : any(json, shape);
            case BYTES -> CelByteString.of(Base64.getMimeDecoder().decode(json.asText()));
            case TIMESTAMP -> timestamp(json.asText());
            case DURATION -> GoDurations.parse(json.asText());
            case TEXT, INTEGER, BOOLEAN, ANY -> any(json, shape);
        };
    }

    private static Object any(JsonNode json, Shape shape) {
        return switch (json.getNodeType()) {
            case STRING -> json.textValue();
            case BOOLEAN -> json.booleanValue();
            case NUMBER ->
                    json.isIntegralNumber() && json.canConvertToLong()
                            ? (Object) json.longValue()
                            : (Object) json.doubleValue();
            case ARRAY -> new Items(json, shape);
            case OBJECT -> new Entries((ObjectNode) json, shape);
            default -> NullValue.NULL_VALUE;
        };
    }

    private static Instant timestamp(String text) {
        try {
            return text.length() == "2006-01-02".length()
                    ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
                    : OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("invalid date: \"" + text + "\"", e);
        }
    }

    private static final class Items extends AbstractList<Object> {
        private final JsonNode array;
        private final Shape elements;

        Items(JsonNode array, Shape elements) {
            this.array = array;
            this.elements = elements;
        }

        @Override
        public Object get(int index) {
            if (index < 0 || index >= array.size()) {
                throw new IndexOutOfBoundsException(index);
            }
            return of(array.get(index), elements);
        }

        @Override
        public int size() {
            return array.size();
        }
    }

    /** A map: every member of the object is an entry. */
    private static final class Entries extends AbstractMap<String, Object> {
        private final ObjectNode object;
        private final Shape values;

        Entries(ObjectNode object, Shape values) {
            this.object = object;
            this.values = values;
        }

        @Override
        public boolean containsKey(Object key) {
            return key instanceof String name && object.has(name);
        }

        @Override
        public @Nullable Object get(Object key) {
            JsonNode value = key instanceof String name ? object.get(name) : null;
            return value == null ? null : of(value, values);
        }

        @Override
        public Set<Entry<String, Object>> entrySet() {
            return new AbstractSet<>() {
                @Override
                public Iterator<Entry<String, Object>> iterator() {
                    Iterator<Entry<String, JsonNode>> members = object.properties().iterator();
                    return new Iterator<>() {
                        @Override
                        public boolean hasNext() {
                            return members.hasNext();
                        }

                        @Override
                        public Entry<String, Object> next() {
                            Entry<String, JsonNode> member = members.next();
                            return Map.entry(member.getKey(), of(member.getValue(), values));
                        }
                    };
                }

                @Override
                public int size() {
                    return object.size();
                }
            };
        }
    }

    /** An object with named fields: those of its shape that are there, by identifier. */
    private static final class Struct extends AbstractMap<String, Object> {
        private final ObjectNode object;
        private final Shape shape;

        Struct(ObjectNode object, Shape shape) {
            this.object = object;
            this.shape = shape;
        }

        @Override
        public boolean containsKey(Object key) {
            Shape.@Nullable Field field = shape.fields().get(key);
            return field != null && object.has(field.name());
        }

        @Override
        public @Nullable Object get(Object key) {
            Shape.@Nullable Field field = shape.fields().get(key);
            JsonNode value = field == null ? null : object.get(field.name());
            return field == null || value == null ? null : of(value, field.shape());
        }

        @Override
        public Set<Entry<String, Object>> entrySet() {
            return new AbstractSet<>() {
                @Override
                public Iterator<Entry<String, Object>> iterator() {
                    Iterator<String> names =
                            shape.fields().keySet().stream()
                                    .filter(Struct.this::containsKey)
                                    .iterator();
                    return new Iterator<>() {
                        @Override
                        public boolean hasNext() {
                            return names.hasNext();
                        }

                        @Override
                        public Entry<String, Object> next() {
                            String name = names.next();
                            Object value = Struct.this.get(name);
                            if (value == null) {
                                throw new NoSuchElementException(name);
                            }
                            return Map.entry(name, value);
                        }
                    };
                }

                @Override
                public int size() {
                    return (int)
                            shape.fields().keySet().stream()
                                    .filter(Struct.this::containsKey)
                                    .count();
                }
            };
        }
    }
}
