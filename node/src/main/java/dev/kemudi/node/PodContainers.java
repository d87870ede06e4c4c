package dev.kemudi.node;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Quantity;
import dev.kemudi.node.ContainerRun.Role;
import dev.kemudi.node.ContainerRuntime.ContainerSpec;
import dev.kemudi.node.ContainerRuntime.Exit;
import dev.kemudi.node.ContainerRuntime.Mount;
import dev.kemudi.node.ContainerRuntime.Refusal;
import dev.kemudi.node.ContainerRuntime.RunningContainer;
import dev.kemudi.node.ContainerRuntime.StartException;
import dev.kemudi.node.ContainerRuntime.Stdin;
import dev.kemudi.node.ContainerState.Running;
import dev.kemudi.node.ContainerState.Terminated;
import dev.kemudi.node.ContainerState.Waiting;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Starts, restarts, probes and adopts the containers of one pod. Used by the pod's thread. */
final class PodContainers {
    private static final long FOREVER_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final long CONFIG_RETRY_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long IMAGE_RETRY_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int HOOK_SECONDS_MAX = 120;

    private final NodeParts parts;
    private final Supplier<ApiObject> pod;
    private final Supplier<String> address;
    private final Runnable wake;
    private final PodStop stop;
    private final Volumes volumes;

    PodContainers(
            NodeParts parts,
            Supplier<ApiObject> pod,
            Supplier<String> address,
            Runnable wake,
            PodStop stop) {
        this.parts = parts;
        this.pod = pod;
        this.address = address;
        this.wake = wake;
        this.stop = stop;
        this.volumes =
                new Volumes(
                        parts.podsDirectory().resolve(pod.get().uid()).resolve("_volumes"),
                        parts.limits(),
                        parts.time());
    }

    private References references() {
        return new References(
                parts.client(), pod.get(), address.get(), parts.hostAddress(), parts.allocatable());
    }

    void provideVolumes() throws Volumes.MountException, IOException {
        volumes.provide(references());
    }

    boolean volumesRefreshable() {
        return volumes.refreshable();
    }

    /** Takes over what may change in a pod's spec: images. */
    void declare(List<ContainerRun> runs, ApiObject now) {
        for (ContainerRun run : runs) {
            String list = run.role == Role.APP ? "/spec/containers" : "/spec/initContainers";
            for (JsonNode container : now.at(list)) {
                if (container.path("name").asText().equals(run.name)) {
                    run.declared = container;
                }
            }
        }
    }

    // ---- a new life of the node
    // ------------------------------------------------------------------------------------

    /** Adopts what an earlier life of the node left running; what is gone counts as ended. */
    void restore(List<ContainerRun> runs, PodRecord note, ApiObject now) {
        for (ContainerRun run : runs) {
            JsonNode told = told(run, now);
            boolean startedBefore =
                    told.path("state").has("running") || told.path("state").has("terminated");
            run.attempt =
                    Math.max(
                            note.attempt(run.name),
                            startedBefore ? told.path("restartCount").asInt() : -1);
            run.last = ContainerState.terminated(told.path("lastState"));
            if (run.attempt < 0) {
                continue;
            }
            Optional<RunningContainer> alive =
                    parts.runtime().adopt(now.uid(), run.name, run.attempt);
            Optional<Terminated> ended = ContainerState.terminated(told.path("state"));
            if (alive.isPresent()) {
                adopted(run, alive.get(), told);
            } else if (ended.isPresent()) {
                run.state = ended.get();
                run.containerId = told.path("containerID").asText("");
            } else {
                lost(run, told);
            }
        }
    }

    private static JsonNode told(ContainerRun run, ApiObject now) {
        String list =
                run.role == Role.APP
                        ? "/status/containerStatuses"
                        : "/status/initContainerStatuses";
        for (JsonNode status : now.at(list)) {
            if (status.path("name").asText().equals(run.name)) {
                return status;
            }
        }
        return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
    }

    private void adopted(ContainerRun run, RunningContainer alive, JsonNode told) {
        Instant since =
                ContainerState.instant(told.path("state").path("running").path("startedAt"));
        run.state = new Running(since.equals(Instant.EPOCH) ? parts.time().now() : since);
        run.hooked = true;
        run.startupPassed = told.path("started").asBoolean();
        run.readinessPassed = told.path("ready").asBoolean();
        try {
            run.spec = spec(run, run.attempt);
        } catch (References.MissingException | Volumes.MountException | IOException e) {
            parts.recorder()
                    .warning(
                            pod.get(),
                            "Failed",
                            "exec will not work until the next restart: " + e.getMessage());
        }
        attend(run, alive);
    }

