package dev.kemudi.scheduler;

import java.util.Map;
import java.util.TreeMap;

/** Which nodes can take a pod at all, and why the others cannot, in kube-scheduler's words. */
final class Filter {
    private static final NodeRow.Taint CORDON =
            new NodeRow.Taint("node.kubernetes.io/unschedulable", "", "NoSchedule");

    private Filter() {}

    /** Why {@code node} cannot take the pod; empty when it can. */
    static String refusal(Demand demand, NodeRow node) {
        if (node.unschedulable && !demand.tolerates(CORDON)) {
            return "node(s) were unschedulable";
        }
        if (!demand.wants(node)) {
            return "node(s) didn't match Pod's node affinity/selector";
        }
        for (NodeRow.Taint taint : node.taints) {
            if (!taint.effect().equals("PreferNoSchedule") && !demand.tolerates(taint)) {
                return "node(s) had untolerated taint {" + taint.key() + ": " + taint.value() + "}";
            }
        }
        if (node.podsUsed + 1 > node.podsMax) {
            return "Too many pods";
        }
        PodRequest request = demand.request;
        if (request.cpuMillis() > 0 && request.cpuMillis() > node.cpuMillis - node.cpuMillisUsed) {
            return "Insufficient cpu";
        }
        if (request.memoryBytes() > 0
                && request.memoryBytes() > node.memoryBytes - node.memoryBytesUsed) {
            return "Insufficient memory";
        }
        return "";
    }

    /** The message of a pod that fits nowhere: how many nodes refused for which reason. */
    static String message(int nodes, Map<String, Integer> refusals) {
        if (nodes == 0) {
            return "no nodes available to schedule pods";
        }
        StringBuilder text = new StringBuilder("0/").append(nodes).append(" nodes are available: ");
        Map<String, Integer> sorted = new TreeMap<>();
        refusals.forEach((reason, count) -> sorted.put(count + " " + reason, count));
        return text.append(String.join(", ", sorted.keySet())).append('.').toString();
    }
}
