package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/*
 * How no pod is counted twice or never
 * ------------------------------------
 * Every pod of a Job is held by a finalizer. When it has ended, its uid is first written into status
 * (uncountedTerminatedPods), then the finalizer is removed, then the uid becomes one in a counter. A crash
 * between any two steps repeats the second without counting again. Pods of a Job that is gone or going are
 * let go uncounted.
 */

/** Runs pods until enough of them succeed. */
final class Jobs implements Reconciler {
    private static final long LAG_MILLIS = 1_000;

    private final Floor floor;
    private final Freshness freshness;
    private final JobPods pods;

    private Jobs(Floor floor) {
        this.floor = floor;
        this.freshness = new Freshness(floor.pods);
        this.pods = new JobPods(floor, freshness);
    }

    static Controller controller(Floor floor) {
        return floor.controller("job", new Jobs(floor))
                .watches(floor.jobs)
                .watches(floor.pods, pod -> Floor.managerKey(pod, Resource.JOBS).stream().toList());
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.jobs.get(key);
        if (found.isEmpty() || found.get().deleting()) {
            freshness.forget(key);
            letGo(key);
            if (found.isEmpty()) {
                pods.forget(key);
            }
            return Result.DONE;
        }
        ApiObject job = found.get();
        if (!freshness.caughtUp(key)) {
            return Result.after(LAG_MILLIS);
        }
        List<ApiObject> all =
                floor.pods.byIndex(Floor.OWNER, job.uid()).stream()
                        .filter(p -> p.namespace().equals(job.namespace()))
                        .toList();
        pods.seen(key, all);
        Pass pass = new Pass(job, all);
        if (pass.ended()) {
            all.forEach(pod -> pods.release(key, pod));
            return expire(job);
        }
        return pass.run();
    }

    private void letGo(ObjectKey key) {
        floor.pods.list(key.namespace()).stream()
                .filter(JobPods::tracked)
                .filter(p -> Floor.managerKey(p, Resource.JOBS).filter(key::equals).isPresent())
                .forEach(p -> pods.release(key, p));
    }

