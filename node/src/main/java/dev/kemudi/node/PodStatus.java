package dev.kemudi.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.node.ContainerRun.Role;
import dev.kemudi.node.ContainerState.Terminated;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a node says of a pod.
 *
 * @param failure set once the node has given the pod up: it is Failed for ever
 * @param stopping whether the pod is being stopped, so that nobody should be sent to it
 */
record PodStatus(
        List<ContainerRun> runs,
        String address,
        String hostAddress,
        Instant startTime,
        boolean initialized,
        boolean stopping,
        Optional<Failure> failure) {
    record Failure(String reason, String message) {}

    static boolean terminal(ApiObject pod) {
        String phase = pod.text("/status/phase");
        return phase.equals("Succeeded") || phase.equals("Failed");
    }

    String phase(String restartPolicy) {
        if (failure.isPresent()) {
            return "Failed";
        }
        for (ContainerRun run : runs) {
            if (run.role == Role.INIT && !initialized && !run.completed()) {
                boolean gaveUp = restartPolicy.equals("Never") && run.state instanceof Terminated;
                return gaveUp ? "Failed" : "Pending";
            }
        }
        int running = 0;
        int failed = 0;
        for (ContainerRun run : runs) {
            if (run.role != Role.APP) {
                continue;
            }
            Optional<Terminated> ended = run.ended();
            if (run.state instanceof ContainerState.Running) {
                running++;
            } else if (ended.isEmpty()) {
                return "Pending";
            } else {
                failed += ended.get().exitCode() == 0 ? 0 : 1;
            }
        }
        if (running > 0 || restartPolicy.equals("Always")) {
            return "Running";
        }
        if (failed == 0) {
            return "Succeeded";
        }
        return restartPolicy.equals("Never") ? "Failed" : "Running";
    }

    /** The pod with this status; everything that others write into it stays. */
    ApiObject applyTo(ApiObject pod, Instant now) {
        String policy = pod.at("/spec/restartPolicy").asText("Always");
        return pod.edit(tree -> {
            ObjectNode status =
                    tree.path("status") instanceof ObjectNode present
                            ? present
                            : tree.putObject("status");
            String phase = terminal(pod) ? pod.text("/status/phase") : phase(policy);
            status.put("phase", phase);
            failure.ifPresent(f -> status.put("reason", f.reason).put("message", f.message));
            status.put("startTime", ContainerState.seconds(startTime));
            status.put("hostIP", hostAddress);
            status.putArray("hostIPs").addObject().put("ip", hostAddress);
            if (!address.isEmpty()) {
                status.put("podIP", address);
                status.putArray("podIPs").addObject().put("ip", address);
            }
            containers(status);
            conditions(status, phase, now, pod.at("/spec/readinessGates"));
        });
    }

    private void containers(ObjectNode status) {
        if (runs.isEmpty()) {
            return;
        }
        ArrayNode inits = status.arrayNode();
        ArrayNode apps = status.arrayNode();
        for (ContainerRun run : runs) {
            (run.role == Role.APP ? apps : inits)
                    .add(run.toTree(run.role == Role.INIT || !stopping));
        }
        if (!inits.isEmpty()) {
            status.set("initContainerStatuses", inits);
        }
        status.set("containerStatuses", apps);
    }

    private void conditions(ObjectNode status, String phase, Instant now, JsonNode gates) {
        boolean over = phase.equals("Succeeded") || phase.equals("Failed");
        List<String> unready =
                runs.stream()
                        .filter(r -> r.role != Role.INIT && (!r.ready() || stopping))
                        .map(r -> r.name)
                        .toList();
        boolean containersReady = !over && initialized && unready.isEmpty() && !runs.isEmpty();
        String reason = over ? "PodCompleted" : "ContainersNotReady";
        if (phase.equals("Failed")) {
            reason = "PodFailed";
        }
        String message = over ? "" : "containers with unready status: " + unready;
        ArrayNode conditions =
                status.path("conditions") instanceof ArrayNode present
                        ? present
                        : status.putArray("conditions");
        boolean open = true;
        for (JsonNode gate : gates) {
            open &= isTrue(conditions, gate.path("conditionType").asText());
        }
        set(conditions, "PodReadyToStartContainers", !address.isEmpty() && !over, "", "", now);
        set(conditions, "Initialized", initialized, "ContainersNotInitialized", "", now);
        set(conditions, "ContainersReady", containersReady, reason, message, now);
        if (containersReady && !open) {
            set(
                    conditions,
                    "Ready",
                    false,
                    "ReadinessGatesNotReady",
                    "a readiness gate is not True",
                    now);
        } else {
            set(conditions, "Ready", containersReady, reason, message, now);
        }
        if (!isTrue(conditions, "PodScheduled")) {
            set(conditions, "PodScheduled", true, "", "", now);
        }
    }

    private static boolean isTrue(ArrayNode conditions, String type) {
        for (JsonNode condition : conditions) {
            if (condition.path("type").asText().equals(type)) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    private static void set(
            ArrayNode conditions,
            String type,
            boolean value,
            String reason,
            String message,
            Instant now) {
        ObjectNode condition = null;
        for (JsonNode present : conditions) {
            if (present.path("type").asText().equals(type) && present instanceof ObjectNode node) {
                condition = node;
            }
        }
        String status = value ? "True" : "False";
        if (condition == null) {
            condition = conditions.addObject().put("type", type);
        }
        if (!condition.path("status").asText().equals(status)) {
            condition.put("status", status).put("lastTransitionTime", ContainerState.seconds(now));
        }
        condition.remove(List.of("reason", "message"));
        if (!value && !reason.isEmpty()) {
            condition.put("reason", reason);
        }
        if (!value && !message.isEmpty()) {
            condition.put("message", message);
        }
    }
}
