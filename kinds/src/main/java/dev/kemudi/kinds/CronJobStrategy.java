package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.CronSchedule;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.Status;
import dev.kemudi.api.Strategy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** CronJobs: a job at every moment that a schedule names. */
final class CronJobStrategy implements Strategy {
    static final List<Column> COLUMNS = columns();

    /** A job adds eleven characters to the name, and a pod's host name ends at 63. */
    private static final int NAME_MAX = 52;

    private static final List<String> COUNTS =
            List.of(
                    "startingDeadlineSeconds",
                    "successfulJobsHistoryLimit",
                    "failedJobsHistoryLimit");
    private static final String TEMPLATE = "spec.jobTemplate.spec";

    private static List<Column> columns() {
        List<Column> columns =
                new ArrayList<>(
                        List.of(
                                Columns.NAME,
                                Columns.text(
                                        "Schedule", "When it runs.", o -> o.text("/spec/schedule")),
                                Columns.text(
                                        "Timezone",
                                        "The time zone of the schedule.",
                                        o -> Columns.orNone(o.text("/spec/timeZone"))),
                                Columns.text(
                                        "Suspend",
                                        "Whether runs are suspended.",
                                        o -> o.bool("/spec/suspend") ? "True" : "False"),
                                Columns.integer(
                                        "Active",
                                        "Jobs that run now.",
                                        o -> o.at("/status/active").size()),
                                Columns.timed(
                                        "Last Schedule",
                                        0,
                                        "How long ago a job was last due.",
                                        (o, now) ->
                                                o.at("/status/lastScheduleTime").isTextual()
                                                        ? Age.since(
                                                                o.at("/status/lastScheduleTime"),
                                                                now)
                                                        : Columns.NONE),
                                Columns.AGE));
        columns.addAll(
                Columns.ofTemplate(
                        "/spec/jobTemplate/spec/template", "/spec/jobTemplate/spec/selector"));
        return List.copyOf(columns);
    }

    @Override
    public void applyDefaults(ObjectNode cronJob) {
        ObjectNode spec = Fill.object(cronJob, "spec");
        Fill.text(spec, "concurrencyPolicy", "Allow");
        Fill.bool(spec, "suspend", false);
        Fill.number(spec, "successfulJobsHistoryLimit", 3);
        Fill.number(spec, "failedJobsHistoryLimit", 1);
        if (spec.path("jobTemplate").path("spec") instanceof ObjectNode job) {
            PodDefaults.ofTemplate(job);
        }
    }

    @Override
    public void prepareForCreate(ObjectNode cronJob) {
        cronJob.putObject("status");
    }

    @Override
    public List<Status.Cause> validate(ApiObject cronJob, Optional<ApiObject> old) {
        Problems problems = new Problems();
        if (cronJob.name().length() > NAME_MAX) {
            problems.invalid(
                    "metadata.name",
                    cronJob.name(),
                    "must be no more than " + NAME_MAX + " characters");
        }
        schedule(cronJob, old, problems);
        zone(cronJob, problems);
        COUNTS.forEach(count -> WorkloadRules.notNegative(cronJob, count, problems));
        PodRules.oneOf(
                cronJob.at("/spec"),
                "concurrencyPolicy",
                Set.of("Allow", "Forbid", "Replace"),
                "spec",
                problems);
        job(cronJob, problems);
        return problems.causes();
    }

    private static void schedule(ApiObject cronJob, Optional<ApiObject> old, Problems problems) {
        String schedule = cronJob.text("/spec/schedule");
        if (schedule.isEmpty()) {
            problems.required("spec.schedule");
            return;
        }
        if (schedule.contains("TZ")) {
            problems.invalid(
                    "spec.schedule",
                    schedule,
                    "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
            return;
        }
        try {
            CronSchedule.parse(schedule);
        } catch (IllegalArgumentException e) {
            if (old.filter(o -> o.text("/spec/schedule").equals(schedule)).isEmpty()) {
                problems.invalid("spec.schedule", schedule, String.valueOf(e.getMessage()));
            }
        }
    }

    private static void zone(ApiObject cronJob, Problems problems) {
        JsonNode zone = cronJob.at("/spec/timeZone");
        if (zone.isMissingNode() || zone.isNull()) {
            return;
        }
        if (zone.asText().isEmpty()) {
            problems.invalid("spec.timeZone", "", "timeZone must be nil or non-empty string");
        } else if (zone.asText().equalsIgnoreCase("Local")) {
            problems.invalid(
                    "spec.timeZone",
                    zone.asText(),
                    "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        } else {
            try {
                CronSchedule.zone(zone.asText());
            } catch (IllegalArgumentException e) {
                problems.invalid("spec.timeZone", zone.asText(), String.valueOf(e.getMessage()));
            }
        }
    }

    private static void job(ApiObject cronJob, Problems problems) {
        if (cronJob.bool("/spec/jobTemplate/spec/manualSelector")) {
            problems.notSupported(TEMPLATE + ".manualSelector", true, List.of("nil", "false"));
        }
        JsonNode template = cronJob.at("/spec/jobTemplate/spec/template");
        if (!template.isObject()) {
            problems.required(TEMPLATE + ".template");
            return;
        }
        PodRules.spec(template.path("spec"), TEMPLATE + ".template.spec", problems);
        String policy = template.path("spec").path("restartPolicy").asText();
        if (!policy.equals("OnFailure") && !policy.equals("Never")) {
            problems.required(
                    TEMPLATE + ".template.spec.restartPolicy",
                    "valid values: \"OnFailure\", \"Never\"");
        }
    }
}
