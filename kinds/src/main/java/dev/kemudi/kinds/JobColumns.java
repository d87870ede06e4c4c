package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ResourceDefinition.Column;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The table view of jobs. */
final class JobColumns {
    static final List<Column> ALL = columns();

    private JobColumns() {}

    private static List<Column> columns() {
        List<Column> columns =
                new ArrayList<>(
                        List.of(
                                Columns.NAME,
                                Columns.text(
                                        "Status",
                                        "Running, suspended, or how it ended.",
                                        JobColumns::status),
                                Columns.text(
                                        "Completions",
                                        "Pods that succeeded, of those wanted.",
                                        JobColumns::completions),
                                Columns.timed(
                                        "Duration",
                                        0,
                                        "From start to end, or until now.",
                                        JobColumns::duration),
                                Columns.AGE));
        columns.addAll(Columns.ofTemplate());
        return List.copyOf(columns);
    }

    private static String status(ApiObject job) {
        if (conditionTrue(job, "Complete")) {
            return "Complete";
        }
        if (conditionTrue(job, "Failed")) {
            return "Failed";
        }
        if (job.deleting()) {
            return "Terminating";
        }
        if (conditionTrue(job, "Suspended")) {
            return "Suspended";
        }
        if (conditionTrue(job, "FailureTarget")) {
            return "FailureTarget";
        }
        return conditionTrue(job, "SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
    }

    private static boolean conditionTrue(ApiObject job, String type) {
        for (JsonNode condition : job.at("/status/conditions")) {
            if (condition.path("type").asText().equals(type)) {
                return condition.path("status").asText().equals("True");
            }
        }
        return false;
    }

    private static String completions(ApiObject job) {
        int succeeded = job.integer("/status/succeeded", 0);
        if (job.at("/spec/completions").isNumber()) {
            return succeeded + "/" + job.integer("/spec/completions", 0);
        }
        int parallelism = job.integer("/spec/parallelism", 0);
        return parallelism > 1 ? succeeded + "/1 of " + parallelism : succeeded + "/1";
    }

    private static String duration(ApiObject job, Instant now) {
        Optional<Instant> start = Age.instant(job.at("/status/startTime"));
        if (start.isEmpty()) {
            return "";
        }
        Instant end = Age.instant(job.at("/status/completionTime")).orElse(now);
        return Age.human(Duration.between(start.get(), end));
    }
}
