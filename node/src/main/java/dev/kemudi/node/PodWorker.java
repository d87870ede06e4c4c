package dev.kemudi.node;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.node.ContainerRun.Role;
import dev.kemudi.node.ContainerState.Terminated;
import dev.kemudi.node.ContainerState.Waiting;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/*
 * How a pod lives
 * ---------------
 * One virtual thread looks after one pod. It is level-triggered: every wake-up (the API object changed, a
 * process ended, a probe changed its mind, a time came) runs step(), which compares what should be with
 * what is, does what is missing, writes the status if it differs, and says when to look again. Nothing
 * else changes the pod, so nothing needs a lock.
 *
 *   start: prepare (address, folders, volumes) → init containers one by one → containers
 *   end: not ready at once → preStop, SIGTERM, grace, SIGKILL → sweep → last status → object deleted
 *
 * What holds always
 * -----------------
 * - An attempt's number is on disk before its process starts; a new life of the node adopts the process or
 *   counts on.
 * - A terminal phase (Succeeded, Failed) is never left, and no process of a pod in one is alive.
 * - The object leaves the API only after its last process is gone.
 * - The API being away stops nothing: supervision goes on, and the status is written when it is back.
 */
/** Looks after one pod from binding to deletion. */
final class PodWorker implements Runnable {
    private static final System.Logger LOG = System.getLogger("dev.kemudi.node");
    private static final long FOREVER_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final long REMOVED_GRACE_MILLIS = 2_000;
    private static final long API_RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final int CONFLICTS_MAX = 8;

    private final NodeParts parts;
    private final String uid;
    private final Optional<PodStatus.Failure> refused;
    private final Consumer<PodWorker> onFinished;
    private final Semaphore wake = new Semaphore(0);
    private final long seenNanos;
    private final List<ContainerRun> runs;
    private final PodContainers containers;
    private final PodStop stop;
    private volatile ApiObject latest;
    private volatile boolean removed;
    private volatile boolean shutdown;
    private volatile @Nullable Thread thread;
    private @Nullable PodRecord record;
    private Instant startTime;
    private String address = "";
    private boolean prepared;
    private boolean finished;
    private boolean stopping;
    private boolean wasReady;
    private boolean startCounted;
    private int prepareTries;
    private long refreshAtNanos;
    private Optional<PodStatus.Failure> failure = Optional.empty();

    /**
     * @param refused why the node does not take the pod at all
     */
    PodWorker(
            NodeParts parts,
            ApiObject pod,
            Optional<PodStatus.Failure> refused,
            Consumer<PodWorker> onFinished) {
        this.parts = parts;
        this.uid = pod.uid();
        this.latest = pod;
        this.refused = refused;
        this.onFinished = onFinished;
        this.seenNanos = parts.time().nanoTime();
        this.runs = ContainerRun.of(pod.tree().path("spec"));
        this.stop = new PodStop(parts, this::pod, this::address);
        this.containers = new PodContainers(parts, this::pod, this::address, this::wake, stop);
        Instant declared = ContainerState.instant(pod.at("/status/startTime"));
        this.startTime = declared.equals(Instant.EPOCH) ? parts.time().now() : declared;
    }

    // ---- what others tell
    // ------------------------------------------------------------------------------------------

    ApiObject pod() {
        return latest;
    }

    String uid() {
        return uid;
    }

    private String address() {
        return address;
    }

    Optional<ContainerRun> run(String container) {
        return runs.stream().filter(r -> r.name.equals(container)).findFirst();
    }

    List<ContainerRun> runs() {
        return runs;
    }

    void start() {
        Thread started = Thread.ofVirtual().name("pod " + latest.key()).unstarted(this);
        thread = started;
        started.start();
    }

    /** The API has a newer state. */
    void update(ApiObject now) {
        if (older(now, latest)) {
            return;
        }
        latest = now;
        if (now.deleting()) {
            stop.hurry(now.at("/metadata/deletionGracePeriodSeconds").asLong(30) * 1000);
        }
        wake();
    }

    private static boolean older(ApiObject now, ApiObject before) {
        try {
            return Long.parseUnsignedLong(now.resourceVersion())
                    < Long.parseUnsignedLong(before.resourceVersion());
        } catch (NumberFormatException _) {
            return false; // opaque versions cannot be compared: believe the newcomer
        }
    }

