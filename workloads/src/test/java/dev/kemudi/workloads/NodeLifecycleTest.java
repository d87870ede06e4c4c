package dev.kemudi.workloads;

import static dev.kemudi.api.Resource.NODES;
import static dev.kemudi.api.Resource.PODS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that speak, fall silent and go, against the real API server. */
class NodeLifecycleTest {
    @TempDir Path directory;

    private Cluster cluster;

    @BeforeEach
    void start() {
        cluster = new Cluster(directory);
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private ApiObject node() {
        return cluster.client.get(NODES, "", "n1");
    }

    private boolean ready(String status) {
        return NodeTaints.condition(node(), "Ready").equals(status);
    }

    private List<String> taints() {
        return node().at("/spec/taints")
                .valueStream()
                .map(t ->
                        t.path("key").asText().replace("node.kubernetes.io/", "")
                                + ":"
                                + t.path("effect").asText())
                .sorted()
                .toList();
    }

    private void pod(String name, String spec) {
        cluster.apply(
                PODS,
                """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"default"},
                 "spec":{%s"containers":[{"name":"c","image":"host"}]}}
                """
                        .formatted(name, spec));
        cluster.await("it runs", () -> Pods.ready(cluster.get(PODS, name)));
    }

    @Test
    void aSilentNodeBecomesUnknownAndItsPodsLeaveWhenTheyTolerateItNoLonger() {
        pod("usual", "");
        pod(
                "hasty",
                "\"tolerations\":[{\"key\":\"node.kubernetes.io/unreachable\",\"operator\":\"Exists\","
                        + "\"effect\":\"NoExecute\",\"tolerationSeconds\":5}],");
        pod("faithful", "\"tolerations\":[{\"operator\":\"Exists\"}],");
        cluster.reaps = false;
        cluster.beats = false;
        cluster.time.advance(Duration.ofSeconds(60));
        cluster.await("unknown", () -> ready("Unknown"));
        ApiObject node = node();
        assertThat(Pods.condition(node, "Ready").orElseThrow().path("reason").asText())
                .isEqualTo("NodeStatusUnknown");
        cluster.await(
                "tainted",
                () -> taints().equals(List.of("unreachable:NoExecute", "unreachable:NoSchedule")));
        cluster.await("its pods are not ready", () -> !Pods.ready(cluster.get(PODS, "faithful")));
        cluster.time.advance(Duration.ofSeconds(10));
        cluster.await("the hasty one leaves", () -> cluster.get(PODS, "hasty").deleting());
        assertThat(cluster.get(PODS, "usual").deleting()).isFalse();
        cluster.time.advance(Duration.ofSeconds(300));
        cluster.await("the usual one, too", () -> cluster.get(PODS, "usual").deleting());
        assertThat(
                        Pods.condition(cluster.get(PODS, "usual"), "DisruptionTarget")
                                .orElseThrow()
                                .path("reason")
                                .asText())
                .isEqualTo("DeletionByTaintManager");
        assertThat(cluster.get(PODS, "faithful").deleting()).isFalse();
    }

    @Test
    void aSignOfLifeTakesItAllBack() {
        pod("usual", "");
        cluster.beats = false;
        cluster.time.advance(Duration.ofSeconds(60));
        cluster.await("tainted", () -> taints().size() == 2);
        cluster.beats = true;
        cluster.time.advance(Duration.ofSeconds(10));
        cluster.await("ready", () -> ready("True") && taints().isEmpty());
        cluster.time.advance(Duration.ofSeconds(20));
        assertThat(cluster.get(PODS, "usual").deleting()).isFalse();
    }

    @Test
    void aDayThatPassesAtOnceDoesNotCondemnANodeThatLives() {
        pod("usual", "");
        String uid = cluster.get(PODS, "usual").uid();
        for (int day = 0; day < 3; day++) {
            cluster.time.advance(Duration.ofDays(1));
            String heard = cluster.heartbeat();
            cluster.await("it beats again", () -> !cluster.heartbeat().equals(heard));
            assertThat(ready("True")).isTrue();
            assertThat(taints()).isEmpty();
        }
        assertThat(cluster.get(PODS, "usual").uid()).isEqualTo(uid);
    }

    @Test
    void aNodeThatSaysItIsNotReadyOrCordonedIsTainted() {
        cluster.changeNode(
                "n1", tree -> tree.withObjectProperty("spec").put("unschedulable", true));
        cluster.await("cordoned", () -> taints().equals(List.of("unschedulable:NoSchedule")));
        cluster.nodeReady = "False";
        cluster.time.advance(Duration.ofSeconds(10));
        cluster.await(
                "not ready",
                () ->
                        taints().equals(
                                        List.of(
                                                "not-ready:NoExecute",
                                                "not-ready:NoSchedule",
                                                "unschedulable:NoSchedule")));
        cluster.changeNode("n1", tree -> tree.withObjectProperty("spec").remove("unschedulable"));
        cluster.nodeReady = "True";
        cluster.time.advance(Duration.ofSeconds(10));
        cluster.await("well", () -> taints().isEmpty());
    }

    @Test
    void podsOfANodeThatIsGoneGoAfterAWhileAndThoseOfOthersStay() {
        cluster.node("n2", "");
        pod("here", "");
        pod("there", "\"nodeName\":\"n2\",");
        cluster.reaps = false;
        cluster.client.delete(NODES, "", "n2", DeleteOptions.BACKGROUND);
        cluster.await("seen", () -> cluster.client.find(NODES, "", "n2").isEmpty());
        assertThat(cluster.client.find(PODS, "default", "there")).isPresent();
        cluster.restartControllers(); // forgets since when
        cluster.await(
                "gone",
                () -> {
                    cluster.time.advance(Duration.ofSeconds(1));
                    return cluster.client.find(PODS, "default", "there").isEmpty();
                });
        assertThat(cluster.get(PODS, "here").deleting()).isFalse();
    }
}
