package dev.kemudi.workloads;

import static dev.kemudi.api.Resource.CRON_JOBS;
import static dev.kemudi.api.Resource.EVENTS;
import static dev.kemudi.api.Resource.JOBS;
import static dev.kemudi.api.Resource.PODS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CronJobs against the real API server, on a clock that the test moves. */
class CronJobsTest {
    @TempDir Path directory;

    private Cluster cluster;

    @BeforeEach
    void start() {
        cluster = new Cluster(directory);
        // No schedule comes due by itself while a test runs: the clock goes on by the machine's.
        Instant now = cluster.time.now();
        Instant quiet =
                now.truncatedTo(ChronoUnit.HOURS).plus(Duration.ofMinutes(62)).plusSeconds(40);
        cluster.time.advance(Duration.between(now, quiet));
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private void cronJob(String schedule, String more) {
        cluster.apply(
                CRON_JOBS,
                """
                {"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"c","namespace":"default"},
                 "spec":{"schedule":"%s",
                  "jobTemplate":{"metadata":{"labels":{"app":"c"}},
                   "spec":{"template":{"spec":{"restartPolicy":"Never",
                    "containers":[{"name":"c","image":"host"}]}}}}%s}}
                """
                        .formatted(schedule, more));
    }

    private ApiObject cronJob() {
        return cluster.get(CRON_JOBS, "c");
    }

    private List<ApiObject> jobs() {
        return cluster.list(JOBS);
    }

    private boolean said(String reason) {
        return cluster.list(EVENTS).stream().anyMatch(e -> e.text("/reason").equals(reason));
    }

    private void hourLater() {
        cluster.time.advance(Duration.ofHours(1));
    }

    private void finishAll() {
        cluster.await(
                "every job has a running pod",
                () ->
                        cluster.list(PODS).stream()
                                        .filter(p -> Pods.phase(p).equals("Running"))
                                        .count()
                                >= cronJob().at("/status/active").size());
        cluster.list(PODS).stream()
                .filter(p -> Pods.phase(p).equals("Running"))
                .forEach(p -> cluster.finish(p, "Succeeded"));
    }

    @Test
    void aJobAppearsAtItsMomentNamedAfterItAndIsNotedUntilItIsDone() {
        cronJob("0 * * * *", "");
        cluster.await("nothing is due", () -> !cronJob().resourceVersion().isEmpty());
        assertThat(jobs()).isEmpty();
        hourLater();
        cluster.await("a job", () -> jobs().size() == 1);
        ApiObject job = jobs().getFirst();
        Instant due = cluster.time.now().truncatedTo(ChronoUnit.HOURS);
        assertThat(job.name()).isEqualTo("c-" + due.getEpochSecond() / 60);
        assertThat(job.labels()).containsEntry("app", "c");
        assertThat(job.annotations())
                .containsEntry("batch.kubernetes.io/cronjob-scheduled-timestamp", due.toString());
        cluster.await(
                "it is active", () -> cronJob().text("/status/active/0/name").equals(job.name()));
        assertThat(cronJob().text("/status/lastScheduleTime")).isEqualTo(due.toString());
        finishAll();
        cluster.await(
                "done",
                () ->
                        cronJob().at("/status/active").isMissingNode()
                                && !cronJob().text("/status/lastSuccessfulTime").isEmpty());
    }

    @Test
    void aDayThatPassesAtOnceIsMadeUpForOnce() {
        cronJob("*/10 * * * *", "");
        cluster.await("seen", () -> !cronJob().resourceVersion().isEmpty());
        cluster.time.advance(Duration.ofDays(1));
        cluster.await("a job", () -> jobs().size() == 1);
        cluster.await("said so", () -> said("TooManyMissedTimes"));
        assertThat(jobs()).hasSize(1);
    }

    @Test
    void forbidWaitsForTheLastRunAndReplaceEndsIt() {
        cronJob("0 * * * *", ",\"concurrencyPolicy\":\"Forbid\"");
        hourLater();
        cluster.await("a job", () -> jobs().size() == 1);
        ApiObject first = jobs().getFirst();
        cluster.await("active", () -> cronJob().at("/status/active").size() == 1);
        hourLater();
        cluster.await("not started", () -> said("JobAlreadyActive"));
        assertThat(jobs()).hasSize(1);
        cluster.change(
                CRON_JOBS,
                "c",
                c -> c.withObjectProperty("spec").put("concurrencyPolicy", "Replace"));
        cluster.await(
                "replaced",
                () ->
                        jobs().stream()
                                .map(ApiObject::uid)
                                .filter(uid -> !uid.equals(first.uid()))
                                .findAny()
                                .isPresent());
        cluster.await("the first is gone", () -> jobs().size() == 1);
        cluster.await("one active", () -> cronJob().at("/status/active").size() == 1);
    }

    @Test
    void allowRunsSideBySide() {
        cronJob("0 * * * *", "");
        hourLater();
        cluster.await("a job", () -> jobs().size() == 1);
        hourLater();
        cluster.await("two", () -> jobs().size() == 2);
        cluster.await("both active", () -> cronJob().at("/status/active").size() == 2);
    }

    @Test
    void whatIsTooLateIsNotStarted() {
        cronJob("0 3 1 1 *", ",\"startingDeadlineSeconds\":30");
        cluster.await("seen", () -> !cronJob().resourceVersion().isEmpty());
        cluster.time.advance(Duration.ofDays(400));
        cluster.change(
                CRON_JOBS, "c", c -> c.withObjectProperty("spec").put("schedule", "* * * * *"));
        cluster.time.advance(Duration.ofSeconds(25));
        cluster.await("only what is due now", () -> jobs().size() == 1);
        assertThat(said("TooManyMissedTimes")).isFalse();
    }

    @Test
    void aSuspendedOneStartsNothingUntilItIsResumed() {
        cronJob("0 * * * *", ",\"suspend\":true");
        hourLater();
        hourLater();
        cluster.restartControllers();
        assertThat(jobs()).isEmpty();
        cluster.change(CRON_JOBS, "c", c -> c.withObjectProperty("spec").put("suspend", false));
        cluster.await("the missed run", () -> jobs().size() == 1);
    }

    @Test
    void historyKeepsSoManyEndedJobs() {
        cronJob("0 * * * *", ",\"successfulJobsHistoryLimit\":1");
        for (int run = 0; run < 3; run++) {
            hourLater();
            int runs = run;
            cluster.await("run " + run, () -> cronJob().at("/status/active").size() == 1);
            finishAll();
            cluster.await("done " + runs, () -> cronJob().at("/status/active").isMissingNode());
        }
        cluster.await("one is kept", () -> jobs().size() == 1);
    }

    @Test
    void aRestartNeitherRepeatsNorForgetsARun() {
        cronJob("0 * * * *", "");
        hourLater();
        cluster.restartControllers();
        cluster.await("a job", () -> cronJob().at("/status/active").size() == 1);
        cluster.restartControllers();
        cluster.await("still one", () -> jobs().size() == 1);
        hourLater();
        cluster.await("the next", () -> jobs().size() == 2);
        cluster.client.delete(CRON_JOBS, "default", "c", DeleteOptions.BACKGROUND);
        cluster.await(
                "gone with its jobs and pods",
                () -> jobs().isEmpty() && cluster.list(PODS).isEmpty());
    }
}
