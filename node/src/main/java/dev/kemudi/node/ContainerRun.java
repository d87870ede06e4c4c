package dev.kemudi.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.node.ContainerRuntime.ContainerSpec;
import dev.kemudi.node.ContainerRuntime.RunningContainer;
import dev.kemudi.node.ContainerState.Terminated;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One container of one pod through all its attempts. Changed by the pod's thread; the volatile
 * fields also by probes, or read by exec.
 */
final class ContainerRun {
    enum Role {
        INIT,
        SIDECAR,
        APP
    }

    final String name;
    final Role role;
    JsonNode declared;
    ContainerState state = new ContainerState.Waiting("PodInitializing", "");
    Optional<Terminated> last = Optional.empty();

    /** The attempt that was started last, -1 for none. */
    int attempt = -1;

    int crashes;
    long startedNanos;
    long retryAtNanos;
    long exitedNanos;
    boolean stopAsked;
    String imageRefused = "";
    final List<Thread> attendants = new ArrayList<>();
    volatile @Nullable RunningContainer running;
    volatile @Nullable ContainerSpec spec;
    volatile boolean hooked;
    volatile boolean startupPassed;
    volatile boolean readinessPassed;
    volatile String unhealthy = "";
    volatile long unhealthyGraceSeconds = -1;
    volatile String containerId = "";

    ContainerRun(JsonNode declared, Role role) {
        this.declared = declared;
        this.name = declared.path("name").asText();
        this.role = role;
    }

    static List<ContainerRun> of(JsonNode spec) {
        List<ContainerRun> runs = new ArrayList<>();
        for (JsonNode init : spec.path("initContainers")) {
            boolean sidecar = init.path("restartPolicy").asText().equals("Always");
            runs.add(new ContainerRun(init, sidecar ? Role.SIDECAR : Role.INIT));
        }
        spec.path("containers").forEach(c -> runs.add(new ContainerRun(c, Role.APP)));
        return runs;
    }

    boolean started() {
        return running != null && hooked && startupPassed;
    }

    boolean ready() {
        return role == Role.INIT
                ? state instanceof Terminated t && t.exitCode() == 0
                : started() && readinessPassed && unhealthy.isEmpty();
    }

    boolean completed() {
        return state instanceof Terminated t && t.exitCode() == 0;
    }

    /** How the container ended last, in its present state or before a wait for the next start. */
    Optional<Terminated> ended() {
        return state instanceof Terminated t
                ? Optional.of(t)
                : state instanceof ContainerState.Waiting ? last : Optional.empty();
    }

    void stopAttendants() {
        attendants.forEach(Thread::interrupt);
        attendants.clear();
    }

    ObjectNode toTree(boolean podReady) {
        ObjectNode tree = JsonNodeFactory.instance.objectNode().put("name", name);
        tree.set("state", state.toTree());
        tree.set(
                "lastState",
                last.map(ContainerState::toTree).orElseGet(JsonNodeFactory.instance::objectNode));
        tree.put("ready", ready() && podReady);
        tree.put("restartCount", Math.max(0, attempt));
        tree.put("image", declared.path("image").asText());
        tree.put("imageID", "");
        if (!containerId.isEmpty()) {
            tree.put("containerID", containerId);
        }
        tree.put("started", started());
        return tree;
    }
}
