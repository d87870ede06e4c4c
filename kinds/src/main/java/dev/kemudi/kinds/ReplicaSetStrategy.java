package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** ReplicaSets: so many pods of one template. */
final class ReplicaSetStrategy implements Strategy {
    static final List<Column> COLUMNS = columns();

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
        columns.addAll(Columns.ofTemplate());
        return List.copyOf(columns);
    }

    @Override
    public void applyDefaults(ObjectNode replicaSet) {
        ObjectNode spec = Fill.object(replicaSet, "spec");
        Fill.number(spec, "replicas", 1);
        PodDefaults.ofTemplate(spec);
    }

    @Override
    public void prepareForCreate(ObjectNode replicaSet) {
        replicaSet.putObject("status").put("replicas", 0);
    }

    @Override
    public List<Status.Cause> validate(ApiObject replicaSet, Optional<ApiObject> old) {
        Problems problems = new Problems();
        WorkloadRules.check(replicaSet, old, "replica set", problems);
        return problems.causes();
    }

    @Override
    public Map<String, String> selectableFields(ApiObject replicaSet) {
        return Map.of("status.replicas", String.valueOf(replicaSet.integer("/status/replicas", 0)));
    }
}
