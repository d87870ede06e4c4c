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

/** DaemonSets: one pod on every node that fits. */
final class DaemonSetStrategy implements Strategy {
    static final List<Column> COLUMNS = columns();

    private static final String GENERATION = "deprecated.daemonset.template.generation";
    private static final String ROLLING = "RollingUpdate";
    private static final String FIELD = "spec.updateStrategy.rollingUpdate";

    private static List<Column> columns() {
        List<Column> columns =
                new ArrayList<>(
                        List.of(
                                Columns.NAME,
                                counter(
                                        "Desired",
                                        "Nodes that should run the pod.",
                                        "desiredNumberScheduled"),
                                counter(
                                        "Current",
                                        "Nodes that run it and should.",
                                        "currentNumberScheduled"),
                                counter("Ready", "Nodes where it is ready.", "numberReady"),
                                counter(
                                        "Up-to-date",
                                        "Nodes with the newest template.",
                                        "updatedNumberScheduled"),
                                counter(
                                        "Available",
                                        "Nodes where it is ready for minReadySeconds.",
                                        "numberAvailable"),
                                Columns.text(
                                        "Node Selector",
                                        "Labels a node must have.",
                                        o -> Columns.map(o.at("/spec/template/spec/nodeSelector"))),
                                Columns.AGE));
        columns.addAll(Columns.ofTemplate());
        return List.copyOf(columns);
    }

    private static Column counter(String name, String description, String member) {
        return Columns.integer(name, description, o -> o.integer("/status/" + member, 0));
    }

    @Override
    public void applyDefaults(ObjectNode set) {
        ObjectNode spec = Fill.object(set, "spec");
        Fill.number(spec, "revisionHistoryLimit", 10);
        ObjectNode strategy = Fill.object(spec, "updateStrategy");
        Fill.text(strategy, "type", ROLLING);
        if (strategy.path("type").asText().equals(ROLLING)) {
            ObjectNode rolling = Fill.object(strategy, "rollingUpdate");
            Fill.number(rolling, "maxUnavailable", 1);
            Fill.number(rolling, "maxSurge", 0);
        }
        PodDefaults.ofTemplate(spec);
    }

    @Override
    public void prepareForCreate(ObjectNode set) {
        generation(set, 1);
        ObjectNode status = set.putObject("status");
        for (String counter :
                List.of(
                        "currentNumberScheduled",
                        "desiredNumberScheduled",
                        "numberMisscheduled",
                        "numberReady")) {
            status.put(counter, 0);
        }
    }

    /** The template's own generation: the pods carry it, and old clients read it. */
    @Override
    public void prepareForUpdate(ObjectNode set, ApiObject old) {
        String text = old.annotations().getOrDefault(GENERATION, "");
        long before = text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
        boolean same = set.at("/spec/template").equals(old.at("/spec/template"));
        generation(set, same ? before : before + 1);
    }

    private static void generation(ObjectNode set, long generation) {
        Fill.object(Fill.object(set, "metadata"), "annotations")
                .put(GENERATION, Long.toString(generation));
    }

    @Override
    public List<Status.Cause> validate(ApiObject set, Optional<ApiObject> old) {
        Problems problems = new Problems();
        WorkloadRules.check(set, old, "daemonset", problems);
        String type = set.text("/spec/updateStrategy/type");
        if (type.equals(ROLLING)) {
            rolling(set.at("/spec/updateStrategy/rollingUpdate"), problems);
        } else if (!type.equals("OnDelete")) {
            problems.notSupported("spec.updateStrategy.type", type, List.of(ROLLING, "OnDelete"));
        }
        return problems.causes();
    }

    private static void rolling(JsonNode rolling, Problems problems) {
        JsonNode unavailable = rolling.path("maxUnavailable");
        JsonNode surge = rolling.path("maxSurge");
        WorkloadRules.intOrPercent(unavailable, FIELD + ".maxUnavailable", true, problems);
        WorkloadRules.intOrPercent(surge, FIELD + ".maxSurge", true, problems);
        boolean noUnavailable = WorkloadRules.zero(unavailable);
        boolean noSurge = WorkloadRules.zero(surge);
        if (!noUnavailable && !noSurge) {
            problems.invalid(
                    FIELD + ".maxSurge",
                    surge.isTextual() ? surge.asText() : surge,
                    "may not be set when maxUnavailable is non-zero");
        } else if (noUnavailable && noSurge) {
            problems.required(FIELD + ".maxUnavailable", "cannot be 0 when maxSurge is 0");
        }
    }
}
