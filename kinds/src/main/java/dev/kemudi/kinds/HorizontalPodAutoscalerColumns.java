package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The table view of autoscalers: what is used, of what is aimed at. */
final class HorizontalPodAutoscalerColumns {
    private static final String UNKNOWN = "<unknown>";

    /** Longer lists of metrics are cut, as kubectl shows them. */
    private static final int METRICS_MAX = 2;

    static final List<Column> ALL =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Reference",
                            "What is scaled.",
                            o ->
                                    o.text("/spec/scaleTargetRef/kind")
                                            + "/"
                                            + o.text("/spec/scaleTargetRef/name")),
                    Columns.text(
                            "Targets",
                            "What is used, of what is aimed at.",
                            HorizontalPodAutoscalerColumns::targets),
                    Columns.text(
                            "MinPods",
                            "As few pods as there may be.",
                            o ->
                                    o.at("/spec/minReplicas").isNumber()
                                            ? o.text("/spec/minReplicas")
                                            : Columns.UNSET),
                    Columns.integer(
                            "MaxPods",
                            "As many pods as there may be.",
                            o -> o.integer("/spec/maxReplicas", 0)),
                    Columns.integer(
                            "Replicas",
                            "Pods that there are.",
                            o -> o.integer("/status/currentReplicas", 0)),
                    Columns.AGE);

    private HorizontalPodAutoscalerColumns() {}

    private static String targets(ApiObject autoscaler) {
        List<String> texts = new ArrayList<>();
        int i = 0;
        for (JsonNode metric : autoscaler.at("/spec/metrics")) {
            texts.add(target(metric, autoscaler.at("/status/currentMetrics").path(i++)));
        }
        if (texts.isEmpty()) {
            return Columns.NONE;
        }
        return texts.size() > METRICS_MAX
                ? String.join(", ", texts.subList(0, METRICS_MAX))
                        + " + "
                        + (texts.size() - METRICS_MAX)
                        + " more..."
                : String.join(", ", texts);
    }

    private static String target(JsonNode metric, JsonNode current) {
        String type = metric.path("type").asText("-");
        String member = type.substring(0, 1).toLowerCase(Locale.ROOT) + type.substring(1);
        JsonNode source = metric.path(member);
        JsonNode aim = source.path("target");
        JsonNode used = current.path(member).path("current");
        boolean resource = member.equals("resource") || member.equals("containerResource");
        String name = resource ? source.path("name").asText() + ": " : "";
        if (aim.hasNonNull("averageUtilization")) {
            String percent =
                    used.hasNonNull("averageUtilization")
                            ? used.path("averageUtilization").asText() + "%"
                            : UNKNOWN;
            return name + percent + "/" + aim.path("averageUtilization").asText() + "%";
        }
        String amount = aim.hasNonNull("averageValue") ? "averageValue" : "value";
        String average = amount.equals("averageValue") && !resource ? " (avg)" : "";
        return name + used.path(amount).asText(UNKNOWN) + "/" + aim.path(amount).asText() + average;
    }
}
