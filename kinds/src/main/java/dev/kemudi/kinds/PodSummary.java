package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;

/*
 * What `kubectl get pods` says about a pod
 * ----------------------------------------
 * Kubernetes' printer folds phase, conditions and every container's state into one word. Init containers
 * are looked at in order and the first that is neither finished nor (as a sidecar) started decides:
 * "Init:1/3", "Init:Error". Only when all are through do the containers speak, from last to first, so that
 * the first one's reason wins. A completed container beside a running one reads "Running" (or "NotReady"),
 * and a deletion timestamp overrides all ("Terminating") unless the pod has finished. RESTARTS counts
 * sidecars and containers, or init containers while those still run. Source: the observable output of
 * kubectl against kube-apiserver 1.32.
 */
final class PodSummary {
    private final ApiObject pod;
    private final Set<String> sidecars = new HashSet<>();
    private String reason;
    private int readyContainers;
    private int restarts;
    private Instant lastRestart = Instant.MIN;

    private PodSummary(ApiObject pod) {
        this.pod = pod;
        this.reason = pod.text("/status/phase");
    }

    static PodSummary of(ApiObject pod) {
        PodSummary summary = new PodSummary(pod);
        summary.read();
        return summary;
    }

    /** {@code 1/2}: ready containers of all that should keep running, sidecars included. */
    String ready() {
        return readyContainers + "/" + (pod.at("/spec/containers").size() + sidecars.size());
    }

    String reason() {
        return reason;
    }

    /** {@code 0}, or {@code 3 (5m2s ago)} when the last end is known. */
    String restarts(Instant now) {
        if (restarts == 0 || lastRestart.equals(Instant.MIN)) {
            return String.valueOf(restarts);
        }
        return restarts + " (" + Age.human(Duration.between(lastRestart, now)) + " ago)";
    }

    static boolean conditionTrue(ApiObject pod, String type) {
        for (JsonNode condition : pod.at("/status/conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    private void read() {
        String podReason = pod.text("/status/reason");
        if (!podReason.isEmpty()) {
            reason = podReason;
        }
        for (JsonNode condition : pod.at("/status/conditions")) {
            if (condition.path("type").asText().equals("PodScheduled")
                    && condition.path("reason").asText().equals("SchedulingGated")) {
                reason = "SchedulingGated";
            }
        }
        for (JsonNode init : pod.at("/spec/initContainers")) {
            if (init.path("restartPolicy").asText().equals("Always")) {
                sidecars.add(init.path("name").asText());
            }
        }
        boolean initializing = readInitContainers();
        if (!initializing || conditionTrue(pod, "Initialized")) {
            readContainers();
        }
        readDeletion(podReason);
    }

    /**
     * @return whether an init container still stands in the way
     */
    private boolean readInitContainers() {
        JsonNode statuses = pod.at("/status/initContainerStatuses");
        for (int i = 0; i < statuses.size(); i++) {
            JsonNode status = statuses.path(i);
            countRestarts(status);
            JsonNode terminated = status.path("state").path("terminated");
            if (terminated.isObject() && terminated.path("exitCode").asInt() == 0) {
                continue;
            }
            if (isSidecar(status) && status.path("started").asBoolean()) {
                readyContainers += status.path("ready").asBoolean() ? 1 : 0;
                continue;
            }
            reason = "Init:" + initReason(status, i);
            return true;
        }
        return false;
    }

    private String initReason(JsonNode status, int index) {
        JsonNode terminated = status.path("state").path("terminated");
        if (terminated.isObject()) {
            return ended(terminated);
        }
        String waiting = status.path("state").path("waiting").path("reason").asText("");
        if (!waiting.isEmpty() && !waiting.equals("PodInitializing")) {
            return waiting;
        }
        return index + "/" + pod.at("/spec/initContainers").size();
    }

    private void readContainers() {
        restarts = 0;
        lastRestart = Instant.MIN;
        for (JsonNode status : pod.at("/status/initContainerStatuses")) {
            if (isSidecar(status)) {
                countRestarts(status);
            }
        }
        boolean running = false;
        JsonNode statuses = pod.at("/status/containerStatuses");
        for (int i = statuses.size() - 1; i >= 0; i--) {
            JsonNode status = statuses.path(i);
            countRestarts(status);
            JsonNode state = status.path("state");
            String waiting = state.path("waiting").path("reason").asText("");
            if (!waiting.isEmpty()) {
                reason = waiting;
            } else if (state.path("terminated").isObject()) {
                reason = ended(state.path("terminated"));
            } else if (status.path("ready").asBoolean() && state.path("running").isObject()) {
                running = true;
                readyContainers++;
            }
        }
        if (running && reason.equals("Completed")) {
            reason = conditionTrue(pod, "Ready") ? "Running" : "NotReady";
        }
    }

    private void readDeletion(String podReason) {
        String phase = pod.text("/status/phase");
        if (pod.deleting() && podReason.equals("NodeLost")) {
            reason = "Unknown";
        } else if (pod.deleting() && !phase.equals("Succeeded") && !phase.equals("Failed")) {
            reason = "Terminating";
        }
    }

    private static String ended(JsonNode terminated) {
        String why = terminated.path("reason").asText("");
        if (!why.isEmpty()) {
            return why;
        }
        int signal = terminated.path("signal").asInt();
        return signal != 0 ? "Signal:" + signal : "ExitCode:" + terminated.path("exitCode").asInt();
    }

    private boolean isSidecar(JsonNode status) {
        return sidecars.contains(status.path("name").asText());
    }

    private void countRestarts(JsonNode status) {
        restarts += status.path("restartCount").asInt();
        Age.instant(status.path("lastState").path("terminated").path("finishedAt"))
                .filter(end -> end.isAfter(lastRestart))
                .ifPresent(end -> lastRestart = end);
    }
}
