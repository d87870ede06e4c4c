package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/*
 * How no run is made twice
 * ------------------------
 * A job's name is made of the CronJob's and the minute at which it was due, so a second attempt at the
 * same run meets the first one's job, whatever was lost in between: a status that was not written, a
 * cache that lags, a controller that was restarted. Status then says what exists.
 */

/** Makes a Job at every moment that a CronJob's schedule names. */
final class CronJobs implements Reconciler {
    private static final long LAG_MILLIS = 1_000;
    private static final String TIMESTAMP = "batch.kubernetes.io/cronjob-scheduled-timestamp";

    private final Floor floor;
    private final Freshness freshness;

    private CronJobs(Floor floor) {
        this.floor = floor;
        this.freshness = new Freshness(floor.jobs);
    }

    static Controller controller(Floor floor) {
        return floor.controller("cronjob", new CronJobs(floor))
                .watches(floor.cronJobs)
                .watches(
                        floor.jobs,
                        job -> Floor.managerKey(job, Resource.CRON_JOBS).stream().toList());
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.cronJobs.get(key);
        if (found.isEmpty()) {
            freshness.forget(key);
            return Result.DONE;
        }
        if (!freshness.caughtUp(key)) {
            return Result.after(LAG_MILLIS);
        }
        ApiObject cronJob = found.get();
        List<ApiObject> jobs =
                new ArrayList<>(
                        floor.jobs.byIndex(Floor.OWNER, cronJob.uid()).stream()
                                .filter(job ->
                                        Floor.managerKey(job, Resource.CRON_JOBS)
                                                .filter(key::equals)
                                                .isPresent())
                                .toList());
        ObjectNode status =
                cronJob.at("/status") instanceof ObjectNode before
                        ? before.deepCopy()
                        : JsonNodeFactory.instance.objectNode();
        settle(cronJob, jobs, status);
        Result result = Result.DONE;
        if (!cronJob.deleting()) {
            clean(cronJob, jobs);
            result = schedule(cronJob, jobs, status);
        }
        StatusWriter.write(floor.client, Resource.CRON_JOBS, cronJob, status);
        return result;
    }

    // ---- what became of the runs
    // -----------------------------------------------------------------------------------

    private static String end(ApiObject job) {
        for (String end : List.of("Complete", "Failed")) {
            if (Pods.condition(job, end)
                    .filter(c -> c.path("status").asText().equals("True"))
                    .isPresent()) {
                return end;
            }
        }
        return "";
    }

    /** Brings {@code status.active} and the time of the last success up to date. */
    private void settle(ApiObject cronJob, List<ApiObject> jobs, ObjectNode status) {
        Set<String> before = new HashSet<>();
        status.path("active").forEach(a -> before.add(a.path("uid").asText()));
        ArrayNode active = status.arrayNode();
        for (ApiObject job : jobs) {
            String end = end(job);
            boolean known = before.remove(job.uid());
            if (end.isEmpty()) {
                active.add(reference(job));
                if (!known) {
                    floor.recorder.warning(
                            cronJob,
                            "UnexpectedJob",
                            "Saw a job that the controller did not create or forgot: "
                                    + job.name());
                }
                continue;
            }
            if (known) {
                floor.recorder.normal(
                        cronJob,
                        "SawCompletedJob",
                        "Saw completed job: %s, condition: %s".formatted(job.name(), end));
            }
            String completed = job.text("/status/completionTime");
            String last = status.path("lastSuccessfulTime").asText("");
            if (end.equals("Complete") && completed.compareTo(last) > 0) {
                status.put("lastSuccessfulTime", completed);
            }
        }
        for (JsonNode missing : status.path("active")) {
            if (before.contains(missing.path("uid").asText())) {
                floor.recorder.normal(
                        cronJob,
                        "MissingJob",
                        "Active job went missing: " + missing.path("name").asText());
            }
        }
        store(status, active);
    }

    private static void store(ObjectNode status, ArrayNode active) {
        if (active.isEmpty()) {
            status.remove("active");
        } else {
            status.set("active", active);
        }
    }

