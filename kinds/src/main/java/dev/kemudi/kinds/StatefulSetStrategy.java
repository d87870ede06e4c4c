package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** StatefulSets: pods with names and storage that stay theirs. */
final class StatefulSetStrategy implements Strategy {
    static final List<Column> COLUMNS = columns();

    private static final List<String> MUTABLE =
            List.of(
                    "replicas",
                    "ordinals",
                    "template",
                    "updateStrategy",
                    "persistentVolumeClaimRetentionPolicy",
                    "minReadySeconds");
    private static final String ROLLING = "RollingUpdate";
    private static final String STRATEGY = "spec.updateStrategy";

    private static List<Column> columns() {
        List<Column> columns =
                new ArrayList<>(
                        List.of(
                                Columns.NAME,
                                Columns.text(
                                        "Ready",
                                        "Ready pods, of those wanted.",
                                        o ->
                                                o.integer("/status/readyReplicas", 0)
                                                        + "/"
                                                        + o.integer("/spec/replicas", 0)),
                                Columns.AGE));
        columns.addAll(Columns.ofTemplate().subList(0, 2));
        return List.copyOf(columns);
    }

    @Override
    public void applyDefaults(ObjectNode set) {
        ObjectNode spec = Fill.object(set, "spec");
        Fill.number(spec, "replicas", 1);
        Fill.number(spec, "revisionHistoryLimit", 10);
        Fill.text(spec, "podManagementPolicy", "OrderedReady");
        ObjectNode strategy = Fill.object(spec, "updateStrategy");
        Fill.text(strategy, "type", ROLLING);
        if (strategy.path("type").asText().equals(ROLLING)) {
            Fill.number(Fill.object(strategy, "rollingUpdate"), "partition", 0);
        }
        ObjectNode retention = Fill.object(spec, "persistentVolumeClaimRetentionPolicy");
        Fill.text(retention, "whenDeleted", "Retain");
        Fill.text(retention, "whenScaled", "Retain");
        for (ObjectNode claim : Fill.items(spec, "volumeClaimTemplates")) {
            Fill.text(claim, "apiVersion", "v1");
            Fill.text(claim, "kind", "PersistentVolumeClaim");
            Fill.text(Fill.object(claim, "spec"), "volumeMode", "Filesystem");
            Fill.text(Fill.object(claim, "status"), "phase", "Pending");
        }
        PodDefaults.ofTemplate(spec);
    }

    @Override
    public void prepareForCreate(ObjectNode set) {
        set.putObject("status").put("replicas", 0).put("availableReplicas", 0);
    }

    @Override
    public List<Status.Cause> validate(ApiObject set, Optional<ApiObject> old) {
        Problems problems = new Problems();
        WorkloadRules.check(set, Optional.empty(), "statefulset", problems);
        String management = set.text("/spec/podManagementPolicy");
        if (!management.equals("OrderedReady") && !management.equals("Parallel")) {
            problems.invalid(
                    "spec.podManagementPolicy", management, "must be 'OrderedReady' or 'Parallel'");
        }
        updates(set.at("/spec/updateStrategy"), problems);
        for (String moment : List.of("whenDeleted", "whenScaled")) {
            PodRules.oneOf(
                    set.at("/spec/persistentVolumeClaimRetentionPolicy"),
                    moment,
                    Set.of("Retain", "Delete"),
                    "spec.persistentVolumeClaimRetentionPolicy",
                    problems);
        }
        JsonNode start = set.at("/spec/ordinals/start");
        if (start.isNumber() && start.asLong() < 0) {
            problems.invalid(
                    "spec.ordinals.start", start.asLong(), "must be greater than or equal to 0");
        }
        old.ifPresent(before -> unchanged(set, before, problems));
        return problems.causes();
    }

    private static void updates(JsonNode strategy, Problems problems) {
        JsonNode rolling = strategy.path("rollingUpdate");
        switch (strategy.path("type").asText()) {
            case "OnDelete" -> {
                if (rolling.isObject()) {
                    problems.invalid(
                            STRATEGY + ".rollingUpdate",
                            rolling,
                            "only allowed for updateStrategy 'RollingUpdate'");
                }
            }
            case ROLLING -> {
                JsonNode partition = rolling.path("partition");
                if (partition.isNumber() && partition.asLong() < 0) {
                    problems.invalid(
                            STRATEGY + ".rollingUpdate.partition",
                            partition.asLong(),
                            "must be greater than or equal to 0");
                }
                WorkloadRules.intOrPercent(
                        rolling.path("maxUnavailable"),
                        STRATEGY + ".rollingUpdate.maxUnavailable",
                        true,
                        problems);
            }
            default ->
                    problems.invalid(STRATEGY, strategy, "must be 'RollingUpdate' or 'OnDelete'");
        }
    }

    private static void unchanged(ApiObject set, ApiObject before, Problems problems) {
        if (!fixed(set).equals(fixed(before))) {
            problems.forbidden(
                    "spec",
                    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template',"
                            + " 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and"
                            + " 'minReadySeconds' are forbidden");
        }
    }

    private static ObjectNode fixed(ApiObject set) {
        return set.at("/spec") instanceof ObjectNode spec
                ? spec.deepCopy().remove(MUTABLE)
                : JsonNodeFactory.instance.objectNode();
    }
}