    /** The object is gone from the API: whatever still runs must go now. */
    void remove() {
        removed = true;
        stop.hurry(REMOVED_GRACE_MILLIS);
        wake();
    }

    /** The node goes down: stop the processes, keep the pod. */
    void shutdown(long graceMillis) {
        shutdown = true;
        stop.hurry(graceMillis);
        wake();
    }

    /** Lets go without stopping anything: what a crash of the node does. */
    void detach() {
        Thread running = thread;
        if (running != null) {
            running.interrupt();
        }
        runs.forEach(ContainerRun::stopAttendants);
    }

    void join(long millis) throws InterruptedException {
        Thread running = thread;
        if (running != null) {
            running.join(Math.max(1, millis));
        }
    }

    private void wake() {
        if (wake.availablePermits() == 0) {
            wake.release();
        }
    }

    // ---- the loop
    // --------------------------------------------------------------------------------------------------

    @Override
    public void run() {
        try {
            while (!finished) {
                long waitNanos;
                try {
                    waitNanos = step();
                } catch (ApiException | IOException e) {
                    LOG.log(
                            System.Logger.Level.WARNING,
                            "pod " + latest.key() + ": " + e.getMessage());
                    waitNanos = API_RETRY_NANOS;
                } catch (RuntimeException e) {
                    LOG.log(
                            System.Logger.Level.ERROR,
                            "pod " + latest.key() + " will be looked at again",
                            e);
                    waitNanos = 4 * API_RETRY_NANOS;
                }
                if (!finished && wake.tryAcquire(Math.max(0, waitNanos), TimeUnit.NANOSECONDS)) {
                    wake.drainPermits();
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            runs.forEach(ContainerRun::stopAttendants);
            onFinished.accept(this);
        }
    }

    /** Does what is due; answers in how many nanoseconds to look again. */
    private long step() throws IOException, InterruptedException {
        if (removed) {
            return leave();
        }
        if (latest.deleting()) {
            return terminate();
        }
        if (shutdown) {
            return halt();
        }
        if (PodStatus.terminal(latest)) {
            restoreEnded();
            return FOREVER_NANOS;
        }
        if (refused.isPresent()) {
            failure = refused;
            publish();
            return FOREVER_NANOS;
        }
        if (!prepared) {
            long retryNanos = prepare();
            if (!prepared) {
                publish();
                return retryNanos;
            }
        }
        containers.declare(runs, latest);
        if (collectExits()) {
            publish();
        }
        long deadlineNanos = deadlineNanos();
        if (deadlineNanos <= 0) {
            String message = "Pod was active on the node longer than the specified deadline";
            return fail(new PodStatus.Failure("DeadlineExceeded", message));
        }
        long nextNanos = advance();
        collectExits();
        publish();
        if (PodStatus.terminal(latest)) {
            stopRest();
            return FOREVER_NANOS;
        }
        return Math.min(Math.min(nextNanos, deadlineNanos), refresh());
    }

    private PodRecord record() throws IOException {
        PodRecord known = record;
        if (known == null) {
            known = PodRecord.open(parts.podsDirectory().resolve(uid));
            record = known;
        }
        return known;
    }

    private long prepare() throws IOException {
        PodRecord note = record();
        // Not the address in the status: that is of where the pod ran before, and may be in use
        // there.
        address = parts.runtime().preparePod(uid, note.address());
        if (!address.equals(note.address())) {
            note.address(address);
        }
        try {
            containers.provideVolumes();
        } catch (Volumes.MountException e) {
            parts.recorder().warning(latest, "FailedMount", String.valueOf(e.getMessage()));
            setWaiting(new Waiting("ContainerCreating", ""));
            long seconds = Math.min(16, 1L << Math.min(4, prepareTries++));
            return TimeUnit.SECONDS.toNanos(seconds);
        }
        containers.restore(runs, note, latest);
        prepared = true;
        return 0;
    }

    /** A pod that came to its end in an earlier life of the node: its logs can still be read. */
    private void restoreEnded() throws IOException, InterruptedException {
        if (!prepared) {
            parts.runtime().sweep(uid);
            containers.restore(runs, record(), latest);
            address = latest.text("/status/podIP");
            prepared = true;
        }
    }

    private void setWaiting(Waiting waiting) {
        runs.stream().filter(r -> r.attempt < 0).forEach(r -> r.state = waiting);
    }

    /** Nanoseconds until activeDeadlineSeconds have passed. */
    private long deadlineNanos() {
        long seconds = latest.at("/spec/activeDeadlineSeconds").asLong(-1);
        if (seconds < 0) {
            return FOREVER_NANOS;
        }
        long leftMillis =
                startTime.plusSeconds(seconds).toEpochMilli() - parts.time().epochMillis();
        return TimeUnit.MILLISECONDS.toNanos(leftMillis);
    }

    private String restartPolicy() {
        return latest.at("/spec/restartPolicy").asText("Always");
    }

    /** Takes note of containers that ended. */
    private boolean collectExits() {
        boolean any = false;
        for (ContainerRun run : runs) {
            any |= containers.collectExit(run, restartPolicy());
        }
        return any;
    }

    /** Starts whatever may start now; nanoseconds until something more may. */
    private long advance() throws IOException, InterruptedException {
        PodRecord note = record();
        long nextNanos = FOREVER_NANOS;
        for (ContainerRun run : runs) {
            if (run.role == Role.APP) {
                if (!note.initialized()) {
                    note.markInitialized();
                }
                nextNanos = Math.min(nextNanos, containers.ensure(run, restartPolicy(), note));
            } else if (run.role == Role.SIDECAR) {
                nextNanos = Math.min(nextNanos, containers.ensure(run, "Always", note));
                if (!note.initialized() && !run.started()) {
                    return nextNanos;
                }
            } else if (!note.initialized() && !run.completed()) {
                String policy = restartPolicy().equals("Never") ? "Never" : "OnFailure";
                return Math.min(nextNanos, containers.ensure(run, policy, note));
            }
        }
        countStart();
        return nextNanos;
    }

    private void countStart() {
        if (!startCounted
                && runs.stream().allMatch(r -> r.role == Role.INIT || r.running != null)) {
            startCounted = true;
            parts.metrics().podStarted(parts.time().nanoTime() - seenNanos);
        }
    }

    private long refresh() throws IOException {
        if (!containers.volumesRefreshable()) {
            return FOREVER_NANOS;
        }
        long periodNanos = TimeUnit.MILLISECONDS.toNanos(parts.limits().volumeRefreshMillis());
        long now = parts.time().nanoTime();
        if (refreshAtNanos == 0) {
            refreshAtNanos = now + periodNanos;
        } else if (now - refreshAtNanos >= 0) {
            refreshAtNanos = now + periodNanos;
            try {
                containers.provideVolumes();
            } catch (Volumes.MountException e) {
                parts.recorder().warning(latest, "FailedMount", String.valueOf(e.getMessage()));
            }
        }
        return refreshAtNanos - now;
    }

    // ---- the end
    // ---------------------------------------------------------------------------------------------------

    private long fail(PodStatus.Failure why) throws IOException, InterruptedException {
        parts.recorder().warning(latest, why.reason(), why.message());
        stopping = true;
        stop.all(runs, graceMillis());
        collectExits();
        failure = Optional.of(why);
        publish();
        return FOREVER_NANOS;
    }

    private long graceMillis() {
        return 1000 * latest.at("/spec/terminationGracePeriodSeconds").asLong(30);
    }

    /** The pod has come to its end by itself: sidecars and leftovers go too. */
    private void stopRest() throws InterruptedException, IOException {
        stop.all(runs, graceMillis());
        collectExits();
        parts.runtime().sweep(uid);
        publish();
    }

    private long terminate() throws IOException, InterruptedException {
        if (!prepared) {
            // A new life of the node, or a pod that never ran: find what there is before it is
            // stopped.
            containers.restore(runs, record(), latest);
            address = latest.text("/status/podIP");
            prepared = true;
        }
        stopping = true;
        publish();
        stop.all(runs, latest.at("/metadata/deletionGracePeriodSeconds").asLong(30) * 1000);
        int left = parts.runtime().sweep(uid);
        if (left > 0) {
            String message = left + " processes of the pod cannot be killed; trying again";
            parts.recorder().warning(latest, "FailedKillPod", message);
            return TimeUnit.SECONDS.toNanos(1);
        }
        collectExits();
        if (!removed && !PodStatus.terminal(latest)) {
            boolean good =
                    runs.stream().filter(r -> r.role == Role.APP).allMatch(ContainerRun::completed);
            failure =
                    good
                            ? Optional.empty()
                            : Optional.of(new PodStatus.Failure("Terminated", "Pod was deleted."));
            publish();
        }
        if (!removed) {
            delete();
        }
        return leave();
    }

    private void delete() {
        try {
            parts.client()
                    .delete(
                            Resource.PODS,
                            latest.namespace(),
                            latest.name(),
                            DeleteOptions.ofUid(uid).graceSeconds(0));
        } catch (ApiException e) {
            // 409: the name belongs to another pod by now, so ours is gone.
            if (!e.notFound() && e.status().code() != 409) {
                throw e;
            }
        }
    }

    private long leave() throws IOException, InterruptedException {
        stop.all(runs, REMOVED_GRACE_MILLIS);
        parts.runtime().removePod(uid);
        tell(PodEvent.Kind.REMOVED);
        finished = true;
        return 0;
    }

    private long halt() throws IOException, InterruptedException {
        boolean ran = runs.stream().anyMatch(r -> r.running != null);
        stopping = true;
        stop.all(runs, parts.limits().closeMillisMax());
        parts.runtime().sweep(uid);
        collectExits();
        if (ran && restartPolicy().equals("Never")) {
            String message = "Pod was terminated in response to imminent node shutdown.";
            failure = Optional.of(new PodStatus.Failure("Terminated", message));
        }
        finished = true; // one try: the API may already be gone, and the next life writes the truth
        if (ran) {
            publish();
        }
        return 0;
    }

    // ---- telling
    // ---------------------------------------------------------------------------------------------------

    /** Writes the status when it differs from what the API has. */
    private void publish() throws IOException {
        for (int tries = 0; tries < CONFLICTS_MAX && !removed; tries++) {
            ApiObject base = latest;
            PodStatus status =
                    new PodStatus(
                            runs,
                            address,
                            parts.hostAddress(),
                            startTime,
                            refused.isEmpty() && record().initialized(),
                            stopping,
                            failure);
            ApiObject wanted = status.applyTo(base, parts.time().now());
            if (wanted.tree().path("status").equals(base.tree().path("status"))) {
                return;
            }
            try {
                published(parts.client().updateStatus(Resource.PODS, wanted));
                return;
            } catch (ApiException e) {
                if (!e.conflict() && !e.notFound()) {
                    throw e;
                }
                Optional<ApiObject> now =
                        parts.client().find(Resource.PODS, base.namespace(), base.name());
                if (now.isEmpty() || !now.get().uid().equals(uid)) {
                    removed = true;
                    wake();
                    return;
                }
                latest = now.get();
            }
        }
        wake();
    }

    private void published(ApiObject written) {
        ApiObject before = latest;
        latest = older(written, before) ? before : written;
        for (ContainerRun run : runs) {
            if (run.exitedNanos != 0) {
                parts.metrics().exitVisible(parts.time().nanoTime() - run.exitedNanos);
                run.exitedNanos = 0;
            }
        }
        boolean ready = false;
        for (var condition : written.at("/status/conditions")) {
            ready |=
                    condition.path("type").asText().equals("Ready")
                            && condition.path("status").asText().equals("True");
        }
        if (ready != wasReady) {
            wasReady = ready;
            tell(ready ? PodEvent.Kind.READY : PodEvent.Kind.UNREADY);
        }
    }

    private void tell(PodEvent.Kind kind) {
        parts.broker()
                .publish(new PodEvent(kind, latest.namespace(), latest.name(), uid, "", 0, ""));
    }

    /** Whether the pod counts against the node's limit. */
    boolean active() {
        return refused.isEmpty() && !PodStatus.terminal(latest);
    }

    /** For messages about a container that does not run. */
    static String reason(ContainerRun run) {
        return run.state instanceof Waiting w
                ? w.reason()
                : run.state instanceof Terminated t ? t.reason() : "Running";
    }
}
