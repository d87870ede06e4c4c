package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The taints that follow from what a node says of itself. Taints that others put there stay. */
final class NodeTaints {
    private static final String PREFIX = "node.kubernetes.io/";
    static final String NO_EXECUTE = "NoExecute";
    private static final String NO_SCHEDULE = "NoSchedule";
    private static final Set<String> OURS =
            Set.of(
                    PREFIX + "not-ready",
                    PREFIX + "unreachable",
                    PREFIX + "unschedulable",
                    PREFIX + "memory-pressure",
                    PREFIX + "disk-pressure",
                    PREFIX + "pid-pressure",
                    PREFIX + "network-unavailable");

    private record Taint(String key, String effect) {
        boolean is(JsonNode taint) {
            return taint.path("key").asText().equals(key)
                    && taint.path("effect").asText().equals(effect);
        }
    }

    private NodeTaints() {}

    static String condition(ApiObject node, String type) {
        return Pods.condition(node, type).map(c -> c.path("status").asText()).orElse("");
    }

    private static List<Taint> wanted(ApiObject node) {
        List<Taint> wanted = new ArrayList<>();
        String ready = condition(node, "Ready");
        if (ready.equals("False") || ready.equals("Unknown")) {
            String key = PREFIX + (ready.equals("False") ? "not-ready" : "unreachable");
            wanted.add(new Taint(key, NO_SCHEDULE));
            wanted.add(new Taint(key, NO_EXECUTE));
        }
        if (node.bool("/spec/unschedulable")) {
            wanted.add(new Taint(PREFIX + "unschedulable", NO_SCHEDULE));
        }
        pressure(node, "MemoryPressure", "memory-pressure").ifPresent(wanted::add);
        pressure(node, "DiskPressure", "disk-pressure").ifPresent(wanted::add);
        pressure(node, "PIDPressure", "pid-pressure").ifPresent(wanted::add);
        pressure(node, "NetworkUnavailable", "network-unavailable").ifPresent(wanted::add);
        return wanted;
    }

    private static Optional<Taint> pressure(ApiObject node, String condition, String key) {
        return condition(node, condition).equals("True")
                ? Optional.of(new Taint(PREFIX + key, NO_SCHEDULE))
                : Optional.empty();
    }

    /** The node as it must be; equal to {@code node} when nothing is to change. */
    static ApiObject follow(ApiObject node, String now) {
        List<Taint> wanted = wanted(node);
        return node.edit(tree -> {
            ObjectNode spec = tree.withObjectProperty("spec");
            ArrayNode taints = spec.arrayNode();
            List<Taint> missing = new ArrayList<>(wanted);
            for (JsonNode taint : spec.path("taints")) {
                boolean stays = wanted.stream().anyMatch(w -> w.is(taint));
                missing.removeIf(w -> w.is(taint));
                if (stays || !OURS.contains(taint.path("key").asText())) {
                    taints.add(taint);
                }
            }
            for (Taint taint : missing) {
                ObjectNode added =
                        taints.addObject().put("key", taint.key).put("effect", taint.effect);
                if (taint.effect.equals(NO_EXECUTE)) {
                    added.put("timeAdded", now);
                }
            }
            if (taints.isEmpty()) {
                spec.remove("taints");
            } else {
                spec.set("taints", taints);
            }
        });
    }

    static boolean evicts(ApiObject node) {
        return node.at("/spec/taints")
                .valueStream()
                .anyMatch(t -> t.path("effect").asText().equals(NO_EXECUTE));
    }
}
