package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import java.util.List;

/** The table view of pods; {@link PodSummary} decides what a pod's state is called. */
final class PodColumns {
    private PodColumns() {}

    static final List<Column> ALL =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Ready",
                            "The containers that are ready, of all that should run.",
                            p -> PodSummary.of(p).ready()),
                    Columns.text(
                            "Status",
                            "The state of the containers in this pod.",
                            p -> PodSummary.of(p).reason()),
                    Columns.timed(
                            "Restarts",
                            0,
                            "How often containers were restarted, and when last.",
                            (p, now) -> PodSummary.of(p).restarts(now)),
                    Columns.AGE,
                    Columns.wide("IP", "The address of the pod.", p -> Columns.orNone(address(p))),
                    Columns.wide(
                            "Node",
                            "The node the pod runs on.",
                            p -> Columns.orNone(p.text("/spec/nodeName"))),
                    Columns.wide(
                            "Nominated Node",
                            "The node the pod may be moved to by preemption.",
                            p -> Columns.orNone(p.text("/status/nominatedNodeName"))),
                    Columns.wide(
                            "Readiness Gates",
                            "The gates that are open, of all.",
                            PodColumns::gates));

    private static String address(ApiObject pod) {
        JsonNode first = pod.at("/status/podIPs/0/ip");
        return first.isMissingNode() ? pod.text("/status/podIP") : first.asText();
    }

    private static String gates(ApiObject pod) {
        JsonNode gates = pod.at("/spec/readinessGates");
        if (gates.isEmpty()) {
            return Columns.NONE;
        }
        int open = 0;
        for (JsonNode gate : gates) {
            if (PodSummary.conditionTrue(pod, gate.path("conditionType").asText())) {
                open++;
            }
        }
        return open + "/" + gates.size();
    }
}