    private static ObjectNode reference(ApiObject job) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("apiVersion", "batch/v1")
                .put("kind", "Job")
                .put("name", job.name())
                .put("namespace", job.namespace())
                .put("uid", job.uid());
    }

    /** Deletes the oldest ended jobs beyond the history limits. */
    private void clean(ApiObject cronJob, List<ApiObject> jobs) {
        clean(cronJob, jobs, "Complete", "successfulJobsHistoryLimit");
        clean(cronJob, jobs, "Failed", "failedJobsHistoryLimit");
    }

    private void clean(ApiObject cronJob, List<ApiObject> jobs, String end, String limit) {
        JsonNode most = cronJob.at("/spec/" + limit);
        if (!most.isNumber()) {
            return;
        }
        List<ApiObject> ended =
                jobs.stream()
                        .filter(job -> end(job).equals(end) && !job.deleting())
                        .sorted(
                                Comparator.comparing(
                                                (ApiObject job) -> job.text("/status/startTime"))
                                        .thenComparing(ApiObject::name))
                        .toList();
        ended.stream()
                .limit(Math.max(0, ended.size() - most.asInt()))
                .forEach(job -> delete(cronJob, job));
    }

    private void delete(ApiObject cronJob, ApiObject job) {
        try {
            floor.client
                    .delete(
                            Resource.JOBS,
                            job.namespace(),
                            job.name(),
                            DeleteOptions.ofUid(job.uid()))
                    .ifPresentOrElse(
                            held -> freshness.wrote(cronJob.key(), held),
                            () -> freshness.deleted(cronJob.key(), job));
            floor.recorder.normal(cronJob, "SuccessfulDelete", "Deleted job " + job.name());
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
            freshness.deleted(cronJob.key(), job);
        }
    }

    // ---- the next run
    // ----------------------------------------------------------------------------------------------

    private Result schedule(ApiObject cronJob, List<ApiObject> jobs, ObjectNode status) {
        if (cronJob.bool("/spec/suspend")) {
            return Result.DONE;
        }
        CronTimes times;
        try {
            times = new CronTimes(cronJob, floor.time.now());
        } catch (IllegalArgumentException e) {
            floor.recorder.warning(
                    cronJob,
                    String.valueOf(e.getMessage()).startsWith("unknown time zone")
                            ? "UnknownTimeZone"
                            : "UnparseableSchedule",
                    "invalid schedule %s: %s"
                            .formatted(cronJob.text("/spec/schedule"), e.getMessage()));
            return Result.DONE; // until somebody changes it
        }
        times.due().ifPresent(due -> run(cronJob, jobs, status, times, due));
        return times.millisToNext().map(Result::after).orElse(Result.DONE);
    }

    private void run(
            ApiObject cronJob,
            List<ApiObject> jobs,
            ObjectNode status,
            CronTimes times,
            CronTimes.Due due) {
        if (due.tooMany()) {
            floor.recorder.warning(
                    cronJob,
                    "TooManyMissedTimes",
                    "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check"
                            + " clock skew");
        }
        if (times.tooLate(due.at())) {
            floor.recorder.warning(
                    cronJob,
                    "MissSchedule",
                    "Missed scheduled time to start a job: " + times.inZone(due.at()));
            return;
        }
        String name = cronJob.name() + "-" + due.at().getEpochSecond() / 60;
        if (times.served(due.at()) || jobs.stream().anyMatch(job -> job.name().equals(name))) {
            return;
        }
        List<ApiObject> active = jobs.stream().filter(job -> end(job).isEmpty()).toList();
        String policy = cronJob.text("/spec/concurrencyPolicy");
        if (policy.equals("Forbid") && !active.isEmpty()) {
            floor.recorder.normal(
                    cronJob,
                    "JobAlreadyActive",
                    "Not starting job because prior execution is running and concurrency policy is"
                            + " Forbid");
            return;
        }
        if (policy.equals("Replace")) {
            active.forEach(job -> delete(cronJob, job));
            status.remove("active");
        }
        start(cronJob, status, times, due.at(), name);
    }

    private void start(
            ApiObject cronJob, ObjectNode status, CronTimes times, Instant due, String name) {
        Optional<ApiObject> job;
        try {
            job = Optional.of(floor.client.create(Resource.JOBS, job(cronJob, times, due, name)));
            floor.recorder.normal(cronJob, "SuccessfulCreate", "Created job " + name);
        } catch (ApiException e) {
            if (e.status().reason().equals("Forbidden")
                    && e.status().message().contains("being terminated")) {
                return; // the namespace goes away, and this CronJob with it
            }
            if (!e.alreadyExists()) {
                floor.recorder.warning(
                        cronJob, "FailedCreate", "Error creating job: " + e.status().message());
                throw e;
            }
            job =
                    floor.client
                            .find(Resource.JOBS, cronJob.namespace(), name)
                            .filter(found ->
                                    found.controller()
                                            .filter(o -> o.uid().equals(cronJob.uid()))
                                            .isPresent());
        }
        job.filter(made -> end(made).isEmpty())
                .ifPresent(made -> {
                    freshness.wrote(cronJob.key(), made);
                    status.withArrayProperty("active").add(reference(made));
                });
        status.put("lastScheduleTime", due.toString());
    }

    private static ApiObject job(ApiObject cronJob, CronTimes times, Instant due, String name) {
        JsonNode template = cronJob.at("/spec/jobTemplate");
        return ApiObject.named(Resource.JOBS, cronJob.namespace(), name)
                .edit(tree -> {
                    ObjectNode metadata = tree.withObjectProperty("metadata");
                    for (String member : List.of("labels", "annotations")) {
                        if (template.path("metadata").path(member).isObject()) {
                            metadata.set(member, template.path("metadata").path(member).deepCopy());
                        }
                    }
                    metadata.withObjectProperty("annotations").put(TIMESTAMP, times.inZone(due));
                    metadata.putArray("ownerReferences")
                            .add(OwnerReference.controllerOf(cronJob).toTree());
                    tree.set("spec", template.path("spec").deepCopy());
                });
    }
}
