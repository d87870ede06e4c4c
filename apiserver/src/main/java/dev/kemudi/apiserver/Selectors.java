package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** Label and field selectors as they stand in query parameters. */
final class Selectors {
    private static final int REQUIREMENTS_MAX = 1_000;

    private Selectors() {}

    static boolean everything(String selector) {
        return selector.isBlank();
    }

    /**
     * Both kinds and set-based requirements: {@code a=b,c!=d,e in (f,g),h notin (i),j,!k}.
     *
     * @throws ApiException 400 when it cannot be parsed
     */
    static Predicate<ApiObject> labels(String selector) {
        if (everything(selector)) {
            return object -> true;
        }
        List<Predicate<ApiObject>> all = new ArrayList<>();
        for (String requirement : split(selector)) {
            all.add(labelRequirement(requirement.strip(), selector));
        }
        return object -> all.stream().allMatch(r -> r.test(object));
    }

    private static Predicate<ApiObject> labelRequirement(String text, String whole) {
        int paren = text.indexOf('(');
        if (paren >= 0) {
            return setRequirement(text, paren, whole);
        }
        int equals = text.indexOf('=');
        if (equals < 0) {
            if (text.startsWith("!")) {
                String key = key(text.substring(1), whole);
                return object -> label(object, key).isMissingNode();
            }
            String key = key(text, whole);
            return object -> !label(object, key).isMissingNode();
        }
        boolean not = equals > 0 && text.charAt(equals - 1) == '!';
        String key = key(text.substring(0, not ? equals - 1 : equals), whole);
        int from = text.startsWith("==", equals) ? equals + 2 : equals + 1;
        String value = value(text.substring(from), whole);
        return not
                ? object -> !label(object, key).asText("\0").equals(value)
                : object -> label(object, key).asText("\0").equals(value);
    }

    private static Predicate<ApiObject> setRequirement(String text, int paren, String whole) {
        String[] head = text.substring(0, paren).strip().split("\\s+");
        if (head.length != 2 || !text.endsWith(")")) {
            throw unparsable(whole, "expected KEY in (A,B) or KEY notin (A,B)");
        }
        String key = key(head[0], whole);
        Set<String> values = new java.util.HashSet<>();
        for (String value : text.substring(paren + 1, text.length() - 1).split(",", -1)) {
            values.add(value(value, whole));
        }
        return switch (head[1]) {
            case "in" -> object -> values.contains(label(object, key).asText("\0"));
            case "notin" -> object -> !values.contains(label(object, key).asText("\0"));
            default ->
                    throw unparsable(
                            whole,
                            "found '" + head[1] + "', expected: in, notin, =, ==, !=, gt, lt");
        };
    }

    private static com.fasterxml.jackson.databind.JsonNode label(ApiObject object, String key) {
        return object.tree().path("metadata").path("labels").path(key);
    }

    private static String key(String raw, String whole) {
        String key = raw.strip();
        if (!Names.isQualifiedName(key)) {
            throw unparsable(whole, "key: Invalid value: \"" + key + "\"");
        }
        return key;
    }

    private static String value(String raw, String whole) {
        String value = raw.strip();
        if (!Names.isLabelValue(value)) {
            throw unparsable(whole, "values: Invalid value: \"" + value + "\"");
        }
        return value;
    }

    private static ApiException unparsable(String selector, String why) {
        return new ApiException(
                Status.badRequest(
                        "unable to parse requirement: " + why + " (in \"" + selector + "\")"));
    }

    /** Splits at commas outside of parentheses. */
    private static List<String> split(String selector) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i < selector.length(); i++) {
            char c = selector.charAt(i);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == ',' && depth == 0) {
                parts.add(selector.substring(start, i));
                start = i + 1;
            }
        }
        parts.add(selector.substring(start));
        if (depth != 0 || parts.size() > REQUIREMENTS_MAX) {
            throw unparsable(
                    selector, depth != 0 ? "unbalanced parentheses" : "too many requirements");
        }
        return parts;
    }

    /**
     * {@code metadata.name=a,spec.nodeName!=b}.
     *
     * @param supported what the kind can select by, beyond name and namespace
     * @throws ApiException 400 when it cannot be parsed or names a field that is not supported
     */
    static Predicate<ApiObject> fields(String selector, Set<String> supported, Strategy strategy) {
        if (everything(selector)) {
            return object -> true;
        }
        List<Predicate<ApiObject>> all = new ArrayList<>();
        for (String requirement : selector.split(",")) {
            int equals = requirement.indexOf('=');
            if (equals <= 0) {
                throw new ApiException(
                        Status.badRequest(
                                "invalid field selector \""
                                        + selector
                                        + "\": expected FIELD=VALUE or FIELD!=VALUE, found \""
                                        + requirement
                                        + "\""));
            }
            boolean not = requirement.charAt(equals - 1) == '!';
            String field = requirement.substring(0, not ? equals - 1 : equals).strip();
            int from = requirement.startsWith("==", equals) ? equals + 2 : equals + 1;
            String value = requirement.substring(from).strip();
            all.add(fieldRequirement(field, value, not, supported, strategy));
        }
        return object -> all.stream().allMatch(r -> r.test(object));
    }

    private static Predicate<ApiObject> fieldRequirement(
            String field, String value, boolean not, Set<String> supported, Strategy strategy) {
        return switch (field) {
            case "metadata.name" -> object -> object.name().equals(value) != not;
            case "metadata.namespace" -> object -> object.namespace().equals(value) != not;
            default -> {
                if (!supported.contains(field)) {
                    throw new ApiException(
                            Status.badRequest("field label not supported: " + field));
                }
                yield object -> {
                    Map<String, String> fields = strategy.selectableFields(object);
                    return fields.getOrDefault(field, "").equals(value) != not;
                };
            }
        };
    }
}
