package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** PodDisruptionBudgets: how many pods of a selection may be evicted at a time. */
final class PodDisruptionBudgetStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Min Available",
                            "How many pods must stay available.",
                            o -> count(o, "/spec/minAvailable")),
                    Columns.text(
                            "Max Unavailable",
                            "How many pods may be unavailable.",
                            o -> count(o, "/spec/maxUnavailable")),
                    Columns.integer(
                            "Allowed Disruptions",
                            "How many pods may be evicted now.",
                            o -> o.integer("/status/disruptionsAllowed", 0)),
                    Columns.AGE);

    private static final List<String> COUNTERS =
            List.of("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods");

    private static String count(ApiObject budget, String pointer) {
        JsonNode count = budget.at(pointer);
        return count.isMissingNode() || count.isNull() ? "N/A" : count.asText();
    }

    @Override
    public void prepareForCreate(ObjectNode budget) {
        ObjectNode status = budget.putObject("status");
        COUNTERS.forEach(counter -> status.put(counter, 0));
    }

    @Override
    public List<Status.Cause> validate(ApiObject budget, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode spec = budget.at("/spec");
        if (spec.hasNonNull("minAvailable") && spec.hasNonNull("maxUnavailable")) {
            problems.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
        }
        for (String count : List.of("minAvailable", "maxUnavailable")) {
            WorkloadRules.intOrPercent(spec.path(count), "spec." + count, true, problems);
        }
        PodRules.oneOf(
                spec,
                "unhealthyPodEvictionPolicy",
                Set.of("AlwaysAllow", "IfHealthyBudget"),
                "spec",
                problems);
        ObjectMetaRules.checkSelector(spec.path("selector"), "spec.selector", problems);
        for (String counter : COUNTERS) {
            JsonNode count = budget.at("/status/" + counter);
            if (count.isNumber() && count.asLong() < 0) {
                problems.invalid(
                        "status." + counter, count.asLong(), "must be greater than or equal to 0");
            }
        }
        return problems.causes();
    }
}
