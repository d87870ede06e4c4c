package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.kemudi.api.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The rules that make an OpenAPI v3 schema structural (Kubernetes: "Specifying a structural
 * schema").
 */
final class StructuralRules {
    private static final Set<String> TYPES =
            Set.of("object", "array", "string", "integer", "number", "boolean");
    private static final List<String> JUNCTORS = List.of("allOf", "anyOf", "oneOf");
    private static final List<String> FORBIDDEN =
            List.of(
                    "definitions",
                    "dependencies",
                    "patternProperties",
                    "additionalItems",
                    "$schema",
                    "id");
    private static final List<String> STRUCTURAL_ONLY =
            List.of(
                    "description",
                    "type",
                    "default",
                    "additionalProperties",
                    "nullable",
                    "x-kubernetes-preserve-unknown-fields",
                    "x-kubernetes-embedded-resource",
                    "x-kubernetes-list-type",
                    "x-kubernetes-list-map-keys",
                    "x-kubernetes-map-type");

    private final List<Status.Cause> causes = new ArrayList<>();

    private StructuralRules() {}

    static List<Status.Cause> check(JsonNode schema) {
        StructuralRules rules = new StructuralRules();
        FieldPath root = FieldPath.ROOT.child("openAPIV3Schema");
        rules.structural(schema, root, true);
        String type = schema.path("type").asText("");
        if (!type.isEmpty() && !type.equals("object")) {
            rules.add(
                    "FieldValueInvalid",
                    "Invalid value: \"" + type + "\": must be object at the root",
                    root.child("type"));
        }
        return rules.causes;
    }

    private void structural(JsonNode schema, FieldPath path, boolean root) {
        if (!schema.isObject()) {
            add(
                    "FieldValueInvalid",
                    "Invalid value: " + schema + ": must be a schema object",
                    path);
            return;
        }
        if (schema.has("$ref")) {
            add("FieldValueForbidden", "Forbidden: $ref is not supported", path.child("$ref"));
        }
        for (String keyword : FORBIDDEN) {
            if (schema.has(keyword)) {
                add(
                        "FieldValueForbidden",
                        "Forbidden: " + keyword + " is not supported",
                        path.child(keyword));
            }
        }
        type(schema, path, root);
        pattern(schema, path);
        lists(schema, path);
        objects(schema, path);
        for (String junctor : JUNCTORS) {
            JsonNode nested = schema.path(junctor);
            for (int i = 0; i < nested.size(); i++) {
                constraintOnly(nested.get(i), schema, path.child(junctor).index(i));
            }
        }
        if (schema.has("not")) {
            constraintOnly(schema.path("not"), schema, path.child("not"));
        }
    }

    private void type(JsonNode schema, FieldPath path, boolean root) {
        String type = schema.path("type").asText("");
        boolean intOrString = schema.path("x-kubernetes-int-or-string").asBoolean(false);
        boolean preserve = schema.path("x-kubernetes-preserve-unknown-fields").asBoolean(false);
        if (type.isEmpty() && !intOrString && !preserve) {
            String message =
                    root
                            ? "Required value: must not be empty at the root"
                            : "Required value: must not be empty for specified "
                                    + (path.toString().endsWith("]")
                                            ? "array items"
                                            : "object fields");
            add("FieldValueRequired", message, path.child("type"));
        }
        if (!type.isEmpty() && !TYPES.contains(type)) {
            add(
                    "FieldValueNotSupported",
                    "Unsupported value: \""
                            + type
                            + "\": supported values: \"array\", \"boolean\", \"integer\", "
                            + "\"number\", \"object\", \"string\"",
                    path.child("type"));
        }
        if (intOrString && !type.isEmpty()) {
            add(
                    "FieldValueInvalid",
                    "Invalid value: \""
                            + type
                            + "\": must be empty if x-kubernetes-int-or-string is true",
                    path.child("type"));
        }
    }

    private void pattern(JsonNode schema, FieldPath path) {
        if (schema.path("pattern").isTextual()) {
            try {
                Pattern.compile(schema.path("pattern").asText());
            } catch (PatternSyntaxException e) {
                add(
                        "FieldValueInvalid",
                        "Invalid value: "
                                + schema.path("pattern")
                                + ": must be a valid regular expression, but isn't: "
                                + e.getDescription(),
                        path.child("pattern"));
            }
        }
    }

    private void lists(JsonNode schema, FieldPath path) {
        boolean array = schema.path("type").asText("").equals("array");
        JsonNode items = schema.path("items");
        if (items.isArray()) {
            add(
                    "FieldValueForbidden",
                    "Forbidden: items must be a schema object and not an array",
                    path.child("items"));
        } else if (items.isObject()) {
            structural(items, path.child("items"), false);
        } else if (array) {
            add("FieldValueRequired", "Required value: must be specified", path.child("items"));
        }
        if (schema.path("uniqueItems").asBoolean(false)) {
            add(
                    "FieldValueForbidden",
                    "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes "
                            + "quadratic",
                    path.child("uniqueItems"));
        }
        String listType = schema.path("x-kubernetes-list-type").asText("");
        if (!listType.isEmpty() && !array) {
            add(
                    "FieldValueInvalid",
                    "Invalid value: \""
                            + listType
                            + "\": must be array if x-kubernetes-list-type is "
                            + "specified",
                    path.child("type"));
        }
        if (!Set.of("", "atomic", "set", "map").contains(listType)) {
            add(
                    "FieldValueNotSupported",
                    "Unsupported value: \""
                            + listType
                            + "\": supported values: \"atomic\", \"map\", \"set\"",
                    path.child("x-kubernetes-list-type"));
        }
        listKeys(schema, listType, path);
    }

    private void listKeys(JsonNode schema, String listType, FieldPath path) {
        JsonNode keys = schema.path("x-kubernetes-list-map-keys");
        FieldPath where = path.child("x-kubernetes-list-map-keys");
        if (!listType.equals("map")) {
            if (keys.size() > 0) {
                add(
                        "FieldValueForbidden",
                        "Forbidden: must not be specified unless x-kubernetes-list-type is map",
                        where);
            }
            return;
        }
        if (keys.isEmpty()) {
            add(
                    "FieldValueRequired",
                    "Required value: must not be empty if x-kubernetes-list-type is map",
                    where);
        }
        JsonNode items = schema.path("items");
        if (!items.path("type").asText("").equals("object")) {
            add(
                    "FieldValueInvalid",
                    "Invalid value: "
                            + items.path("type")
                            + ": must be object if parent array's "
                            + "x-kubernetes-list-type is map",
                    path.child("items").child("type"));
        }
        List<String> required = Schema.texts(items.path("required"));
        for (int i = 0; i < keys.size(); i++) {
            String key = keys.get(i).asText();
            JsonNode property = items.path("properties").path(key);
            if (property.isMissingNode()) {
                add(
                        "FieldValueInvalid",
                        "Invalid value: \""
                                + key
                                + "\": entries must all be names of item properties",
                        where.index(i));
            } else if (!property.has("default") && !required.contains(key)) {
                add(
                        "FieldValueRequired",
                        "Required value: this property is in x-kubernetes-list-map-keys, so it must have "
                                + "a default or "
                                + "be a required property",
                        path.child("items").child("properties").key(key).child("default"));
            }
        }
    }

    private void objects(JsonNode schema, FieldPath path) {
        JsonNode properties = schema.path("properties");
        properties
                .properties()
                .forEach(e ->
                        structural(e.getValue(), path.child("properties").key(e.getKey()), false));
        JsonNode additional = schema.path("additionalProperties");
        if (additional.isObject()) {
            structural(additional, path.child("additionalProperties"), false);
            if (!properties.isEmpty()) {
                add(
                        "FieldValueForbidden",
                        "Forbidden: additionalProperties and properties are mutual exclusive",
                        path.child("additionalProperties"));
            }
        } else if (additional.isBoolean() && !additional.asBoolean() && !properties.isEmpty()) {
            add(
                    "FieldValueForbidden",
                    "Forbidden: additionalProperties cannot be set to false",
                    path.child("additionalProperties"));
        }
        boolean embedded = schema.path("x-kubernetes-embedded-resource").asBoolean(false);
        if (embedded && !schema.path("type").asText("").equals("object")) {
            add(
                    "FieldValueInvalid",
                    "Invalid value: "
                            + schema.path("type")
                            + ": must be object if "
                            + "x-kubernetes-embedded-resource is true",
                    path.child("type"));
        }
        if (embedded
                && properties.isEmpty()
                && !schema.path("x-kubernetes-preserve-unknown-fields").asBoolean(false)) {
            add(
                    "FieldValueRequired",
                    "Required value: must not be empty if x-kubernetes-embedded-resource is true without "
                            + "x-kubernetes-preserve-unknown-fields",
                    path.child("properties"));
        }
        String mapType = schema.path("x-kubernetes-map-type").asText("");
        if (!Set.of("", "atomic", "granular").contains(mapType)) {
            add(
                    "FieldValueNotSupported",
                    "Unsupported value: \""
                            + mapType
                            + "\": supported values: \"atomic\", \"granular\"",
                    path.child("x-kubernetes-map-type"));
        }
    }

    /**
     * Inside a junctor only constraints may stand, and only on fields that the structure outside
     * has.
     */
    private void constraintOnly(JsonNode nested, JsonNode structure, FieldPath path) {
        boolean intOrString = structure.path("x-kubernetes-int-or-string").asBoolean(false);
        for (String keyword : STRUCTURAL_ONLY) {
            if (nested.has(keyword) && !(keyword.equals("type") && intOrString)) {
                add(
                        "FieldValueForbidden",
                        "Forbidden: must be empty to be structural",
                        path.child(keyword));
            }
        }
        nested.path("properties")
                .properties()
                .forEach(e -> {
                    JsonNode outside = structure.path("properties").path(e.getKey());
                    if (outside.isMissingNode()) {
                        outside = structure.path("additionalProperties");
                    }
                    if (!outside.isObject()) {
                        add(
                                "FieldValueRequired",
                                "Required value: because it is defined in "
                                        + path.child("properties").key(e.getKey()),
                                path.child("properties").key(e.getKey()));
                    } else {
                        constraintOnly(
                                e.getValue(), outside, path.child("properties").key(e.getKey()));
                    }
                });
        if (nested.has("items")) {
            constraintOnly(nested.path("items"), structure.path("items"), path.child("items"));
        }
        for (String junctor : JUNCTORS) {
            for (int i = 0; i < nested.path(junctor).size(); i++) {
                constraintOnly(
                        nested.path(junctor).get(i), structure, path.child(junctor).index(i));
            }
        }
    }

    private void add(String reason, String message, FieldPath path) {
        causes.add(new Status.Cause(reason, message, path.toString()));
    }
}
