package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** HorizontalPodAutoscalers (v2): as many pods as their use of resources asks for. */
final class HorizontalPodAutoscalerStrategy implements Strategy {
    private static final Set<String> SOURCES =
            Set.of("Object", "Pods", "Resource", "External", "ContainerResource");
    private static final int CPU_PERCENT = 80;
    private static final int PERIOD_SECONDS = 15;
    private static final int PERIOD_SECONDS_MAX = 1_800;
    private static final int WINDOW_SECONDS_MAX = 3_600;

    // ---- defaults
    // --------------------------------------------------------------------------------------------------

    @Override
    public void applyDefaults(ObjectNode autoscaler) {
        ObjectNode spec = Fill.object(autoscaler, "spec");
        Fill.number(spec, "minReplicas", 1);
        ArrayNode metrics = Fill.array(spec, "metrics");
        if (metrics.isEmpty()) {
            ObjectNode cpu = metrics.addObject().put("type", "Resource").putObject("resource");
            cpu.put("name", "cpu")
                    .putObject("target")
                    .put("type", "Utilization")
                    .put("averageUtilization", CPU_PERCENT);
        }
        if (spec.path("behavior") instanceof ObjectNode behavior) {
            ObjectNode up = rules(behavior, "scaleUp");
            Fill.number(up, "stabilizationWindowSeconds", 0);
            if (Fill.array(up, "policies").isEmpty()) {
                policy(up, "Pods", 4);
                policy(up, "Percent", 100);
            }
            ObjectNode down = rules(behavior, "scaleDown");
            if (Fill.array(down, "policies").isEmpty()) {
                policy(down, "Percent", 100);
            }
        }
    }

    private static ObjectNode rules(ObjectNode behavior, String direction) {
        ObjectNode rules = Fill.object(behavior, direction);
        Fill.text(rules, "selectPolicy", "Max");
        return rules;
    }

    private static void policy(ObjectNode rules, String type, int value) {
        Fill.array(rules, "policies")
                .addObject()
                .put("type", type)
                .put("value", value)
                .put("periodSeconds", PERIOD_SECONDS);
    }

    @Override
    public void prepareForCreate(ObjectNode autoscaler) {
        autoscaler.putObject("status").put("currentReplicas", 0).put("desiredReplicas", 0);
    }

    // ---- rules
    // -----------------------------------------------------------------------------------------------------

    @Override
    public List<Status.Cause> validate(ApiObject autoscaler, Optional<ApiObject> old) {
        Problems problems = new Problems();
        JsonNode spec = autoscaler.at("/spec");
        long least = spec.path("minReplicas").asLong(1);
        long most = spec.path("maxReplicas").asLong(0);
        if (least < 1) {
            problems.invalid("spec.minReplicas", least, "must be greater than or equal to 1");
        }
        if (most < 1) {
            problems.invalid("spec.maxReplicas", most, "must be greater than 0");
        }
        if (most < least) {
            problems.invalid(
                    "spec.maxReplicas", most, "must be greater than or equal to `minReplicas`");
        }
        for (String member : List.of("kind", "name")) {
            if (spec.path("scaleTargetRef").path(member).asText("").isEmpty()) {
                problems.required("spec.scaleTargetRef." + member);
            }
        }
        int i = 0;
        for (JsonNode metric : spec.path("metrics")) {
            metric(metric, "spec.metrics[" + i++ + "]", problems);
        }
        for (String direction : List.of("scaleUp", "scaleDown")) {
            rules(spec.path("behavior").path(direction), "spec.behavior." + direction, problems);
        }
        return problems.causes();
    }

    private static void metric(JsonNode metric, String field, Problems problems) {
        String type = metric.path("type").asText("");
        if (type.isEmpty()) {
            problems.required(field + ".type", "must specify a metric source type");
            return;
        }
        if (!SOURCES.contains(type)) {
            problems.notSupported(field + ".type", type, SOURCES);
            return;
        }
        String member = type.substring(0, 1).toLowerCase(Locale.ROOT) + type.substring(1);
        JsonNode source = metric.path(member);
        if (!source.isObject()) {
            problems.required(
                    field + "." + member, "must populate information for the given metric source");
            return;
        }
        boolean resource = type.equals("Resource") || type.equals("ContainerResource");
        if (resource && source.path("name").asText("").isEmpty()) {
            problems.required(field + "." + member + ".name", "must specify a resource name");
        }
        target(source.path("target"), field + "." + member + ".target", resource, problems);
    }

    private static void target(JsonNode target, String field, boolean resource, Problems problems) {
        if (target.path("type").asText("").isEmpty()) {
            problems.required(field + ".type", "must specify a metric target type");
        }
        PodRules.oneOf(
                target, "type", Set.of("Utilization", "Value", "AverageValue"), field, problems);
        JsonNode percent = target.path("averageUtilization");
        if (percent.isNumber() && percent.asLong() < 1) {
            problems.invalid(
                    field + ".averageUtilization", percent.asLong(), "must be greater than 0");
        }
        boolean average = target.hasNonNull("averageValue");
        if (resource && percent.isNumber() && average) {
            problems.forbidden(
                    field + ".averageValue",
                    "may not set both a target raw value and a target utilization");
        } else if (resource && !percent.isNumber() && !average) {
            problems.required(
                    field + ".averageUtilization",
                    "must set either a target raw value or a target utilization");
        }
        for (String amount : List.of("value", "averageValue")) {
            if (target.hasNonNull(amount)
                    && ResourceRules.quantity(target.path(amount))
                            .filter(q -> q.signum() > 0)
                            .isEmpty()) {
                problems.invalid(
                        field + "." + amount, target.path(amount).asText(), "must be positive");
            }
        }
    }

    private static void rules(JsonNode rules, String field, Problems problems) {
        if (!rules.isObject()) {
            return;
        }
        PodRules.oneOf(rules, "selectPolicy", Set.of("Max", "Min", "Disabled"), field, problems);
        between(rules, "stabilizationWindowSeconds", 0, WINDOW_SECONDS_MAX, field, problems);
        if (rules.path("policies").isEmpty()) {
            problems.required(field + ".policies", "must specify at least one Policy");
        }
        int i = 0;
        for (JsonNode policy : rules.path("policies")) {
            String at = field + ".policies[" + i++ + "]";
            if (policy.path("type").asText("").isEmpty()) {
                problems.required(at + ".type");
            }
            PodRules.oneOf(policy, "type", Set.of("Pods", "Percent"), at, problems);
            between(policy, "value", 1, Integer.MAX_VALUE, at, problems);
            between(policy, "periodSeconds", 1, PERIOD_SECONDS_MAX, at, problems);
        }
    }

    private static void between(
            JsonNode node, String name, long least, long most, String field, Problems problems) {
        JsonNode value = node.path(name);
        if (!value.isNumber()) {
            return;
        }
        if (value.asLong() < least) {
            problems.invalid(
                    field + "." + name,
                    value.asLong(),
                    least == 0
                            ? "must be greater than or equal to zero"
                            : "must be greater than zero");
        } else if (value.asLong() > most) {
            problems.invalid(
                    field + "." + name, value.asLong(), "must be less than or equal to " + most);
        }
    }
}
