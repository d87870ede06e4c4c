package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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
        PodDefaults.ofTemplate(spec);
    }

    @Override
    public void prepareForCreate(ObjectNode deployment) {
        deployment.putObject("status");
    }

    @Override
    public List<Status.Cause> validate(ApiObject deployment, Optional<ApiObject> old) {
        Problems problems = new Problems();
        WorkloadRules.check(deployment, old, "deployment", problems);
        rollout(deployment, problems);
        JsonNode deadline = deployment.at("/spec/progressDeadlineSeconds");
        if (deadline.isNumber() && deadline.asLong() < 0) {
            problems.invalid(
                    "spec.progressDeadlineSeconds",
                    deadline.asLong(),
                    "must be greater than or equal to 0");
        } else if (deadline.isNumber()
                && deadline.asLong() <= deployment.integer("/spec/minReadySeconds", 0)) {
            problems.invalid(
                    "spec.progressDeadlineSeconds",
                    deadline.asLong(),
                    "must be greater than minReadySeconds");
        }
        return problems.causes();
    }

    private static void rollout(ApiObject deployment, Problems problems) {
        JsonNode strategy = deployment.at("/spec/strategy");
        JsonNode rolling = strategy.path("rollingUpdate");
        String field = "spec.strategy.rollingUpdate";
        switch (strategy.path("type").asText()) {
            case "Recreate" -> {
                if (rolling.isObject()) {
                    problems.forbidden(
                            field, "may not be specified when strategy `type` is 'Recreate'");
                }
            }
            case "RollingUpdate" -> {
                JsonNode unavailable = rolling.path("maxUnavailable");
                WorkloadRules.intOrPercent(unavailable, field + ".maxUnavailable", true, problems);
                WorkloadRules.intOrPercent(
                        rolling.path("maxSurge"), field + ".maxSurge", false, problems);
                if (WorkloadRules.zero(unavailable)
                        && WorkloadRules.zero(rolling.path("maxSurge"))) {
                    problems.invalid(
                            field + ".maxUnavailable",
                            unavailable.isTextual() ? unavailable.asText() : unavailable,
                            "may not be 0 when `maxSurge` is 0");
                }
            }
            default ->
                    problems.notSupported(
                            "spec.strategy.type",
                            strategy.path("type").asText(),
                            Set.of("Recreate", "RollingUpdate"));
        }
    }
}