    private void lost(ContainerRun run, JsonNode told) {
        Instant began =
                ContainerState.instant(told.path("state").path("running").path("startedAt"));
        String message = "The container could not be found when the node started again";
        run.state =
                new Terminated(
                        137,
                        "ContainerStatusUnknown",
                        message,
                        began.equals(Instant.EPOCH) ? parts.time().now() : began,
                        parts.time().now(),
                        told.path("containerID").asText(""));
    }

    // ---- starting
    // --------------------------------------------------------------------------------------------------

    /**
     * Brings the container to where the policy wants it; nanoseconds until it should be looked at
     * again.
     */
    long ensure(ContainerRun run, String policy, PodRecord note)
            throws IOException, InterruptedException {
        if (run.running != null) {
            if (!run.unhealthy.isEmpty() && !run.stopAsked) {
                run.stopAsked = true;
                long podGrace = pod.get().at("/spec/terminationGracePeriodSeconds").asLong(30);
                long grace = run.unhealthyGraceSeconds >= 0 ? run.unhealthyGraceSeconds : podGrace;
                parts.recorder().normal(pod.get(), "Killing", run.unhealthy);
                stop.restart(run, grace * 1000);
            }
            return FOREVER_NANOS;
        }
        Optional<Terminated> ended = run.ended();
        if (ended.isPresent() && !restarts(policy, ended.get().exitCode())) {
            return FOREVER_NANOS;
        }
        long leftNanos = run.retryAtNanos == 0 ? 0 : run.retryAtNanos - parts.time().nanoTime();
        if (leftNanos > 0) {
            return leftNanos;
        }
        return start(run, policy, note);
    }

    private static boolean restarts(String policy, int exitCode) {
        return policy.equals("Always") || (policy.equals("OnFailure") && exitCode != 0);
    }

