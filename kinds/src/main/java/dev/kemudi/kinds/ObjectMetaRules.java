package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status.Cause;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What must hold of any object's metadata, in Kubernetes' words, for whoever serves kinds. Static,
 * without state, safe for use by many threads. Kinds with stricter names (Namespace, Service) check
 * them in their strategy.
 *
 * <p>Source: Kubernetes "Object Names and IDs", "Labels and Selectors", "Annotations".
 */
public final class ObjectMetaRules {
    /** All annotations of one object together, keys and values. */
    public static final int ANNOTATIONS_BYTES_MAX = 262_144;

    private ObjectMetaRules() {}

    /** Everything below for one object; empty when all is well. */
    public static List<Cause> validate(ApiObject object) {
        Problems problems = new Problems();
        if (object.name().isEmpty()) {
            problems.required("metadata.name", "name or generateName is required");
        } else {
            Names.subdomain(object.name(), "metadata.name", problems);
        }
        if (!object.namespace().isEmpty()) {
            Names.label(object.namespace(), "metadata.namespace", problems);
        }
        checkLabels(object.at("/metadata/labels"), "metadata.labels", problems);
        checkAnnotations(object.at("/metadata/annotations"), "metadata.annotations", problems);
        checkOwners(object.at("/metadata/ownerReferences"), problems);
        List<String> finalizers = object.finalizers();
        for (int i = 0; i < finalizers.size(); i++) {
            Names.qualified(finalizers.get(i), "metadata.finalizers[" + i + "]", problems);
        }
        return problems.causes();
    }

    /** An RFC 1123 subdomain, the name most kinds want. */
    public static List<Cause> name(String name, String field) {
        Problems problems = new Problems();
        Names.subdomain(name, field, problems);
        return problems.causes();
    }

    /** An RFC 1123 label: what namespaces are called. */
    public static List<Cause> label(String name, String field) {
        Problems problems = new Problems();
        Names.label(name, field, problems);
        return problems.causes();
    }

    /**
     * @param labels an object of text members; anything that is absent is fine
     */
    public static List<Cause> labels(JsonNode labels, String field) {
        Problems problems = new Problems();
        checkLabels(labels, field, problems);
        return problems.causes();
    }

    /** Keys and the size of all together. */
    public static List<Cause> annotations(JsonNode annotations, String field) {
        Problems problems = new Problems();
        checkAnnotations(annotations, field, problems);
        return problems.causes();
    }

    /**
     * The shape of a {@code LabelSelector}: operators, and values where and only where they belong.
     */
    public static List<Cause> labelSelector(JsonNode selector, String field) {
        Problems problems = new Problems();
        checkSelector(selector, field, problems);
        return problems.causes();
    }

    static void checkLabels(JsonNode labels, String field, Problems problems) {
        for (Map.Entry<String, JsonNode> label : labels.properties()) {
            Names.qualified(label.getKey(), field, problems);
            Names.labelValue(label.getValue().asText(), field, problems);
        }
    }

    static void checkAnnotations(JsonNode annotations, String field, Problems problems) {
        long bytes = 0;
        for (Map.Entry<String, JsonNode> annotation : annotations.properties()) {
            // Unlike labels, annotation keys may have upper case in their prefix.
            Names.qualified(lowerPrefix(annotation.getKey()), field, problems);
            bytes += utf8(annotation.getKey()) + utf8(annotation.getValue().asText());
        }
        if (bytes > ANNOTATIONS_BYTES_MAX) {
            problems.tooLong(field, ANNOTATIONS_BYTES_MAX);
        }
    }

    static void checkSelector(JsonNode selector, String field, Problems problems) {
        checkLabels(selector.path("matchLabels"), field + ".matchLabels", problems);
        int i = 0;
        for (JsonNode expression : selector.path("matchExpressions")) {
            String at = field + ".matchExpressions[" + i++ + "]";
            String operator = expression.path("operator").asText();
            boolean values = !expression.path("values").isEmpty();
            switch (operator) {
                case "In", "NotIn" -> {
                    if (!values) {
                        problems.required(
                                at + ".values",
                                "must be specified when `operator` is 'In' or 'NotIn'");
                    }
                }
                case "Exists", "DoesNotExist" -> {
                    if (values) {
                        problems.forbidden(
                                at + ".values",
                                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                    }
                }
                default ->
                        problems.invalid(
                                at + ".operator", operator, "not a valid selector operator");
            }
            Names.qualified(expression.path("key").asText(), at + ".key", problems);
            for (JsonNode value : expression.path("values")) {
                Names.labelValue(value.asText(), at + ".values", problems);
            }
        }
    }

    private static void checkOwners(JsonNode owners, Problems problems) {
        List<String> controllers = new ArrayList<>();
        int i = 0;
        for (JsonNode owner : owners) {
            String at = "metadata.ownerReferences[" + i++ + "]";
            for (String member : List.of("apiVersion", "kind", "name", "uid")) {
                String text = owner.path(member).asText("");
                if (text.isEmpty()) {
                    problems.invalid(at + "." + member, text, "must not be empty");
                }
            }
            if (owner.path("controller").asBoolean()) {
                controllers.add(owner.path("name").asText());
            }
        }
        if (controllers.size() > 1) {
            problems.invalid(
                    "metadata.ownerReferences",
                    owners,
                    "Only one reference can have Controller set to true. Found \"true\" in references for "
                            + controllers.get(0)
                            + " and "
                            + controllers.get(1));
        }
    }

    private static String lowerPrefix(String key) {
        int slash = key.indexOf('/');
        return slash < 0
                ? key
                : key.substring(0, slash).toLowerCase(Locale.ROOT) + key.substring(slash);
    }

    private static long utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
