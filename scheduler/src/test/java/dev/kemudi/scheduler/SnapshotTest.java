package dev.kemudi.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.scheduler.Snapshot.Decision;
import org.junit.jupiter.api.Test;

class SnapshotTest {
    private final Snapshot snapshot = new Snapshot();

    private static ApiObject node(String name, int cpu) {
        return ApiObject.parse(
                """
                {"apiVersion":"v1","kind":"Node","metadata":{"name":"%s"},
                 "status":{"allocatable":{"cpu":"%d","memory":"8Gi","pods":"10"}}}
                """
                        .formatted(name, cpu));
    }

    private static ApiObject pod(String uid, String containers, String more) {
        return ApiObject.parse(
                """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"d","uid":"%s"},
                 "spec":{"containers":[%s]%s}}
                """
                        .formatted(uid, uid, containers, more));
    }

    private static String container(String cpu) {
        return "{\"name\":\"c\",\"resources\":{\"requests\":{\"cpu\":\"%s\"}}}".formatted(cpu);
    }

    @Test
    void aDecisionCountsAtOnceAndIsTakenBackWhenItsWriteFails() {
        snapshot.node(node("n", 1));
        assertThat(snapshot.place(pod("a", container("1"), ""))).isEqualTo(new Decision.Fits("n"));
        assertThat(snapshot.place(pod("b", container("1"), "")))
                .isInstanceOf(Decision.FitsNowhere.class);
        assertThat(snapshot.release("a")).isTrue();
        assertThat(snapshot.place(pod("b", container("1"), ""))).isEqualTo(new Decision.Fits("n"));
    }

    @Test
    void theEventOfAnAssumedPodChangesNothingAndAFinishedOneFreesItsRoom() {
        snapshot.node(node("n", 1));
        ApiObject pod = pod("a", container("1"), "");
        snapshot.place(pod);
        ApiObject bound = pod.edit(t -> t.withObjectProperty("spec").put("nodeName", "n"));
        assertThat(snapshot.pod(bound)).isFalse();
        assertThat(snapshot.place(pod("b", container("1"), "")))
                .isInstanceOf(Decision.FitsNowhere.class);
        assertThat(snapshot.pod(bound.edit(t -> t.putObject("status").put("phase", "Succeeded"))))
                .isTrue();
        assertThat(snapshot.place(pod("b", container("1"), ""))).isEqualTo(new Decision.Fits("n"));
    }

    @Test
    void aNodeThatIsGoneTakesNoMorePodsAndOneThatComesBackStillKnowsWhatRunsThere() {
        snapshot.node(node("n", 1));
        snapshot.place(pod("a", container("800m"), ""));
        snapshot.nodeGone("n");
        assertThat(snapshot.place(pod("b", container("100m"), "")))
                .isEqualTo(new Decision.FitsNowhere("no nodes available to schedule pods"));
        snapshot.node(node("n", 1));
        assertThat(snapshot.place(pod("c", container("800m"), "")))
                .isInstanceOf(Decision.FitsNowhere.class);
        assertThat(snapshot.place(pod("d", container("200m"), "")))
                .isEqualTo(new Decision.Fits("n"));
    }

    @Test
    void aPodAsksForItsContainersTogetherOrItsLargestInitContainer() {
        String init = ",\"initContainers\":[" + container("3") + "," + container("200m") + "]";
        assertThat(
                        PodRequest.of(pod("a", container("500m") + "," + container("1"), init))
                                .cpuMillis())
                .isEqualTo(3_000);
        assertThat(
                        PodRequest.of(pod("a", container("500m") + "," + container("1"), ""))
                                .cpuMillis())
                .isEqualTo(1_500);
        assertThat(PodRequest.of(pod("a", "{\"name\":\"c\"}", ""))).isEqualTo(PodRequest.NONE);
    }
}