    private long start(ContainerRun run, String policy, PodRecord note)
            throws IOException, InterruptedException {
        String image = run.declared.path("image").asText();
        Optional<Refusal> refusal = parts.runtime().refusal(image);
        if (refusal.isPresent()) {
            waiting(run, refusal.get().reason(), refusal.get().message());
            if (!run.imageRefused.equals(image)) {
                run.imageRefused = image;
                parts.recorder()
                        .warning(pod.get(), refusal.get().reason(), refusal.get().message());
            }
            return IMAGE_RETRY_NANOS; // a jar may be put there
        }
        int attempt = run.attempt + 1;
        ContainerSpec spec;
        try {
            spec = spec(run, attempt);
        } catch (References.MissingException | Volumes.MountException e) {
            String message = String.valueOf(e.getMessage());
            waiting(run, "CreateContainerConfigError", message);
            parts.recorder().warning(pod.get(), "Failed", "Error: " + message);
            run.retryAtNanos = parts.time().nanoTime() + CONFIG_RETRY_NANOS;
            return CONFIG_RETRY_NANOS;
        }
        note.attempt(run.name, attempt);
        run.attempt = attempt;
        parts.starts().acquire();
        RunningContainer running;
        try {
            running = parts.runtime().start(spec);
        } catch (StartException e) {
            return failedToStart(run, policy, e.reason(), String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return failedToStart(run, policy, "RunContainerError", String.valueOf(e.getMessage()));
        } finally {
            parts.starts().release();
        }
        run.last = run.ended().or(() -> run.last);
        run.state = new Running(parts.time().now());
        run.spec = spec;
        run.startupPassed = !run.declared.has("startupProbe");
        run.readinessPassed = !run.declared.has("readinessProbe");
        run.hooked = run.declared.path("lifecycle").path("postStart").isMissingNode();
        attend(run, running);
        parts.metrics().started(attempt > 0);
        parts.recorder().normal(pod.get(), "Started", "Started container " + run.name);
        tell(PodEvent.Kind.STARTED, run, 0, "");
        return FOREVER_NANOS;
    }

    private void waiting(ContainerRun run, String reason, String message) {
        if (run.state instanceof Terminated t) {
            run.last = Optional.of(t);
        }
        run.state = new Waiting(reason, message);
    }

    private long failedToStart(ContainerRun run, String policy, String reason, String message) {
        parts.recorder().warning(pod.get(), "Failed", "Error: " + message);
        run.last = run.ended().or(() -> run.last);
        run.startedNanos = parts.time().nanoTime();
        Instant now = parts.time().now();
        ended(run, policy, new Terminated(128, reason, message, now, now, ""));
        return restarts(policy, 128)
                ? Math.max(0, run.retryAtNanos - parts.time().nanoTime())
                : FOREVER_NANOS;
    }

    private ContainerSpec spec(ContainerRun run, int attempt)
            throws References.MissingException, Volumes.MountException, IOException {
        JsonNode declared = run.declared;
        ApiObject now = pod.get();
        Map<String, String> own = parts.runtime().environment(now.uid(), run.name);
        ContainerEnvironment environment = ContainerEnvironment.of(declared, own, references());
        List<Mount> mounts = new ArrayList<>();
        for (JsonNode mount : declared.path("volumeMounts")) {
            mounts.add(volumes.mount(mount, environment));
        }
        JsonNode limits = declared.path("resources").path("limits");
        String hostname = now.text("/spec/hostname");
        return new ContainerSpec(
                now.uid(),
                hostname.isEmpty() ? now.name() : hostname,
                run.name,
                attempt,
                declared.path("image").asText(),
                environment.expandAll(declared.path("command")),
                environment.expandAll(declared.path("args")),
                environment.variables(),
                declared.path("workingDir").asText(""),
                mounts,
                stdin(declared),
                Quantity.of(limits.path("memory")).bytes(),
                Quantity.of(limits.path("cpu")).milliValue());
    }

    private static Stdin stdin(JsonNode declared) {
        if (!declared.path("stdin").asBoolean()) {
            return Stdin.NONE;
        }
        return declared.path("stdinOnce").asBoolean() ? Stdin.ONCE : Stdin.OPEN;
    }

    // ---- attending
    // -------------------------------------------------------------------------------------------------

    private void attend(ContainerRun run, RunningContainer running) {
        run.running = running;
        run.containerId = running.id();
        run.startedNanos = parts.time().nanoTime();
        run.unhealthy = "";
        run.unhealthyGraceSeconds = -1;
        run.stopAsked = false;
        run.imageRefused = "";
        running.exited()
                .thenRun(() -> {
                    run.exitedNanos = parts.time().nanoTime();
                    wake.run();
                });
        if (!run.hooked) {
            attendant(run, "postStart", () -> postStart(run));
        }
        for (String kind : new String[] {"startup", "liveness", "readiness"}) {
            JsonNode declared = run.declared.path(kind + "Probe");
            if (declared.isObject() && !(kind.equals("startup") && run.startupPassed)) {
                attendant(run, kind, probe(run, Probe.of(kind, declared)));
            }
        }
    }

    private static void attendant(ContainerRun run, String what, Runnable task) {
        run.attendants.add(Thread.ofVirtual().name(what + " " + run.name).start(task));
    }

    private void postStart(ContainerRun run) {
        try {
            JsonNode hook = run.declared.path("lifecycle").path("postStart");
            if (hook.has("sleep")) {
                Thread.sleep(hook.path("sleep").path("seconds").asLong() * 1000);
            } else {
                Probe.Outcome outcome =
                        Probe.act(
                                hook,
                                address.get(),
                                run.declared,
                                new ContainerExec(parts, run),
                                HOOK_SECONDS_MAX,
                                parts.limits().probeAnswerBytesMax());
                if (!outcome.success()) {
                    parts.recorder()
                            .warning(
                                    pod.get(),
                                    "FailedPostStartHook",
                                    "PostStartHook failed: " + outcome.message());
                    run.unhealthy = "Container " + run.name + " failed its postStart hook";
                }
            }
            run.hooked = run.unhealthy.isEmpty();
            wake.run();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private Runnable probe(ContainerRun run, Probe probe) {
        boolean believed =
                switch (probe.kind()) {
                    case "liveness" -> true;
                    case "readiness" -> run.readinessPassed;
                    default -> false;
                };
        ProbeLoop.Look look =
                () ->
                        probe.look(
                                address.get(),
                                run.declared,
                                new ContainerExec(parts, run),
                                parts.limits().probeAnswerBytesMax());
        ProbeLoop.Listener listener =
                new ProbeLoop.Listener() {
                    @Override
                    public void changed(boolean healthy) {
                        probed(run, probe, healthy);
                    }

                    @Override
                    public void failed(String message) {
                        parts.metrics().probeFailed(probe.kind());
                        String kind =
                                Character.toUpperCase(probe.kind().charAt(0))
                                        + probe.kind().substring(1);
                        parts.recorder()
                                .warning(
                                        pod.get(), "Unhealthy", kind + " probe failed: " + message);
                    }
                };
        return new ProbeLoop(
                probe,
                believed,
                look,
                () -> probe.kind().equals("startup") || run.startupPassed,
                parts.probes(),
                listener);
    }

    private void probed(ContainerRun run, Probe probe, boolean healthy) {
        switch (probe.kind()) {
            case "readiness" -> run.readinessPassed = healthy;
            case "startup" -> {
                run.startupPassed = healthy;
                if (healthy) {
                    // One success is for ever: the loop ends itself by this interrupt.
                    Thread.currentThread().interrupt();
                }
            }
            default -> {}
        }
        if (!healthy && !probe.kind().equals("readiness")) {
            run.unhealthyGraceSeconds = probe.graceSeconds();
            run.unhealthy =
                    "Container %s failed %s probe, will be restarted"
                            .formatted(run.name, probe.kind());
        }
        wake.run();
    }

    // ---- ending
    // ----------------------------------------------------------------------------------------------------

    /** Whether the container was running and is not any more. */
    boolean collectExit(ContainerRun run, String podPolicy) {
        RunningContainer running = run.running;
        if (running == null || !running.exited().isDone()) {
            return false;
        }
        Exit exit = running.exited().join();
        Instant began = run.state instanceof Running r ? r.startedAt() : parts.time().now();
        String reason =
                exit.reason().isEmpty()
                        ? (exit.code() == 0 ? "Completed" : "Error")
                        : exit.reason();
        String policy =
                switch (run.role) {
                    case SIDECAR -> "Always";
                    case INIT -> podPolicy.equals("Never") ? "Never" : "OnFailure";
                    case APP -> podPolicy;
                };
        ended(
                run,
                policy,
                new Terminated(
                        exit.code(),
                        reason,
                        exit.message(),
                        began,
                        parts.time().now(),
                        running.id()));
        tell(PodEvent.Kind.EXITED, run, exit.code(), reason);
        return true;
    }

    private void ended(ContainerRun run, String policy, Terminated how) {
        run.stopAttendants();
        run.running = null;
        run.hooked = false;
        run.startupPassed = false;
        run.readinessPassed = false;
        run.state = how;
        long now = parts.time().nanoTime();
        long ranMillis = TimeUnit.NANOSECONDS.toMillis(now - run.startedNanos);
        if (ranMillis >= parts.limits().backoffResetMillis()) {
            run.crashes = 0;
        }
        if (!restarts(policy, how.exitCode())) {
            return;
        }
        long delayMillis = backoffMillis(run.crashes++);
        run.retryAtNanos = now + TimeUnit.MILLISECONDS.toNanos(delayMillis);
        if (delayMillis > 0) {
            String message =
                    "back-off %ds restarting failed container=%s pod=%s_%s(%s)"
                            .formatted(
                                    delayMillis / 1000,
                                    run.name,
                                    pod.get().name(),
                                    pod.get().namespace(),
                                    pod.get().uid());
            run.last = Optional.of(how);
            run.state = new Waiting("CrashLoopBackOff", message);
            parts.recorder()
                    .warning(
                            pod.get(),
                            "BackOff",
                            "Back-off restarting failed container " + run.name);
        }
    }

    /** The first restart is free. */
    private long backoffMillis(int crashes) {
        if (crashes == 0) {
            return 0;
        }
        long doubled = (long) parts.limits().backoffFirstMillis() << Math.min(crashes - 1, 20);
        return Math.min(doubled, parts.limits().backoffMillisMax());
    }

    private void tell(PodEvent.Kind kind, ContainerRun run, int code, String reason) {
        ApiObject now = pod.get();
        parts.broker()
                .publish(
                        new PodEvent(
                                kind,
                                now.namespace(),
                                now.name(),
                                now.uid(),
                                run.name,
                                code,
                                reason));
    }
}
