package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Nodes: what a kubelet, or this process, registers itself as. */
final class NodeStrategy implements Strategy {
    private static final String ROLE_LABEL = "node-role.kubernetes.io/";
    private static final String UNKNOWN = "<unknown>";

    static final List<Column> COLUMNS =
            List.of(
                    Columns.NAME,
                    Columns.text(
                            "Status",
                            "Whether the node is ready, and whether pods may be placed on it.",
                            NodeStrategy::status),
                    Columns.text("Roles", "The roles of the node.", NodeStrategy::roles),
                    Columns.AGE,
                    Columns.text(
                            "Version",
                            "Version of the node's agent.",
                            o -> o.text("/status/nodeInfo/kubeletVersion")),
                    Columns.wide(
                            "Internal-IP",
                            "Address inside the cluster.",
                            o -> address(o, "InternalIP")),
                    Columns.wide(
                            "External-IP",
                            "Address outside the cluster.",
                            o -> address(o, "ExternalIP")),
                    Columns.wide("OS-Image", "Operating system.", o -> orUnknown(o, "osImage")),
                    Columns.wide(
                            "Kernel-Version",
                            "Version of the kernel.",
                            o -> orUnknown(o, "kernelVersion")),
                    Columns.wide(
                            "Container-Runtime",
                            "What runs the pods.",
                            o -> orUnknown(o, "containerRuntimeVersion")));

    @Override
    public void applyDefaults(ObjectNode node) {
        Fill.object(node, "spec");
        if (node.path("status") instanceof ObjectNode status
                && status.path("capacity") instanceof ObjectNode capacity) {
            Fill.node(status, "allocatable", capacity.deepCopy());
        }
    }

    @Override
    public List<Status.Cause> validate(ApiObject node, Optional<ApiObject> old) {
        Problems problems = new Problems();
        Set<String> taints = new HashSet<>();
        int i = 0;
        for (JsonNode taint : node.at("/spec/taints")) {
            String at = "spec.taints[" + i++ + "]";
            String key = taint.path("key").asText("");
            String effect = taint.path("effect").asText("");
            Names.qualified(key, at + ".key", problems);
            Names.labelValue(taint.path("value").asText(""), at + ".value", problems);
            if (effect.isEmpty()) {
                problems.required(at + ".effect");
            }
            PodRules.oneOf(taint, "effect", PodRules.EFFECTS, at, problems);
            if (!taints.add(key + ":" + effect)) {
                problems.duplicate(at, taint);
            }
        }
        return problems.causes();
    }

    @Override
    public Map<String, String> selectableFields(ApiObject node) {
        return Map.of("spec.unschedulable", String.valueOf(node.bool("/spec/unschedulable")));
    }

    private static String status(ApiObject node) {
        String ready = "Unknown";
        for (JsonNode condition : node.at("/status/conditions")) {
            if (condition.path("type").asText().equals("Ready")) {
                ready = condition.path("status").asText().equals("True") ? "Ready" : "NotReady";
            }
        }
        return node.bool("/spec/unschedulable") ? ready + ",SchedulingDisabled" : ready;
    }

    private static String roles(ApiObject node) {
        TreeSet<String> roles = new TreeSet<>();
        node.labels()
                .forEach((label, value) -> {
                    if (label.startsWith(ROLE_LABEL) && label.length() > ROLE_LABEL.length()) {
                        roles.add(label.substring(ROLE_LABEL.length()));
                    } else if (label.equals("kubernetes.io/role") && !value.isEmpty()) {
                        roles.add(value);
                    }
                });
        return roles.isEmpty() ? Columns.NONE : String.join(",", roles);
    }

    private static String address(ApiObject node, String type) {
        for (JsonNode address : node.at("/status/addresses")) {
            if (address.path("type").asText().equals(type)) {
                return address.path("address").asText();
            }
        }
        return Columns.NONE;
    }

    private static String orUnknown(ApiObject node, String info) {
        String text = node.text("/status/nodeInfo/" + info);
        return text.isEmpty() ? UNKNOWN : text;
    }
}
