package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** ReplicationControllers: what ReplicaSets were before; their selector is a plain map. */
final class ReplicationControllerStrategy implements Strategy {
    static final List<Column> COLUMNS = columns();
    private static final String LABELS = "/spec/template/metadata/labels";

    private static List<Column> columns() {
        List<Column> columns =
                new ArrayList<>(
                        List.of(
                                Columns.NAME,
                                Columns.integer(
                                        "Desired",
                                        "Pods wanted.",
                                        o -> o.integer("/spec/replicas", 0)),
                                Columns.integer(
                                        "Current",
                                        "Pods that exist.",
                                        o -> o.integer("/status/replicas", 0)),
                                Columns.integer(
                                        "Ready",
                                        "Pods that are ready.",
                                        o -> o.integer("/status/readyReplicas", 0)),
                                Columns.AGE));
        columns.addAll(Columns.ofTemplate().subList(0, 2));
        columns.add(
                Columns.wide(
                        "Selector",
                        "Selects the pods that belong to this object.",
                        o -> Columns.map(o.at("/spec/selector"))));
        return List.copyOf(columns);
    }

    @Override
    public void applyDefaults(ObjectNode controller) {
        ObjectNode spec = Fill.object(controller, "spec");
        Fill.number(spec, "replicas", 1);
        if (controller.at(LABELS) instanceof ObjectNode labels && !labels.isEmpty()) {
            if (spec.path("selector").isEmpty()) {
                spec.set("selector", labels.deepCopy());
            }
            if (controller.path("metadata") instanceof ObjectNode metadata
                    && metadata.path("labels").isEmpty()) {
                metadata.set("labels", labels.deepCopy());
            }
        }
        PodDefaults.ofTemplate(spec);
    }

    @Override
    public void prepareForCreate(ObjectNode controller) {
        controller.putObject("status").put("replicas", 0);
    }

    @Override
    public List<Status.Cause> validate(ApiObject controller, Optional<ApiObject> old) {
        Problems problems = new Problems();
        WorkloadRules.notNegative(controller, "minReadySeconds", problems);
        Map<String, String> selector = controller.textMap("/spec/selector");
        if (selector.isEmpty()) {
            problems.required("spec.selector");
        }
        WorkloadRules.notNegative(controller, "replicas", problems);
        JsonNode labels = controller.at(LABELS);
        if (!controller.textMap(LABELS).entrySet().containsAll(selector.entrySet())) {
            problems.invalid(
                    "spec.template.metadata.labels",
                    labels.isMissingNode() ? "{}" : labels,
                    "`selector` does not match template `labels`");
        }
        WorkloadRules.template(controller, problems);
        String policy = controller.text("/spec/template/spec/restartPolicy");
        if (!policy.isEmpty() && !policy.equals("Always")) {
            problems.notSupported("spec.template.spec.restartPolicy", policy, Set.of("Always"));
        }
        return problems.causes();
    }

    @Override
    public Map<String, String> selectableFields(ApiObject controller) {
        return Map.of("status.replicas", String.valueOf(controller.integer("/status/replicas", 0)));
    }
}
