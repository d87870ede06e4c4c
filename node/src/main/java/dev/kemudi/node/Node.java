package dev.kemudi.node;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.PodStreams;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.ControllerMetrics;
import dev.kemudi.controller.EventHandler;
import dev.kemudi.controller.EventRecorder;
import dev.kemudi.controller.Informer;
import dev.kemudi.kernel.EventBroker;
import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * Runs the pods that are bound to it as supervised processes of this machine, without root, and
 * says in the API what became of them. Safe for use by many threads.
 */
public final class Node implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.kemudi.node");
    private static final Duration SYNC_MAX = Duration.ofSeconds(30);
    private static final int STATUS_EVERY_HEARTBEATS = 30;

    /**
     * Left of the time for closing after the grace is over: killing, sweeping, writing the last
     * status.
     */
    private static final long CLOSE_RESERVE_MILLIS = 2_000;

    /**
     * Which node this is.
     *
     * @param podsDirectory belongs to this node alone; survives restarts
     * @param addressPrefix where pods' addresses come from, such as {@link #DEFAULT_ADDRESS_PREFIX}
     * @param hostAddress the node's own address
     */
    public record Config(
            String nodeName, Path podsDirectory, String addressPrefix, String hostAddress) {
        /** Loopback, so that no port is reachable from outside; never 127.0.0.1. */
        public static final String DEFAULT_ADDRESS_PREFIX = "127.64.0.0/10";

        public Config(String nodeName, Path podsDirectory) {
            this(nodeName, podsDirectory, DEFAULT_ADDRESS_PREFIX, "127.0.0.1");
        }
    }

    private final Config config;
    private final TimeSource time;
    private final Limits limits;
    private final ProcessRuntime runtime;
    private final NodeObject object;
    private final NodeParts parts;
    private final EventRecorder recorder;
    private final EventBroker<PodEvent> broker;
    private final Informer informer;
    private final NodeStreams streams;
    private final UsageMeter usage;
    private final Map<String, PodWorker> workers = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closing;

    /** Makes a node that is not yet started. */
    public Node(
            Config config,
            ApiClient client,
            PrometheusRegistry registry,
            TimeSource time,
            Limits limits)
            throws IOException {
        this(config, client, registry, new ControllerMetrics(registry, "node"), time, limits);
    }

    /**
     * Makes a node that is not yet started.
     *
     * @throws IOException when the pods' folder cannot be made or written
     */
    public Node(
            Config config,
            ApiClient client,
            PrometheusRegistry registry,
            ControllerMetrics controllerMetrics,
            TimeSource time,
            Limits limits)
            throws IOException {
        Files.createDirectories(config.podsDirectory());
        this.config =
                new Config(
                        config.nodeName(),
                        config.podsDirectory().toRealPath(),
                        config.addressPrefix(),
                        config.hostAddress());
        this.time = time;
        this.limits = limits;
        NodeMetrics metrics = new NodeMetrics(registry);
        metrics.pods(workers::size);
        this.runtime =
                new ProcessRuntime(
                        this.config.podsDirectory(), config.addressPrefix(), limits, metrics);
        this.usage = new UsageMeter(runtime.processes(), limits);
        this.object = new NodeObject(client, time, this.config, limits);
        dev.kemudi.controller.Limits controllerLimits = dev.kemudi.controller.Limits.defaults();
        this.recorder =
                new EventRecorder(client, "kemudi-node", time, controllerLimits, controllerMetrics);
        this.broker = new EventBroker<>("pods", brokerLimits(limits), registry);
        this.informer =
                Informer.builder(client, Resource.PODS)
                        .fieldSelector("spec.nodeName=" + config.nodeName())
                        .time(time)
                        .metrics(controllerMetrics)
                        .build();
        this.parts =
                new NodeParts(
                        client,
                        runtime,
                        limits,
                        time,
                        metrics,
                        recorder,
                        broker,
                        config.nodeName(),
                        config.hostAddress(),
                        this.config.podsDirectory(),
                        object.allocatable(),
                        new Semaphore(limits.startsAtOnceMax()),
                        new Semaphore(limits.probesAtOnceMax()));
        this.streams = new NodeStreams(parts, uid -> Optional.ofNullable(workers.get(uid)));
    }

    private static dev.kemudi.kernel.Limits brokerLimits(Limits limits) {
        dev.kemudi.kernel.Limits kernel = dev.kemudi.kernel.Limits.defaults();
        return new dev.kemudi.kernel.Limits(
                limits.lifecycleSubscriberEventsMax(),
                kernel.subscribersMax(),
                kernel.executorWaitersMax(),
                kernel.fanoutRunningMax(),
                kernel.listenersMax(),
                kernel.retryAfterMillis(),
                kernel.closeMillis());
    }

    /**
     * Ends every process that an earlier life of {@code config}'s node left, and removes what it
     * kept of its pods: for where another may run them by now. Not while the node is started.
     */
    public static void sweep(Config config, Limits limits)
            throws IOException, InterruptedException {
        ProcessRuntime runtime =
                new ProcessRuntime(
                        config.podsDirectory(),
                        config.addressPrefix(),
                        limits,
                        new NodeMetrics(new PrometheusRegistry()));
        try {
            for (String uid : runtime.podUids()) {
                runtime.removePod(uid);
            }
        } finally {
            runtime.close();
        }
    }

    /**
     * Registers the node, adopts what an earlier life left running, kills what no pod owns any
     * more, and follows the API. Blocks until the pods bound here are known.
     */
    public void start() throws IOException, InterruptedException {
        object.register();
        informer.start();
        if (!informer.awaitSynced(SYNC_MAX)) {
            throw new IOException(
                    "the API server did not list this node's pods within "
                            + SYNC_MAX.toSeconds()
                            + " s");
        }
        removeStrangers();
        informer.addHandler(new Handler());
        threads.add(Thread.ofVirtual().name("heartbeat " + config.nodeName()).start(this::beat));
        MemoryWatch watch = new MemoryWatch(runtime.processes(), workers::values);
        threads.add(Thread.ofVirtual().name("memory " + config.nodeName()).start(watch));
    }

    /** Folders and processes of pods that are not in the API any more. */
    private void removeStrangers() throws IOException, InterruptedException {
        Set<String> known = new HashSet<>();
        informer.list().forEach(pod -> known.add(pod.uid()));
        for (String uid : runtime.podUids()) {
            if (!known.contains(uid)) {
                LOG.log(
                        System.Logger.Level.INFO,
                        "removing what is left of pod {0}, which is gone",
                        uid);
                runtime.removePod(uid);
            }
        }
    }

    private void beat() {
        try {
            for (int beats = 1; ; beats++) {
                time.sleep(NodeObject.HEARTBEAT_SECONDS * 1000L);
                try {
                    object.heartbeat();
                    if (beats % STATUS_EVERY_HEARTBEATS == 0) {
                        object.status(true, "KemudiReady", "the node takes pods");
                    }
                } catch (ApiException e) {
                    LOG.log(System.Logger.Level.WARNING, "heartbeat failed: " + e.getMessage());
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Handler implements EventHandler {
        @Override
        public void onAdd(ApiObject pod, boolean initial) {
            offer(pod);
        }

        @Override
        public void onUpdate(ApiObject old, ApiObject now) {
            if (!old.uid().equals(now.uid())) {
                onDelete(old, false);
            }
            offer(now);
        }

        @Override
        public void onDelete(ApiObject last, boolean stateUnknown) {
            PodWorker worker = workers.get(last.uid());
            if (worker != null) {
                worker.remove();
            }
        }
    }

    private void offer(ApiObject pod) {
        PodWorker known = workers.get(pod.uid());
        if (known != null) {
            known.update(pod);
            return;
        }
        if (closing) {
            return;
        }
        PodWorker worker = new PodWorker(parts, pod, refusal(pod), this::finished);
        workers.put(pod.uid(), worker);
        worker.start();
    }

    private Optional<PodStatus.Failure> refusal(ApiObject pod) {
        if (PodStatus.terminal(pod) || !pod.text("/status/startTime").isEmpty()) {
            return Optional.empty();
        }
        int containers = pod.at("/spec/containers").size() + pod.at("/spec/initContainers").size();
        if (containers > limits.containersPerPodMax()) {
            String message =
                    "Pod has %d containers, this node takes at most %d of one pod"
                            .formatted(containers, limits.containersPerPodMax());
            return Optional.of(new PodStatus.Failure("UnexpectedAdmissionError", message));
        }
        long active = workers.values().stream().filter(PodWorker::active).count();
        if (active >= limits.podsMax()) {
            String message =
                    "Pod was rejected: Node didn't have enough resource: pods, requested: 1, used: %d,"
                            .concat(" capacity: %d")
                            .formatted(active, limits.podsMax());
            return Optional.of(new PodStatus.Failure("OutOfpods", message));
        }
        return Optional.empty();
    }

    private void finished(PodWorker worker) {
        if (!closing) {
            workers.remove(worker.uid(), worker);
        }
    }

    /** What {@code kubectl logs} and {@code kubectl exec} need of this node. */
    public PodStreams streams() {
        return streams;
    }

    /**
     * What one container uses now.
     *
     * @param cpuMillis thousandths of a processor, over the last seconds
     * @param memoryBytes resident
     */
    public record Usage(long cpuMillis, long memoryBytes) {}

    /**
     * What a pod's containers use, by their names. Reads {@code /proc}, at most every few seconds.
     * Empty for pods that are not here, and at the first question about one: a rate takes two.
     */
    public Map<String, Usage> usage(String podUid) {
        return usage.of(podUid);
    }

    /** What happens to pods here, as it happens. */
    public EventBroker<PodEvent> lifecycle() {
        return broker;
    }

    /**
     * Stops all pods, those of the lowest priority first, writes their last status and says that
     * the node is gone. Takes at most {@link Limits#closeMillisMax}. The pods stay in the API and
     * start again with the node.
     */
    @Override
    public void close() {
        closing = true;
        long until = System.nanoTime() + limits.closeMillisMax() * 1_000_000L;
        try {
            TreeMap<Integer, List<PodWorker>> byPriority = new TreeMap<>();
            for (PodWorker worker : workers.values()) {
                int priority = worker.pod().integer("/spec/priority", 0);
                byPriority.computeIfAbsent(priority, _ -> new ArrayList<>()).add(worker);
            }
            int waves = byPriority.size();
            for (List<PodWorker> wave : byPriority.values()) {
                long leftMillis = (until - System.nanoTime()) / 1_000_000 - CLOSE_RESERVE_MILLIS;
                long graceMillis = Math.max(100, leftMillis / waves--);
                for (PodWorker worker : wave) {
                    long own =
                            1000
                                    * worker.pod()
                                            .at("/spec/terminationGracePeriodSeconds")
                                            .asLong(30);
                    worker.shutdown(Math.min(graceMillis, own));
                }
                for (PodWorker worker : wave) {
                    worker.join((until - System.nanoTime()) / 1_000_000);
                }
            }
            object.status(false, "KemudiStopped", "the node was stopped");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (ApiException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the node's end could not be told: " + e.getMessage());
        } finally {
            letGo();
        }
    }

    /** Ends this object and leaves every process alone: what {@code kill -9} of Kemudi does. */
    void detach() {
        closing = true;
        letGo();
    }

    private void letGo() {
        threads.forEach(Thread::interrupt);
        informer.close();
        workers.values().forEach(PodWorker::detach);
        recorder.close();
        broker.close();
        runtime.close();
    }
}
