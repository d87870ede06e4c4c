package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.admission.Attributes.Operation;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * LimitRanges of the pod's namespace: requests and limits that a container leaves out are filled
 * in, and what containers, pods and claims ask for is held within its bounds.
 *
 * <p>Source: Kubernetes documentation, "Limit Ranges".
 */
final class LimitRanger implements Plugin {
    private static final String ANNOTATION = "kubernetes.io/limit-ranger";
    private static final String CLAIMS = "persistentvolumeclaims";

    private final Derived<Map<String, List<ApiObject>>> byNamespace;

    LimitRanger(Cluster cluster) {
        byNamespace =
                new Derived<>(
                        cluster,
                        Resource.LIMIT_RANGES,
                        all -> all.stream().collect(Collectors.groupingBy(ApiObject::namespace)));
    }

    private List<ApiObject> ranges(Attributes attributes) {
        return byNamespace.get().getOrDefault(attributes.namespace(), List.of());
    }

    @Override
    public ObjectNode mutate(Attributes attributes, ObjectNode object) {
        if (!attributes.creates(Resource.PODS)) {
            return object;
        }
        ObjectNode tree = object;
        for (ApiObject range : ranges(attributes)) {
            for (JsonNode item : range.at("/spec/limits")) {
                if (item.path("type").asText().equals("Container")) {
                    tree = filled(tree, item);
                }
            }
        }
        return tree;
    }

    private static ObjectNode filled(ObjectNode pod, JsonNode item) {
        ObjectNode copy = pod.deepCopy();
        List<String> done = new ArrayList<>();
        for (JsonNode container : copy.path("spec").path("containers")) {
            fill(container, item, "container", done);
        }
        for (JsonNode container : copy.path("spec").path("initContainers")) {
            fill(container, item, "init container", done);
        }
        if (done.isEmpty()) {
            return pod;
        }
        copy.withObjectProperty("metadata")
                .withObjectProperty("annotations")
                .put(ANNOTATION, "LimitRanger plugin set: " + String.join("; ", done));
        return copy;
    }

    private static void fill(JsonNode container, JsonNode item, String what, List<String> done) {
        if (!(container instanceof ObjectNode object)) {
            return;
        }
        String name = container.path("name").asText();
        TreeSet<String> limits = fill(object, "limits", item.path("default"));
        TreeSet<String> requests = fill(object, "requests", item.path("defaultRequest"));
        if (!requests.isEmpty()) {
            done.add("%s request for %s %s".formatted(String.join(", ", requests), what, name));
        }
        if (!limits.isEmpty()) {
            done.add("%s limit for %s %s".formatted(String.join(", ", limits), what, name));
        }
    }

    private static TreeSet<String> fill(ObjectNode container, String side, JsonNode defaults) {
        TreeSet<String> set = new TreeSet<>();
        for (Map.Entry<String, JsonNode> amount : defaults.properties()) {
            if (!container.path("resources").path(side).has(amount.getKey())) {
                container
                        .withObjectProperty("resources")
                        .withObjectProperty(side)
                        .set(amount.getKey(), amount.getValue());
                set.add(amount.getKey());
            }
        }
        return set;
    }

    @Override
    public void validate(Attributes attributes) {
        boolean pod = attributes.creates(Resource.PODS);
        boolean claim =
                attributes.resource().group().isEmpty()
                        && attributes.resource().plural().equals(CLAIMS)
                        && attributes.subresource().isEmpty()
                        && attributes.operation() != Operation.DELETE;
        if (!pod && !claim) {
            return;
        }
        List<String> wrong = new ArrayList<>();
        for (ApiObject range : ranges(attributes)) {
            for (JsonNode item : range.at("/spec/limits")) {
                wrong.addAll(LimitBounds.broken(attributes.either(), item));
            }
        }
        if (!wrong.isEmpty()) {
            throw new ApiException(
                    attributes.forbidden(
                            wrong.size() == 1
                                    ? wrong.getFirst()
                                    : "[" + String.join(", ", wrong) + "]"));
        }
    }
}
