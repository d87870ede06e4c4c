package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** PriorityClasses: names for how important pods are. */
final class PriorityClassStrategy implements Strategy {
    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.integer(
                            "Value",
                            "The priority of pods of this class.",
                            o -> o.at("/value").asInt(0)),
                    new Column(
                            "Global-Default",
                            "boolean",
                            "",
                            "Whether pods that name no class get this one.",
                            0,
                            (o, _) -> o.bool("/globalDefault")),
                    Columns.AGE,
                    Columns.text(
                            "PreemptionPolicy",
                            "Whether pods of this class may drive out others.",
                            o -> o.text("/preemptionPolicy")));

    private static final String PREEMPT = "PreemptLowerPriority";
    private static final int USER_VALUE_MAX = 1_000_000_000;
    private static final String RESERVED = "system-";

    /** The only classes above what users may have. */
    private static final Map<String, Integer> SYSTEM =
            Map.of("system-node-critical", 2_000_001_000, "system-cluster-critical", 2_000_000_000);

    @Override
    public void applyDefaults(ObjectNode object) {
        Fill.text(object, "preemptionPolicy", PREEMPT);
        Fill.number(object, "value", 0);
    }

    @Override
    public List<Cause> validate(ApiObject object, Optional<ApiObject> old) {
        Problems problems = new Problems();
        int value = object.at("/value").asInt(0);
        if (object.name().startsWith(RESERVED)) {
            Integer reserved = SYSTEM.get(object.name());
            if (reserved == null || reserved != value) {
                problems.forbidden(
                        "metadata.name",
                        "priority class names with 'system-' prefix are reserved for system use only."
                                + " error: "
                                + (reserved == null
                                        ? object.name() + " is not a known system priority class"
                                        : "value of "
                                                + object.name()
                                                + " PriorityClass must be "
                                                + reserved));
            }
        } else if (value > USER_VALUE_MAX) {
            problems.forbidden(
                    "value",
                    "maximum allowed value of a user defined priority is " + USER_VALUE_MAX);
        }
        String policy = object.text("/preemptionPolicy");
        if (!policy.equals(PREEMPT) && !policy.equals("Never")) {
            problems.notSupported("preemptionPolicy", policy, List.of(PREEMPT, "Never"));
        }
        old.ifPresent(before -> unchanged(object, before, problems));
        return problems.causes();
    }

    private static void unchanged(ApiObject object, ApiObject old, Problems problems) {
        if (object.at("/value").asInt(0) != old.at("/value").asInt(0)) {
            problems.forbidden("value", "may not be changed in an update.");
        }
        if (!object.text("/preemptionPolicy").equals(old.text("/preemptionPolicy"))) {
            problems.immutable("preemptionPolicy", object.text("/preemptionPolicy"));
        }
    }
}
