package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Deployments: rolling updates of a pod template. */
final class DeploymentStrategy implements Strategy {
    static final List<Column> COLUMNS = columns();

    private static List<Column> columns() {
        List<Column> columns =
                new ArrayList<>(
                        List.of(
                                Columns.NAME,
                                Columns.text(
                                        "Ready",
                                        "Ready pods, of those wanted.",
                                        DeploymentStrategy::ready),
                                Columns.integer(
                                        "Up-to-date",
                                        "Pods of the newest template.",
                                        o -> o.integer("/status/updatedReplicas", 0)),
                                Columns.integer(
                                        "Available",
                                        "Pods ready for minReadySeconds.",
                                        o -> o.integer("/status/availableReplicas", 0)),
                                Columns.AGE));
        columns.addAll(Columns.ofTemplate());
        return List.copyOf(columns);
    }

    private static String ready(ApiObject deployment) {
        return deployment.integer("/status/readyReplicas", 0)
                + "/"
                + deployment.integer("/spec/replicas", 0);
    }

    @Override
    public void applyDefaults(ObjectNode deployment) {
        ObjectNode spec = Fill.object(deployment, "spec");
        Fill.number(spec, "replicas", 1);
        Fill.number(spec, "revisionHistoryLimit", 10);
        Fill.number(spec, "progressDeadlineSeconds", 600);
        ObjectNode strategy = Fill.object(spec, "strategy");
        Fill.text(strategy, "type", "RollingUpdate");
        if (strategy.path("type").asText().equals("RollingUpdate")) {
            ObjectNode rolling = Fill.object(strategy, "rollingUpdate");
            Fill.text(rolling, "maxUnavailable", "25%");
            Fill.text(rolling, "maxSurge", "25%");
        }
        PodTemplate.applyDefaults(spec);
    }

    @Override
    public void prepareForCreate(ObjectNode deployment) {
        deployment.putObject("status");
    }

    @Override
    public List<Status.Cause> validate(ApiObject deployment, Optional<ApiObject> old) {
        Problems problems = new Problems();
        PodTemplate.validate(deployment, old, problems);
        return problems.causes();
    }
}
