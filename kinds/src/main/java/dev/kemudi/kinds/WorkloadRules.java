package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What Deployments, ReplicaSets and Jobs share: counts, and a selector that must find the
 * template's pods.
 */
final class WorkloadRules {
    private static final Pattern PERCENT = Pattern.compile("[0-9]{1,9}%");
    private static final String SELECTOR = "spec.selector";
    private static final String TEMPLATE = "spec.template.spec";

    private WorkloadRules() {}

    /**
     * @param kind lower case, as messages name it
     */
    static void check(ApiObject owner, Optional<ApiObject> old, String kind, Problems problems) {
        for (String count : List.of("replicas", "minReadySeconds", "revisionHistoryLimit")) {
            notNegative(owner, count, problems);
        }
        JsonNode selector = owner.at("/spec/selector");
        if (selector.isMissingNode() || selector.isNull()) {
            problems.required(SELECTOR);
        } else if (selector.path("matchLabels").isEmpty()
                && selector.path("matchExpressions").isEmpty()) {
            problems.invalid(SELECTOR, selector, "empty selector is invalid for " + kind);
        } else {
            ObjectMetaRules.checkSelector(selector, SELECTOR, problems);
            matches(owner, selector, problems);
        }
        selectorUnchanged(selector, old, problems);
        template(owner, problems);
        String policy = owner.text("/spec/template/spec/restartPolicy");
        if (!policy.isEmpty() && !policy.equals("Always")) {
            problems.notSupported(TEMPLATE + ".restartPolicy", policy, Set.of("Always"));
        }
        if (owner.at("/spec/template/spec/activeDeadlineSeconds").isNumber()) {
            problems.forbidden(
                    TEMPLATE + ".activeDeadlineSeconds",
                    "activeDeadlineSeconds in ReplicaSet is not Supported");
        }
    }

    static void template(ApiObject owner, Problems problems) {
        if (!owner.at("/spec/template").isObject()) {
            problems.required("spec.template");
            return;
        }
        ObjectMetaRules.checkLabels(
                owner.at("/spec/template/metadata/labels"), "spec.template.labels", problems);
        ObjectMetaRules.checkAnnotations(
                owner.at("/spec/template/metadata/annotations"),
                "spec.template.annotations",
                problems);
        PodRules.spec(owner.at("/spec/template/spec"), TEMPLATE, problems);
    }

    static void notNegative(ApiObject owner, String name, Problems problems) {
        JsonNode count = owner.at("/spec/" + name);
        if (count.isNumber() && count.asLong() < 0) {
            problems.invalid("spec." + name, count.asLong(), "must be greater than or equal to 0");
        }
    }

    static void selectorUnchanged(JsonNode selector, Optional<ApiObject> old, Problems problems) {
        if (old.isPresent() && !old.get().at("/spec/selector").equals(selector)) {
            problems.immutable(SELECTOR, selector);
        }
    }

    private static void matches(ApiObject owner, JsonNode selector, Problems problems) {
        Map<String, String> labels = owner.textMap("/spec/template/metadata/labels");
        if (!new LabelSelector(selector).matches(labels)) {
            problems.invalid(
                    "spec.template.metadata.labels",
                    owner.at("/spec/template/metadata/labels").isMissingNode()
                            ? "{}"
                            : owner.at("/spec/template/metadata/labels"),
                    "`selector` does not match template `labels`");
        }
    }

    /** A count or a percentage. */
    static void intOrPercent(JsonNode value, String field, boolean atMostAll, Problems problems) {
        if (value.isTextual()) {
            String text = value.asText();
            if (!PERCENT.matcher(text).matches()) {
                problems.invalid(
                        field,
                        text,
                        "a valid percent string must be a numeric string followed by an ending '%' "
                                + "(e.g. '1%',"
                                + "  or '93%', regex used for validation is '[0-9]+%')");
            } else if (atMostAll && percent(value) > 100) {
                problems.invalid(field, text, "must not be greater than 100%");
            }
        } else if (value.isNumber() && value.asLong() < 0) {
            problems.invalid(field, value.asLong(), "must be greater than or equal to 0");
        }
    }

    /** Whether {@code 0} or {@code 0%}. */
    static boolean zero(JsonNode value) {
        return value.isNumber()
                ? value.asLong() == 0
                : PERCENT.matcher(value.asText()).matches() && percent(value) == 0;
    }

    private static long percent(JsonNode value) {
        String text = value.asText();
        return Long.parseLong(text.substring(0, text.length() - 1));
    }
}
