package dev.kemudi.kinds;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.StoredForm;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;

/**
 * HorizontalPodAutoscalers as {@code autoscaling/v1} shows them: one target, for cpu. What v1 has
 * no words for travels in annotations, so that a client of v1 that reads and writes loses nothing.
 */
final class OldAutoscalerStrategy implements Strategy {
    private static final String TARGET = "targetCPUUtilizationPercentage";
    private static final String CURRENT = "currentCPUUtilizationPercentage";
    private static final String ANNOTATION = "autoscaling.alpha.kubernetes.io/";
    private static final int CPU_PERCENT = 80;

    private static final StoredForm FORM =
            new StoredForm(
                    Resource.HORIZONTAL_POD_AUTOSCALERS,
                    OldAutoscalerStrategy::toStored,
                    OldAutoscalerStrategy::fromStored);

    private final HorizontalPodAutoscalerStrategy newest = new HorizontalPodAutoscalerStrategy();

    static List<Column> columns() {
        return HorizontalPodAutoscalerColumns.ALL.stream()
                .map(c ->
                        new Column(
                                c.name(),
                                c.type(),
                                c.format(),
                                c.description(),
                                c.priority(),
                                (shown, now) -> c.value().apply(stored(shown), now)))
                .toList();
    }

    private static ApiObject stored(ApiObject shown) {
        return ApiObject.of(toStored(shown.tree().deepCopy()));
    }

    @Override
    public Optional<StoredForm> storedForm() {
        return Optional.of(FORM);
    }

    // ---- there and back
    // --------------------------------------------------------------------------------------------

    private static ObjectNode toStored(ObjectNode tree) {
        ObjectNode metadata = own(tree, "metadata");
        if (tree.path("spec").isObject()) {
            ObjectNode spec = own(tree, "spec");
            ArrayNode metrics = spec.arrayNode();
            JsonNode percent = spec.remove(TARGET);
            if (percent != null && percent.isNumber()) {
                cpu(metrics, "target")
                        .put("type", "Utilization")
                        .set("averageUtilization", percent);
            }
            unpack(metadata, "metrics").ifPresent(more -> more.forEach(metrics::add));
            if (!metrics.isEmpty()) {
                spec.set("metrics", metrics);
            }
            unpack(metadata, "behavior").ifPresent(behavior -> spec.set("behavior", behavior));
        }
        if (tree.path("status").isObject()) {
            ObjectNode status = own(tree, "status");
            ArrayNode metrics = status.arrayNode();
            JsonNode percent = status.remove(CURRENT);
            if (percent != null && percent.isNumber()) {
                cpu(metrics, "current").set("averageUtilization", percent);
            }
            unpack(metadata, "current-metrics")
                    .ifPresent(more -> {
                        metrics.removeAll(); // it holds the whole list
                        more.forEach(metrics::add);
                    });
            if (!metrics.isEmpty()) {
                status.set("currentMetrics", metrics);
            }
            unpack(metadata, "conditions").ifPresent(c -> status.set("conditions", c));
        }
        return tree;
    }

    private static ObjectNode cpu(ArrayNode metrics, String member) {
        return metrics.addObject()
                .put("type", "Resource")
                .putObject("resource")
                .put("name", "cpu")
                .putObject(member);
    }

    private static ObjectNode fromStored(ObjectNode tree) {
        ObjectNode metadata = own(tree, "metadata");
        if (tree.path("spec").isObject()) {
            ObjectNode spec = own(tree, "spec");
            ArrayNode others = spec.arrayNode();
            JsonNode metrics = spec.remove("metrics");
            if (metrics != null) {
                for (JsonNode metric : metrics) {
                    JsonNode percent = metric.at("/resource/target/averageUtilization");
                    if (isCpu(metric) && percent.isNumber() && !spec.has(TARGET)) {
                        spec.set(TARGET, percent);
                    } else {
                        others.add(metric);
                    }
                }
            }
            pack(metadata, "metrics", others);
            JsonNode behavior = spec.remove("behavior");
            pack(metadata, "behavior", behavior == null ? spec.missingNode() : behavior);
        }
        if (tree.path("status").isObject()) {
            ObjectNode status = own(tree, "status");
            JsonNode metrics = status.remove("currentMetrics");
            if (metrics != null) {
                for (JsonNode metric : metrics) {
                    JsonNode percent = metric.at("/resource/current/averageUtilization");
                    if (isCpu(metric) && percent.isNumber()) {
                        status.set(CURRENT, percent);
                    }
                }
                pack(metadata, "current-metrics", metrics);
            }
            JsonNode conditions = status.remove("conditions");
            pack(metadata, "conditions", conditions == null ? status.missingNode() : conditions);
        }
        return tree;
    }

    private static boolean isCpu(JsonNode metric) {
        return metric.path("type").asText().equals("Resource")
                && metric.at("/resource/name").asText().equals("cpu");
    }

    /**
     * The member as a copy that may be changed: what is given shares its members with the cache.
     */
    private static ObjectNode own(ObjectNode tree, String member) {
        ObjectNode copy =
                tree.path(member) instanceof ObjectNode object
                        ? object.deepCopy()
                        : tree.objectNode();
        tree.set(member, copy);
        return copy;
    }

    private static void pack(ObjectNode metadata, String name, JsonNode content) {
        if (!content.isEmpty()) {
            Fill.object(metadata, "annotations").put(ANNOTATION + name, content.toString());
        }
    }

    /** What stands in the annotation, which goes; empty when there is none or it means nothing. */
    private static Optional<JsonNode> unpack(ObjectNode metadata, String name) {
        if (!(metadata.path("annotations") instanceof ObjectNode annotations)) {
            return Optional.empty();
        }
        JsonNode text = annotations.remove(ANNOTATION + name);
        if (annotations.isEmpty()) {
            metadata.remove("annotations");
        }
        if (text == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(Json.MAPPER.readTree(text.asText()))
                    .filter(JsonNode::isContainerNode);
        } catch (JsonProcessingException _) {
            return Optional.empty(); // as Kubernetes: somebody else's text is no metric
        }
    }

    // ---- the kind's rules
    // ------------------------------------------------------------------------------------------

    @Override
    public void applyDefaults(ObjectNode autoscaler) {
        ObjectNode spec = Fill.object(autoscaler, "spec");
        Fill.number(spec, "minReplicas", 1);
        boolean others = autoscaler.at("/metadata/annotations").has(ANNOTATION + "metrics");
        if (!others) {
            Fill.number(spec, TARGET, CPU_PERCENT);
        }
    }

    @Override
    public void prepareForCreate(ObjectNode autoscaler) {
        newest.prepareForCreate(autoscaler);
    }

    @Override
    public List<Status.Cause> validate(ApiObject shown, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode percent = shown.at("/spec/" + TARGET);
        if (percent.isNumber() && percent.asLong() < 1) {
            problems.invalid("spec." + TARGET, percent.asLong(), "must be greater than 0");
            return problems.causes();
        }
        return newest.validate(stored(shown), old.map(OldAutoscalerStrategy::stored));
    }
}
