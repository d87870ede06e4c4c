package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import org.junit.jupiter.api.Test;

class CronJobTest {
    private final Subject cronJobs = Subject.of(Resource.CRON_JOBS);

    private static String nightly(String schedule, String spec) {
        return "{'metadata':{'name':'nightly','creationTimestamp':'2026-01-01T11:59:18Z'},'spec':{'schedule':"
                + "'"
                + schedule
                + "','jobTemplate':{'spec':{'template':{'spec':{'restartPolicy':'Never','containers':"
                + "[{'name':'a','image':'perl:5'}]}}}}"
                + spec
                + "}}";
    }

    @Test
    void theSmallestCronJobReadsAsKubernetesWouldShowIt() {
        ApiObject cronJob = cronJobs.created(nightly("0 2 * * *", ""));
        assertThat(cronJob.text("/spec/concurrencyPolicy")).isEqualTo("Allow");
        assertThat(cronJob.integer("/spec/successfulJobsHistoryLimit", 0)).isEqualTo(3);
        assertThat(cronJob.integer("/spec/failedJobsHistoryLimit", 0)).isEqualTo(1);
        assertThat(cronJob.text("/spec/jobTemplate/spec/template/spec/dnsPolicy"))
                .isEqualTo("ClusterFirst");
        assertThat(cronJobs.header(0))
                .containsExactly(
                        "NAME",
                        "SCHEDULE",
                        "TIMEZONE",
                        "SUSPEND",
                        "ACTIVE",
                        "LAST SCHEDULE",
                        "AGE");
        assertThat(cronJobs.row(cronJob))
                .containsExactly("nightly", "0 2 * * *", "<none>", "False", 0, "<none>", "42s");
        assertThat(cronJobs.wrong(nightly("@daily", ",'timeZone':'Europe/Berlin'"))).isEmpty();
    }

    @Test
    void schedulesAndZonesThatMeanNothingAreRefused() {
        assertThat(cronJobs.wrong(nightly("0 2 * *", "")))
                .containsExactly(
                        "spec.schedule: Invalid value: \"0 2 * *\": expected exactly 5 fields, found 4:"
                                + " 0 2 * *");
        assertThat(cronJobs.wrong(nightly("TZ=UTC 0 2 * * *", "")))
                .singleElement()
                .asString()
                .endsWith("cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
        assertThat(cronJobs.wrong(nightly("0 2 * * *", ",'timeZone':'Mars/Phobos'")))
                .containsExactly(
                        "spec.timeZone: Invalid value: \"Mars/Phobos\": unknown time zone Mars/Phobos");
        assertThat(cronJobs.wrong(nightly("0 2 * * *", ",'timeZone':'Local'"))).hasSize(1);
        assertThat(cronJobs.wrong(nightly("", "")))
                .containsExactly("spec.schedule: Required value");
    }

    @Test
    void namesPoliciesAndLimitsAreChecked() {
        assertThat(cronJobs.wrong(nightly("0 2 * * *", "").replace("nightly", "n".repeat(53))))
                .singleElement()
                .asString()
                .endsWith("must be no more than 52 characters");
        assertThat(cronJobs.wrong(nightly("0 2 * * *", ",'concurrencyPolicy':'Maybe'"))).hasSize(1);
        assertThat(cronJobs.wrong(nightly("0 2 * * *", ",'failedJobsHistoryLimit':-1"))).hasSize(1);
        assertThat(cronJobs.wrong(nightly("0 2 * * *", "").replace("Never", "Always"))).hasSize(1);
    }
}
