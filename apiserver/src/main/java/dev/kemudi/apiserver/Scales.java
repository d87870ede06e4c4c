package dev.kemudi.apiserver;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.Attributes.Operation;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.ResourceDefinition.Scale;
import dev.kemudi.api.Status;
import dev.kemudi.api.Status.Cause;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The {@code autoscaling/v1} Scale of any kind that says where its replicas are. */
final class Scales {
    private final Writes writes;
    private final Admitting admission;

    Scales(Writes writes, Admitting admission) {
        this.writes = writes;
        this.admission = admission;
    }

    static ObjectNode of(Kind kind, ApiObject object) {
        Scale where = where(kind);
        ObjectNode scale = Json.MAPPER.createObjectNode();
        scale.put("kind", "Scale").put("apiVersion", "autoscaling/v1");
        ObjectNode metadata = scale.putObject("metadata").put("name", object.name());
        if (kind.resource().namespaced()) {
            metadata.put("namespace", object.namespace());
        }
        metadata.put("uid", object.uid()).put("resourceVersion", object.resourceVersion());
        metadata.set("creationTimestamp", object.at("/metadata/creationTimestamp"));
        scale.putObject("spec").put("replicas", object.at(where.specReplicas()).asInt(0));
        ObjectNode status = scale.putObject("status");
        status.put("replicas", object.at(where.statusReplicas()).asInt(0));
        String selector =
                selectorText(where.selector().isEmpty() ? null : object.at(where.selector()));
        if (!selector.isEmpty()) {
            status.put("selector", selector);
        }
        return scale;
    }

    private static Scale where(Kind kind) {
        return kind.definition()
                .scale()
                .orElseThrow(() ->
                        new ApiException(
                                Status.of(
                                        404,
                                        "NotFound",
                                        "the server could not find the requested resource")));
    }

    private static String selectorText(@org.jspecify.annotations.Nullable JsonNode selector) {
        if (selector == null || selector.isMissingNode()) {
            return "";
        }
        if (selector.isTextual()) {
            return selector.asText();
        }
        JsonNode labels =
                selector.has("matchLabels") || selector.has("matchExpressions")
                        ? selector.path("matchLabels")
                        : selector;
        StringBuilder text = new StringBuilder();
        labels.properties()
                .forEach(e ->
                        text.append(text.isEmpty() ? "" : ",")
                                .append(e.getKey())
                                .append('=')
                                .append(e.getValue().asText()));
        for (JsonNode expression : selector.path("matchExpressions")) {
            text.append(text.isEmpty() ? "" : ",").append(requirement(expression));
        }
        return text.toString();
    }

    private static String requirement(JsonNode expression) {
        String key = expression.path("key").asText();
        StringBuilder values = new StringBuilder();
        expression
                .path("values")
                .forEach(v -> values.append(values.isEmpty() ? "" : ",").append(v.asText()));
        return switch (expression.path("operator").asText()) {
            case "In" -> key + " in (" + values + ")";
            case "NotIn" -> key + " notin (" + values + ")";
            case "DoesNotExist" -> "!" + key;
            default -> key;
        };
    }

    /**
     * @return the object behind the scale, changed
     */
    ApiObject change(
            Kind kind,
            String namespace,
            String name,
            UnaryOperator<ObjectNode> change,
            WriteOptions options) {
        Scale where = where(kind);
        return writes.replace(
                kind,
                namespace,
                name,
                "scale",
                "",
                old -> {
                    ObjectNode before = of(kind, old);
                    ObjectNode wanted =
                            admitted(kind, before, change.apply(before.deepCopy()), options);
                    JsonNode replicas = wanted.at("/spec/replicas");
                    if (!replicas.isMissingNode() && !replicas.canConvertToInt()
                            || replicas.asInt(0) < 0) {
                        throw new ApiException(
                                Status.invalid(
                                        kind.resource(),
                                        name,
                                        List.of(
                                                new Cause(
                                                        "FieldValueInvalid",
                                                        "Invalid value: "
                                                                + replicas
                                                                + ": must be greater than or equal to 0",
                                                        "spec.replicas"))));
                    }
                    String version = wanted.at("/metadata/resourceVersion").asText("");
                    ObjectNode tree = old.tree().deepCopy();
                    if (!version.isEmpty()) {
                        ObjectMeta.of(tree).put("resourceVersion", version);
                    }
                    set(tree, where.specReplicas(), replicas.asInt(0));
                    return tree;
                },
                options);
    }

    private ObjectNode admitted(
            Kind kind, ObjectNode before, ObjectNode wanted, WriteOptions options) {
        if (!wanted.has("kind")) {
            wanted.put("kind", "Scale").put("apiVersion", "autoscaling/v1");
        }
        ApiObject old = ApiObject.of(before);
        return admission.passed(
                new Admitting.Request(
                        Operation.UPDATE,
                        kind,
                        "scale",
                        old.namespace(),
                        old.name(),
                        Optional.of(wanted),
                        Optional.of(old),
                        options));
    }

    private static void set(ObjectNode tree, String pointer, int replicas) {
        JsonPointer path = JsonPointer.compile(pointer);
        ObjectNode at = tree;
        for (JsonPointer p = path; !p.tail().matches(); p = p.tail()) {
            at = at.withObjectProperty(p.getMatchingProperty());
        }
        at.put(path.last().getMatchingProperty(), replicas);
    }
}