    /** A finished Job with a time to live goes when that is over, and its pods with it. */
    private Result expire(ApiObject job) {
        JsonNode seconds = job.at("/spec/ttlSecondsAfterFinished");
        Optional<Instant> finished = endedAt(job);
        if (!seconds.isNumber() || finished.isEmpty()) {
            return Result.DONE;
        }
        long left =
                Duration.between(floor.time.now(), finished.get().plusSeconds(seconds.asLong()))
                        .toMillis();
        if (left > 0) {
            return Result.after(left);
        }
        try {
            floor.client.delete(
                    Resource.JOBS, job.namespace(), job.name(), DeleteOptions.ofUid(job.uid()));
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
        return Result.DONE;
    }

    private static Optional<Instant> endedAt(ApiObject job) {
        return Pods.condition(job, "Complete")
                .or(() -> Pods.condition(job, "Failed"))
                .map(c -> Instant.parse(c.path("lastTransitionTime").asText()));
    }

    /** One look at one Job. */
    private final class Pass {
        private final ApiObject job;
        private final List<ApiObject> all;
        private final List<ApiObject> active;
        private final ObjectNode status;
        private final boolean indexed;
        private final BitSet taken = new BitSet();
        private int created;

        Pass(ApiObject job, List<ApiObject> all) {
            this.job = job;
            this.all = all;
            this.active = new ArrayList<>(all.stream().filter(Pods::active).toList());
            this.status =
                    job.at("/status") instanceof ObjectNode tree
                            ? tree.deepCopy()
                            : JsonNodeFactory.instance.objectNode();
            this.indexed = job.text("/spec/completionMode").equals("Indexed");
        }

        boolean ended() {
            return Conditions.isTrue(status, "Complete") || Conditions.isTrue(status, "Failed");
        }

        Result run() {
            boolean suspended = job.bool("/spec/suspend");
            if (!suspended && !status.has("startTime")) {
                status.put("startTime", floor.timestamp());
            }
            fold();
            if (noteEnded()) {
                write();
                return Result
                        .DONE; // status is safe: the next pass, called by it, releases and counts
            }
            Result result = Result.DONE;
            if (suspended) {
                suspend();
            } else if (!judge()) {
                Conditions.remove(status, "Suspended");
                result = scale();
            }
            write();
            return result;
        }

        // ---- counting
        // ----------------------------------------------------------------------------------------------

        /** Lets pods go whose end is written down, and counts those that have been let go. */
        private void fold() {
            for (String end : List.of("succeeded", "failed")) {
                Set<String> uncounted = uncounted(end);
                int counted = 0;
                for (String uid : List.copyOf(uncounted)) {
                    Optional<ApiObject> held =
                            all.stream()
                                    .filter(p -> p.uid().equals(uid) && JobPods.tracked(p))
                                    .findFirst();
                    held.ifPresent(p -> pods.release(job.key(), p));
                    uncounted.remove(uid);
                    counted++;
                }
                if (counted > 0) {
                    status.put(end, status.path(end).asInt() + counted);
                    store(end, uncounted);
                }
            }
        }

        /** Writes down the uids of pods that ended since; whether there were any. */
        private boolean noteEnded() {
            boolean any = false;
            BitSet done = Indexes.parse(status.path("completedIndexes").asText(""));
            for (ApiObject pod : all) {
                if (!JobPods.tracked(pod) || Pods.active(pod) || pods.released(job.key(), pod)) {
                    continue;
                }
                String end = Pods.phase(pod).equals("Succeeded") ? "succeeded" : "failed";
                if (end.equals("succeeded") && indexed) {
                    int index = JobPods.index(pod);
                    if (index < 0 || done.get(index)) {
                        pods.release(job.key(), pod); // nothing to count: that index is done
                        continue;
                    }
                    done.set(index);
                }
                Set<String> uncounted = uncounted(end);
                any |= uncounted.add(pod.uid());
                store(end, uncounted);
            }
            if (indexed && !done.isEmpty()) {
                status.put("completedIndexes", Indexes.format(done));
            }
            return any;
        }

        private Set<String> uncounted(String end) {
            Set<String> uids = new TreeSet<>();
            status.path("uncountedTerminatedPods").path(end).forEach(u -> uids.add(u.asText()));
            return uids;
        }

        private void store(String end, Set<String> uids) {
            ObjectNode uncounted = status.withObjectProperty("uncountedTerminatedPods");
            if (uids.isEmpty()) {
                uncounted.remove(end);
            } else {
                ArrayNode array = uncounted.putArray(end);
                uids.forEach(array::add);
            }
        }

        private int succeeded() {
            return status.path("succeeded").asInt();
        }

        // ---- deciding
        // ----------------------------------------------------------------------------------------------

        /** Whether the Job has ended, one way or the other. */
        private boolean judge() {
            int failed = status.path("failed").asInt();
            int limit = job.integer("/spec/backoffLimit", 6);
            if (failed > limit || restartedTooOften(limit)) {
                fail("BackoffLimitExceeded", "Job has reached the specified backoff limit");
                return true;
            }
            if (millisToDeadline() <= 0) {
                fail("DeadlineExceeded", "Job was active longer than specified deadline");
                return true;
            }
            JsonNode completions = job.at("/spec/completions");
            boolean complete =
                    completions.isNumber()
                            ? succeeded() >= completions.asInt()
                            : succeeded() > 0 && active.isEmpty();
            if (complete) {
                active.forEach(p -> pods.delete(job, p));
                String message = "Reached expected number of succeeded pods";
                status.put("completionTime", floor.timestamp());
                end("SuccessCriteriaMet", "CompletionsReached", message);
                end("Complete", "CompletionsReached", message);
                floor.recorder.normal(job, "Completed", "Job completed");
            }
            return complete;
        }

        private boolean restartedTooOften(int limit) {
            if (!job.text("/spec/template/spec/restartPolicy").equals("OnFailure")) {
                return false;
            }
            int restarts = active.stream().mapToInt(Pods::restarts).sum();
            return limit == 0 ? restarts > 0 : restarts >= limit;
        }

        private long millisToDeadline() {
            JsonNode seconds = job.at("/spec/activeDeadlineSeconds");
            if (!seconds.isNumber() || !status.has("startTime")) {
                return Long.MAX_VALUE;
            }
            Instant end =
                    Instant.parse(status.path("startTime").asText()).plusSeconds(seconds.asLong());
            return Duration.between(floor.time.now(), end).toMillis();
        }

        private void fail(String reason, String message) {
            active.forEach(p -> pods.delete(job, p));
            status.put("failed", status.path("failed").asInt() + active.size());
            end("FailureTarget", reason, message);
            end("Failed", reason, message);
            floor.recorder.warning(job, reason, message);
        }

        private void end(String type, String reason, String message) {
            active.clear();
            Conditions.OF_JOB.set(status, type, "True", reason, message, floor.timestamp());
        }

        private void suspend() {
            active.forEach(p -> pods.delete(job, p));
            active.clear();
            status.remove("startTime");
            Conditions.OF_JOB.set(
                    status,
                    "Suspended",
                    "True",
                    "JobSuspended",
                    "Job suspended",
                    floor.timestamp());
        }

        private Result scale() {
            int parallelism = job.integer("/spec/parallelism", 1);
            JsonNode completions = job.at("/spec/completions");
            int wanted =
                    completions.isNumber()
                            ? Math.min(parallelism, completions.asInt() - succeeded())
                            : succeeded() > 0 ? active.size() : parallelism;
            int missing = Math.min(wanted - active.size(), floor.limits.podBurst());
            if (missing < 0) {
                List<ApiObject> surplus =
                        active.stream().sorted(Pods.deletionOrder(active)).limit(-missing).toList();
                surplus.forEach(p -> pods.delete(job, p));
                active.removeAll(surplus);
            }
            long wait = missing > 0 ? pods.backoffMillis(all) : 0;
            if (wait > 0) {
                return Result.after(Math.min(wait, millisToDeadline()));
            }
            for (int i = 0; i < missing; i++) {
                pods.create(job, indexed ? freeIndex(completions.asInt()) : -1);
            }
            created = Math.max(0, missing);
            return millisToDeadline() == Long.MAX_VALUE
                    ? Result.DONE
                    : Result.after(millisToDeadline() + 1);
        }

        private int freeIndex(int completions) {
            if (taken.isEmpty()) {
                taken.or(Indexes.parse(status.path("completedIndexes").asText("")));
                active.stream().map(JobPods::index).filter(i -> i >= 0).forEach(taken::set);
            }
            int index = taken.nextClearBit(0);
            if (index >= completions) {
                throw new IllegalStateException(
                        "expected an index below " + completions + " to be free, found none");
            }
            taken.set(index);
            return index;
        }

        private void write() {
            int running = active.size() + created;
            if (running > 0) {
                status.put("active", running);
            } else {
                status.remove("active");
            }
            status.put("ready", active.stream().filter(Pods::ready).count());
            status.put(
                    "terminating",
                    all.stream().filter(p -> p.deleting() && !Pods.finished(p)).count());
            if (!status.has("uncountedTerminatedPods")) {
                status.putObject("uncountedTerminatedPods");
            }
            StatusWriter.write(floor.client, Resource.JOBS, job, status);
        }
    }
}
