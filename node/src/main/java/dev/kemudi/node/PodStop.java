package dev.kemudi.node;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.node.ContainerRun.Role;
import dev.kemudi.node.ContainerRuntime.RunningContainer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/**
 * Ends a pod's containers: preStop, SIGTERM, grace, SIGKILL; all at once, sidecars after the rest
 * in reverse order. The grace can be cut short from any thread while it runs.
 */
final class PodStop {
    private static final long LOOK_MILLIS = 50;

    private final NodeParts parts;
    private final Supplier<ApiObject> pod;
    private final Supplier<String> address;
    private final AtomicLong killAtNanos = new AtomicLong(Long.MAX_VALUE);

    PodStop(NodeParts parts, Supplier<ApiObject> pod, Supplier<String> address) {
        this.parts = parts;
        this.pod = pod;
        this.address = address;
    }

    /** What is being stopped now, or will be, has at most so long from now. */
    void hurry(long graceMillis) {
        long at = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(graceMillis);
        killAtNanos.accumulateAndGet(at, (a, b) -> a == Long.MAX_VALUE || b - a < 0 ? b : a);
    }

    /** Blocks until no container runs. */
    void all(List<ContainerRun> runs, long graceMillis) throws InterruptedException {
        hurry(graceMillis);
        List<Thread> stopping = new ArrayList<>();
        for (ContainerRun run : runs) {
            if (run.role != Role.SIDECAR && run.running != null) {
                stopping.add(
                        Thread.ofVirtual().name("stop " + run.name).start(() -> container(run)));
            }
        }
        for (Thread thread : stopping) {
            thread.join();
        }
        for (ContainerRun run : runs.reversed()) {
            if (run.running != null) {
                container(run);
            }
        }
    }

    private void container(ContainerRun run) {
        try {
            one(run, killAtNanos);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends one container of a pod that goes on, for instance because its liveness probe failed. */
    void restart(ContainerRun run, long graceMillis) {
        AtomicLong until =
                new AtomicLong(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(graceMillis));
        Thread.ofVirtual()
                .name("stop " + run.name)
                .start(() -> {
                    try {
                        one(run, until);
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    }
                });
    }

    private void one(ContainerRun run, AtomicLong killAt) throws InterruptedException {
        RunningContainer running = run.running;
        if (running == null || running.exited().isDone()) {
            return;
        }
        if (run.unhealthy.isEmpty()) {
            parts.recorder().normal(pod.get(), "Killing", "Stopping container " + run.name);
        }
        JsonNode hook = run.declared.path("lifecycle").path("preStop");
        if (!hook.isMissingNode()) {
            preStop(run, hook, killAt);
        }
        running.terminate();
        while (!ended(running, killAt) && System.nanoTime() - killAt.get() < 0) {
            Thread.onSpinWait();
        }
        if (!running.exited().isDone()) {
            running.kill("");
            long until =
                    System.nanoTime()
                            + TimeUnit.MILLISECONDS.toNanos(2L * parts.limits().sweepMillisMax());
            AtomicLong patience = new AtomicLong(until);
            while (!ended(running, patience) && System.nanoTime() - until < 0) {
                Thread.onSpinWait();
            }
        }
    }

    /** Waits a moment, never beyond {@code killAt}. */
    private static boolean ended(RunningContainer running, AtomicLong killAt)
            throws InterruptedException {
        long leftNanos = killAt.get() - System.nanoTime();
        try {
            var _ =
                    running.exited()
                            .get(
                                    Math.clamp(
                                            leftNanos,
                                            1,
                                            TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS)),
                                    TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (ExecutionException | CancellationException e) {
            throw new IllegalStateException("exited() never fails", e);
        }
    }

    private void preStop(ContainerRun run, JsonNode hook, AtomicLong killAt)
            throws InterruptedException {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(killAt.get() - System.nanoTime());
        if (hook.has("sleep")) {
            long until =
                    System.nanoTime()
                            + TimeUnit.SECONDS.toNanos(hook.path("sleep").path("seconds").asLong());
            while (System.nanoTime() - until < 0 && System.nanoTime() - killAt.get() < 0) {
                Thread.sleep(LOOK_MILLIS);
            }
            return;
        }
        Probe.Outcome outcome =
                Probe.act(
                        hook,
                        address.get(),
                        run.declared,
                        new ContainerExec(parts, run),
                        (int) Math.clamp(seconds, 1, 3600),
                        parts.limits().probeAnswerBytesMax());
        if (!outcome.success()) {
            parts.recorder()
                    .warning(
                            pod.get(),
                            "FailedPreStopHook",
                            "PreStopHook failed: " + outcome.message());
        }
    }
}
