package dev.kemudi.scheduler;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.ControllerMetrics;
import dev.kemudi.controller.EventHandler;
import dev.kemudi.controller.EventRecorder;
import dev.kemudi.controller.Informer;
import dev.kemudi.controller.WorkQueue;
import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/*
 * How a pod gets its node
 * -----------------------
 * One loop takes pods without a node in the order they came, decides on its own snapshot, assumes the
 * decision there, and hands the write to a thread of its own, so that the next decision does not wait for the
 * disk. A pod that fits nowhere says so in its status and waits; when a node comes or changes, or room is
 * freed, all that wait are tried again, each after its own growing pause.
 */

/** Gives every pod a node. Safe for use by many threads. */
public final class Scheduler implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Scheduler.class.getName());
    private static final String NAME = "default-scheduler";
    private static final Duration SYNC_STEP = Duration.ofSeconds(10);

    private final ApiClient client;
    private final TimeSource time;
    private final Limits limits;
    private final Informer pods;
    private final Informer nodes;
    private final Snapshot snapshot = new Snapshot();
    private final WorkQueue<ObjectKey> queue;
    private final EventRecorder recorder;
    private final Semaphore bindings;
    private final Thread loop;

    /** How often in a row a pod fitted nowhere, and when last. */
    private record Tried(int times, long lastNanos) {}

    /** Pods that fit nowhere. */
    private final Map<ObjectKey, Tried> waiting = new ConcurrentHashMap<>();

    /** Pods whose binding is being written. */
    private final Set<ObjectKey> binding = ConcurrentHashMap.newKeySet();

    private final CounterDataPoint scheduled;
    private final CounterDataPoint unschedulable;
    private final CounterDataPoint failed;
    private final DistributionDataPoint decisionSeconds;

    public Scheduler(
            ApiClient client, PrometheusRegistry registry, TimeSource time, Limits limits) {
        this.client = client;
        this.time = time;
        this.limits = limits;
        ControllerMetrics metrics = new ControllerMetrics(registry, "scheduler");
        var controllerLimits = dev.kemudi.controller.Limits.defaults();
        this.pods = Informer.builder(client, Resource.PODS).metrics(metrics).time(time).build();
        this.nodes = Informer.builder(client, Resource.NODES).metrics(metrics).time(time).build();
        this.queue = new WorkQueue<>("pods", time, controllerLimits, metrics);
        this.recorder = new EventRecorder(client, NAME, time, controllerLimits, metrics);
        this.bindings = new Semaphore(limits.bindingsInFlight());
        Counter attempts =
                Counter.builder()
                        .name("kemudi_scheduler_attempts_total")
                        .help("Scheduling attempts by how they ended")
                        .labelNames("result")
                        .register(registry);
        this.scheduled = attempts.labelValues("scheduled");
        this.unschedulable = attempts.labelValues("unschedulable");
        this.failed = attempts.labelValues("error");
        this.decisionSeconds =
                Histogram.builder()
                        .name("kemudi_scheduler_decision_seconds")
                        .help("How long one decision took, without writing it")
                        .classicOnly()
                        .classicUpperBounds(0.000_01, 0.000_1, 0.001, 0.01, 0.1)
                        .register(registry);
        this.loop = Thread.ofVirtual().name("scheduler").unstarted(this::run);
        listen();
    }

    private void listen() {
        nodes.addHandler(
                new EventHandler() {
                    @Override
                    public void onAdd(ApiObject node, boolean initial) {
                        snapshot.node(node);
                        // nobody has tried this one yet
                        waiting.keySet().forEach(key -> queue.addAfter(key, 0));
                    }

                    @Override
                    public void onUpdate(ApiObject old, ApiObject now) {
                        snapshot.node(now);
                        if (matters(old, now)) {
                            retryWaiting();
                        }
                    }

                    @Override
                    public void onDelete(ApiObject last, boolean stateUnknown) {
                        snapshot.nodeGone(last.name());
                    }
                });
        pods.addHandler(
                new EventHandler() {
                    @Override
                    public void onAdd(ApiObject pod, boolean initial) {
                        changed(pod);
                    }

                    @Override
                    public void onUpdate(ApiObject old, ApiObject now) {
                        if (!old.uid().equals(now.uid())) {
                            onDelete(old, true);
                        }
                        Tried tried = waiting.get(now.key());
                        if (tried != null && !old.at("/spec").equals(now.at("/spec"))) {
                            // it may want something else now
                            queue.addAfter(now.key(), pauseMillis(tried));
                        }
                        changed(now);
                    }

                    @Override
                    public void onDelete(ApiObject last, boolean stateUnknown) {
                        waiting.remove(last.key());
                        if (snapshot.release(last.uid())) {
                            retryWaiting();
                        }
                    }
                });
    }

    /** Heartbeats change nodes all the time; they make room nowhere. */
    private static boolean matters(ApiObject old, ApiObject now) {
        return !old.at("/spec").equals(now.at("/spec"))
                || !old.at("/status/allocatable").equals(now.at("/status/allocatable"))
                || !old.at("/metadata/labels").equals(now.at("/metadata/labels"));
    }

    private void changed(ApiObject pod) {
        if (snapshot.pod(pod)) {
            retryWaiting();
        }
        if (wantsNode(pod) && !waiting.containsKey(pod.key())) {
            queue.addAfter(pod.key(), 0);
        }
    }

    private static boolean wantsNode(ApiObject pod) {
        String scheduler = pod.text("/spec/schedulerName");
        return pod.text("/spec/nodeName").isEmpty()
                && !pod.deleting()
                && (scheduler.isEmpty() || scheduler.equals(NAME))
                && pod.at("/spec/schedulingGates").isEmpty();
    }

    private void retryWaiting() {
        waiting.forEach((key, tried) -> queue.addAfter(key, pauseMillis(tried)));
    }

    /** What is left of the pause that began with the last attempt. */
    private long pauseMillis(Tried tried) {
        int doublings = Math.clamp(tried.times - 1, 0, 20);
        long pause =
                Math.min(limits.retryMostMillis(), (long) limits.retryFirstMillis() << doublings);
        return pause - (time.nanoTime() - tried.lastNanos) / 1_000_000;
    }

    // ---- the loop
    // --------------------------------------------------------------------------------------------------

    /** Starts scheduling; returns at once. */
    public Scheduler start() {
        nodes.start();
        pods.start();
        loop.start();
        return this;
    }

    private void run() {
        try {
            while (!nodes.awaitSynced(SYNC_STEP) || !pods.awaitSynced(SYNC_STEP)) {
                LOG.log(System.Logger.Level.INFO, "still reading nodes and pods before scheduling");
            }
            while (queue.take() instanceof Optional<ObjectKey> key && key.isPresent()) {
                try {
                    schedule(key.get());
                } catch (RuntimeException e) {
                    failed.inc();
                    LOG.log(
                            System.Logger.Level.ERROR,
                            "scheduling " + key.get() + " failed, will try again",
                            e);
                    queue.addRateLimited(key.get());
                } finally {
                    queue.done(key.get());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void schedule(ObjectKey key) throws InterruptedException {
        Optional<ApiObject> found = pods.get(key).filter(Scheduler::wantsNode);
        if (found.isEmpty()) {
            waiting.remove(key);
            return;
        }
        if (binding.contains(key)) {
            return;
        }
        ApiObject pod = found.get();
        long began = time.nanoTime();
        Snapshot.Decision decision =
                snapshot.placed(pod.uid()) ? new Snapshot.Decision.Fits("") : snapshot.place(pod);
        decisionSeconds.observe((time.nanoTime() - began) / 1e9);
        switch (decision) {
            case Snapshot.Decision.Fits(String node) -> {
                if (!node.isEmpty()) {
                    bind(pod, node);
                }
            }
            case Snapshot.Decision.FitsNowhere(String message) -> {
                unschedulable.inc();
                waiting.merge(
                        key,
                        new Tried(1, time.nanoTime()),
                        (before, now) -> new Tried(before.times + 1, now.lastNanos));
                recorder.warning(pod, "FailedScheduling", message);
                sayUnschedulable(pod, message);
            }
        }
    }

    // ---- writing
    // ---------------------------------------------------------------------------------------------------

    private void bind(ApiObject pod, String node) throws InterruptedException {
        bindings.acquire();
        binding.add(pod.key());
        Thread.ofVirtual()
                .name("bind " + pod.key())
                .start(() -> {
                    try {
                        write(pod, node);
                    } finally {
                        binding.remove(pod.key());
                        bindings.release();
                    }
                });
    }

    private void write(ApiObject pod, String node) {
        try {
            client.update(
                    Resource.PODS,
                    pod.edit(tree -> tree.withObjectProperty("spec").put("nodeName", node)));
            waiting.remove(pod.key());
            queue.forget(pod.key());
            scheduled.inc();
            recorder.normal(pod, "Scheduled", "Successfully assigned " + pod.key() + " to " + node);
        } catch (RuntimeException e) {
            snapshot.release(pod.uid());
            boolean lostRace =
                    e instanceof ApiException refused && (refused.conflict() || refused.notFound());
            if (!lostRace) {
                failed.inc();
                LOG.log(
                        System.Logger.Level.WARNING,
                        "binding " + pod.key() + " to " + node + " failed",
                        e);
            }
            queue.addRateLimited(pod.key());
        }
    }

    /**
     * Only this condition is written; whatever else the status says belongs to others. The node
     * itself turns it to True when it takes the pod.
     */
    private void sayUnschedulable(ApiObject pod, String message) {
        for (var condition : pod.at("/status/conditions")) {
            if (condition.path("type").asText().equals("PodScheduled")
                    && condition.path("message").asText("").equals(message)) {
                return;
            }
        }
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        ObjectNode condition = body.putObject("status").putArray("conditions").addObject();
        condition.put("type", "PodScheduled").put("status", "False");
        condition.put("lastTransitionTime", time.now().truncatedTo(ChronoUnit.SECONDS).toString());
        condition.put("reason", "Unschedulable").put("message", message);
        byte[] json = body.toString().getBytes(StandardCharsets.UTF_8);
        try {
            client.patch(
                    Resource.PODS,
                    pod.namespace(),
                    pod.name(),
                    new Patch(Patch.Type.STRATEGIC, json, NAME, false, "status"));
        } catch (ApiException e) {
            if (!e.notFound()) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "the condition of " + pod.key() + " was not written",
                        e);
            }
        }
    }

    /** Takes no new decision and ends; decisions being written are finished by the API itself. */
    @Override
    public void close() {
        queue.shutdown();
        pods.close();
        nodes.close();
        loop.interrupt();
        recorder.close();
    }
}
