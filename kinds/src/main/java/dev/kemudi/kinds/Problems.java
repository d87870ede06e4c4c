package dev.kemudi.kinds;

import dev.kemudi.api.Status.Cause;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Collects what is wrong with an object, in the words Kubernetes uses. Not for sharing between
 * threads.
 */
final class Problems {
    private final List<Cause> causes = new ArrayList<>();

    List<Cause> causes() {
        return causes;
    }

    void required(String field) {
        add("FieldValueRequired", "Required value", field);
    }

    void required(String field, String why) {
        add("FieldValueRequired", "Required value: " + why, field);
    }

    /**
     * @param value a text (quoted in the message) or anything else (written as it is)
     */
    void invalid(String field, Object value, String why) {
        add("FieldValueInvalid", "Invalid value: " + quoted(value) + ": " + why, field);
    }

    void notSupported(String field, Object value, Collection<String> supported) {
        String values =
                supported.stream().sorted().map(Problems::quoted).collect(Collectors.joining(", "));
        add(
                "FieldValueNotSupported",
                "Unsupported value: " + quoted(value) + ": supported values: " + values,
                field);
    }

    void duplicate(String field, Object value) {
        add("FieldValueDuplicate", "Duplicate value: " + quoted(value), field);
    }

    void forbidden(String field, String why) {
        add("FieldValueForbidden", "Forbidden: " + why, field);
    }

    void tooLong(String field, int bytesMax) {
        add("FieldValueTooLong", "Too long: may not be more than " + bytesMax + " bytes", field);
    }

    void tooMany(String field, int found, int max) {
        add(
                "FieldValueTooMany",
                "Too many: " + found + ": must have at most " + max + " items",
                field);
    }

    void notFound(String field, Object value) {
        add("FieldValueNotFound", "Not found: " + quoted(value), field);
    }

    void immutable(String field, Object value) {
        invalid(field, value, "field is immutable");
    }

    void addAll(List<Cause> more) {
        causes.addAll(more);
    }

    private void add(String reason, String message, String field) {
        causes.add(new Cause(reason, message, field));
    }

    private static String quoted(Object value) {
        return value instanceof String text
                ? '"' + text.replace("\"", "\\\"") + '"'
                : String.valueOf(value);
    }
}
