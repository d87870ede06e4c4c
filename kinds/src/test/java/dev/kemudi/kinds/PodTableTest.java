package dev.kemudi.kinds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import org.junit.jupiter.api.Test;

class PodTableTest {
    private static final String RUNNING =
            "{'name':'a','ready':true,'restartCount':0,"
                    + "'state':{'running':{'startedAt':'2026-01-01T11:00:00Z'}}}";

    private final Subject pods = Subject.of(Resource.PODS);

    private static ApiObject pod(String metadata, String spec, String status) {
        return Subject.json(
                "{'metadata':{'name':'web','creationTimestamp':'2026-01-01T11:57:57Z'"
                        + metadata
                        + "},'spec':{'containers':[{'name':'a'},{'name':'b'}]"
                        + spec
                        + "},'status':{"
                        + status
                        + "}}");
    }

    private String statusOf(String spec, String status) {
        return (String) pods.row(pod("", spec, status)).get(2);
    }

    @Test
    void theHeaderIsTheOneThatScriptsCut() {
        assertThat(pods.header(0)).containsExactly("NAME", "READY", "STATUS", "RESTARTS", "AGE");
        assertThat(pods.header(1))
                .containsExactly(
                        "NAME",
                        "READY",
                        "STATUS",
                        "RESTARTS",
                        "AGE",
                        "IP",
                        "NODE",
                        "NOMINATED NODE",
                        "READINESS GATES");
    }

    @Test
    void aRunningPodCountsItsReadyContainers() {
        ApiObject pod =
                pod(
                        "",
                        ",'nodeName':'n1'",
                        "'phase':'Running','podIP':'127.1.0.9','containerStatuses':["
                                + RUNNING
                                + ",{'name':'b','ready':false,'restartCount':0,'state':{'running':{}}}]");
        assertThat(pods.wideRow(pod))
                .containsExactly(
                        "web",
                        "1/2",
                        "Running",
                        "0",
                        "2m3s",
                        "127.1.0.9",
                        "n1",
                        "<none>",
                        "<none>");
    }

    @Test
    void aPodThatNobodyPlacedYetIsPending() {
        assertThat(pods.row(pod("", "", "'phase':'Pending'")))
                .containsExactly("web", "0/2", "Pending", "0", "2m3s");
    }

    @Test
    void aRestartSaysHowLongAgoItWas() {
        String status =
                "'phase':'Running','containerStatuses':[{'name':'a','ready':false,'restartCount':3,"
                        + "'state':{'waiting':{'reason':'CrashLoopBackOff'}},"
                        + "'lastState':{'terminated':{'exitCode':1,'finishedAt':'2026-01-01T11:59:55Z'}}}]";
        assertThat(pods.row(pod("", "", status)))
                .containsExactly("web", "0/2", "CrashLoopBackOff", "3 (5s ago)", "2m3s");
    }

    @Test
    void aDeletedPodIsTerminatingUnlessItHasFinished() {
        String deleted = ",'deletionTimestamp':'2026-01-01T11:59:00Z'";
        assertThat(pods.row(pod(deleted, "", "'phase':'Running'")).get(2)).isEqualTo("Terminating");
        assertThat(pods.row(pod(deleted, "", "'phase':'Succeeded'")).get(2)).isEqualTo("Succeeded");
        assertThat(pods.row(pod(deleted, "", "'phase':'Running','reason':'NodeLost'")).get(2))
                .isEqualTo("Unknown");
    }

    @Test
    void theFirstContainersReasonWins() {
        assertThat(
                        statusOf(
                                "",
                                "'phase':'Pending','containerStatuses':["
                                        + "{'name':'a','state':{'waiting':{'reason':'ErrImageNeverPull'}}},"
                                        + "{'name':'b','state':{'waiting':{'reason':'ContainerCreating'}}}]"))
                .isEqualTo("ErrImageNeverPull");
    }

    @Test
    void containersThatEndedSayWhyOrHow() {
        String all =
                "'phase':'Failed','containerStatuses':[{'name':'a','state':{'terminated':{%s}}}]";
        assertThat(statusOf("", all.formatted("'exitCode':0,'reason':'Completed'")))
                .isEqualTo("Completed");
        assertThat(statusOf("", all.formatted("'exitCode':1,'reason':'Error'"))).isEqualTo("Error");
        assertThat(statusOf("", all.formatted("'exitCode':3"))).isEqualTo("ExitCode:3");
        assertThat(statusOf("", all.formatted("'exitCode':137,'signal':9"))).isEqualTo("Signal:9");
    }

    @Test
    void aCompletedContainerBesideARunningOneDoesNotEndThePod() {
        String statuses =
                "'phase':'Running','containerStatuses':[{'name':'b','state':{'terminated':"
                        + "{'exitCode':0,'reason':'Completed'}}},"
                        + RUNNING
                        + "]";
        assertThat(statusOf("", statuses + ",'conditions':[{'type':'Ready','status':'True'}]"))
                .isEqualTo("Running");
        assertThat(statusOf("", statuses)).isEqualTo("NotReady");
    }

    @Test
    void initContainersAreCountedUntilOneStandsInTheWay() {
        String spec = ",'initContainers':[{'name':'i'},{'name':'j'},{'name':'k'}]";
        String done = "{'name':'i','state':{'terminated':{'exitCode':0,'reason':'Completed'}}}";
        String status =
                "'phase':'Pending','initContainerStatuses':["
                        + done
                        + ",{'name':'j','state':{%s}}]";

        assertThat(statusOf(spec, status.formatted("'running':{}"))).isEqualTo("Init:1/3");
        assertThat(statusOf(spec, status.formatted("'waiting':{'reason':'PodInitializing'}")))
                .isEqualTo("Init:1/3");
        assertThat(statusOf(spec, status.formatted("'waiting':{'reason':'CrashLoopBackOff'}")))
                .isEqualTo("Init:CrashLoopBackOff");
        assertThat(statusOf(spec, status.formatted("'terminated':{'exitCode':1,'reason':'Error'}")))
                .isEqualTo("Init:Error");
        assertThat(statusOf(spec, status.formatted("'terminated':{'exitCode':2}")))
                .isEqualTo("Init:ExitCode:2");
    }

    @Test
    void aSidecarCountsAsAContainer() {
        ApiObject pod =
                pod(
                        "",
                        ",'initContainers':[{'name':'s','restartPolicy':'Always'}]",
                        "'phase':'Running','initContainerStatuses':[{'name':'s','ready':true,'started':true,"
                                + "'restartCount':2,'state':{'running':{}}}],'containerStatuses':["
                                + RUNNING
                                + "]");
        assertThat(pods.row(pod)).containsExactly("web", "2/3", "Running", "2", "2m3s");
    }

    @Test
    void gatesAreCountedOpenOfAll() {
        ApiObject pod =
                pod(
                        "",
                        ",'readinessGates':[{'conditionType':'x/a'},{'conditionType':'x/b'}]",
                        "'conditions':[{'type':'x/b','status':'True'}]");
        assertThat(pods.wideRow(pod).getLast()).isEqualTo("1/2");
    }
}
