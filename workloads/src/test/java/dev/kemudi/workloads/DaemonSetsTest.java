package dev.kemudi.workloads;

import static dev.kemudi.api.Resource.CONTROLLER_REVISIONS;
import static dev.kemudi.api.Resource.DAEMON_SETS;
import static dev.kemudi.api.Resource.NODES;
import static dev.kemudi.api.Resource.PODS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DaemonSets against the real API server. */
class DaemonSetsTest {
    @TempDir Path directory;

    private Cluster cluster;

    @BeforeEach
    void start() {
        cluster = new Cluster(directory);
        cluster.node("n2", "");
        cluster.node("n3", "");
    }

    @AfterEach
    void stop() {
        cluster.close();
    }

    private void daemonSet(String podSpec, String more) {
        cluster.apply(
                DAEMON_SETS,
                """
                {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"d","namespace":"default"},
                 "spec":{"selector":{"matchLabels":{"app":"d"}},
                  "template":{"metadata":{"labels":{"app":"d"}},
                   "spec":{%s"containers":[{"name":"c","image":"host","env":[{"name":"V","value":"1"}]}]}}%s}}
                """
                        .formatted(podSpec, more));
    }

    private ApiObject set() {
        return cluster.get(DAEMON_SETS, "d");
    }

    private void change(String value) {
        cluster.change(DAEMON_SETS, "d", set -> Cluster.image(set, value));
    }

    private List<ApiObject> pods() {
        return cluster.activePods("d");
    }

    private List<String> nodes() {
        return pods().stream().map(p -> p.text("/spec/nodeName")).sorted().toList();
    }

    private List<String> versions() {
        return pods().stream().map(p -> p.text("/spec/containers/0/env/0/value")).sorted().toList();
    }

    /** What {@code kubectl rollout status} waits for. */
    private boolean rolledOut(int nodes) {
        ApiObject set = set();
        return set.integer("/status/observedGeneration", 0) >= set.generation()
                && set.integer("/status/desiredNumberScheduled", 0) == nodes
                && set.integer("/status/updatedNumberScheduled", 0) == nodes
                && set.integer("/status/numberAvailable", 0) == nodes;
    }

    private void label(String node, String key, String value) {
        cluster.changeNode(
                node,
                tree ->
                        tree.withObjectProperty("metadata")
                                .withObjectProperty("labels")
                                .put(key, value));
    }

    private void taint(String node, String effect) {
        cluster.changeNode(
                node,
                tree ->
                        tree.withObjectProperty("spec")
                                .putArray("taints")
                                .addObject()
                                .put("key", "dedicated")
                                .put("value", "gpu")
                                .put("effect", effect));
    }

    @Test
    void everyNodeGetsOnePodThatIsMeantForItAndNewNodesToo() {
        daemonSet("", "");
        cluster.await("three", () -> rolledOut(3));
        assertThat(nodes()).containsExactly("n1", "n2", "n3");
        ApiObject pod = pods().getFirst();
        assertThat(pod.name()).startsWith("d-");
        assertThat(
                        pod.text(
                                "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution"
                                        + "/nodeSelectorTerms/0/matchFields/0/values/0"))
                .isEqualTo(pod.text("/spec/nodeName"));
        assertThat(pod.at("/spec/tolerations"))
                .anySatisfy(t -> {
                    assertThat(t.path("key").asText())
                            .isEqualTo("node.kubernetes.io/unschedulable");
                    assertThat(t.path("effect").asText()).isEqualTo("NoSchedule");
                });
        cluster.node("n4", "");
        cluster.await("four", () -> rolledOut(4));
    }

    @Test
    void aNodeThatDoesNotFitAnyMoreLosesItsPod() {
        label("n1", "disk", "ssd");
        label("n2", "disk", "ssd");
        daemonSet("\"nodeSelector\":{\"disk\":\"ssd\"},", "");
        cluster.await("two", () -> rolledOut(2) && nodes().equals(List.of("n1", "n2")));
        label("n2", "disk", "tape");
        cluster.await("one", () -> rolledOut(1) && nodes().equals(List.of("n1")));
        label("n3", "disk", "ssd");
        cluster.await("another", () -> nodes().equals(List.of("n1", "n3")));
    }

    @Test
    void aTaintKeepsPodsAwayAndOnlyNoExecuteDrivesThemOut() {
        taint("n3", "NoSchedule");
        daemonSet("", "");
        cluster.await("two", () -> rolledOut(2) && nodes().equals(List.of("n1", "n2")));
        taint("n2", "NoSchedule");
        cluster.await(
                "it stays, misscheduled",
                () -> set().integer("/status/numberMisscheduled", 0) == 1);
        assertThat(nodes()).containsExactly("n1", "n2");
        taint("n2", "NoExecute");
        cluster.await("driven out", () -> nodes().equals(List.of("n1")));
    }

    @Test
    void aRollingUpdateLeavesAtMostSoManyNodesWithoutAnAvailablePod() {
        daemonSet("", "");
        cluster.await("three", () -> rolledOut(3));
        AtomicBoolean broken = new AtomicBoolean();
        change("2");
        cluster.await(
                "rolled out",
                () -> {
                    List<ApiObject> active = pods();
                    broken.compareAndSet(
                            false,
                            active.size() > 3 || active.stream().filter(Pods::ready).count() < 2);
                    return rolledOut(3);
                });
        assertThat(broken).isFalse();
        assertThat(versions()).containsExactly("2", "2", "2");
        assertThat(cluster.list(CONTROLLER_REVISIONS)).hasSize(2);
    }

    @Test
    void aTemplateThatNeverBecomesReadyStopsAtTheFirstNode() {
        daemonSet("", "");
        cluster.await("three", () -> rolledOut(3));
        cluster.healthy = pod -> !pod.text("/spec/containers/0/env/0/value").equals("bad");
        change("bad");
        cluster.await("the first", () -> versions().equals(List.of("1", "1", "bad")));
        cluster.await(
                "counted",
                () ->
                        set().integer("/status/numberUnavailable", 0) == 1
                                && set().integer("/status/updatedNumberScheduled", 0) == 1);
        change("1");
        cluster.await("rolled back", () -> rolledOut(3));
        assertThat(cluster.list(CONTROLLER_REVISIONS)).hasSize(2);
    }

    @Test
    void withSurgeTheNewPodIsThereBeforeTheOldOneGoes() {
        daemonSet(
                "",
                ",\"updateStrategy\":{\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":0}}");
        cluster.await("three", () -> rolledOut(3));
        AtomicBoolean broken = new AtomicBoolean();
        change("2");
        cluster.await(
                "rolled out",
                () -> {
                    List<ApiObject> active = pods();
                    broken.compareAndSet(
                            false,
                            active.size() > 4 || active.stream().filter(Pods::ready).count() < 3);
                    return rolledOut(3) && versions().equals(List.of("2", "2", "2"));
                });
        assertThat(broken).isFalse();
    }

    @Test
    void onDeleteLeavesPodsUntilSomebodyDeletesThem() {
        daemonSet("", ",\"updateStrategy\":{\"type\":\"OnDelete\"}");
        cluster.await("three", () -> rolledOut(3));
        change("2");
        cluster.await(
                "seen",
                () ->
                        set().integer("/status/observedGeneration", 0) == set().generation()
                                && set().integer("/status/updatedNumberScheduled", 0) == 0);
        assertThat(versions()).containsExactly("1", "1", "1");
        cluster.client.delete(PODS, "default", pods().getFirst().name(), DeleteOptions.BACKGROUND);
        cluster.await("the deleted one is new", () -> versions().equals(List.of("1", "1", "2")));
    }

    private boolean replaced(ApiObject pod) {
        return pods().size() == 1 && !pods().getFirst().uid().equals(pod.uid());
    }

    @Test
    void aPodThatFailsAgainAndAgainIsReplacedMoreAndMoreSlowly() {
        daemonSet("\"nodeSelector\":{\"kubernetes.io/hostname\":\"n1\"},", "");
        cluster.await("one", () -> rolledOut(1));
        ApiObject first = pods().getFirst();
        cluster.finish(first, "Failed");
        cluster.await("replaced", () -> rolledOut(1) && replaced(first));
        ApiObject second = pods().getFirst();
        cluster.finish(second, "Failed");
        cluster.time.advance(Duration.ofMinutes(1));
        cluster.await("again", () -> rolledOut(1) && replaced(second));
        assertThat(cluster.list(PODS)).hasSize(1);
    }

    @Test
    void aRestartInTheMiddleOfARolloutMakesNoSecondPodOnANode() {
        daemonSet("", "");
        cluster.await("three", () -> rolledOut(3));
        change("2");
        cluster.await("begun", () -> versions().contains("2") || pods().size() < 3);
        cluster.restartControllers();
        cluster.await("rolled out", () -> rolledOut(3));
        assertThat(nodes()).containsExactly("n1", "n2", "n3");
    }

    @Test
    void aNodeThatGoesIsNoLongerCountedAndADeletedSetTakesItsPodsAlong() {
        daemonSet("", "");
        cluster.await("three", () -> rolledOut(3));
        cluster.client.delete(NODES, "", "n3", DeleteOptions.BACKGROUND);
        cluster.await("two", () -> set().integer("/status/desiredNumberScheduled", 0) == 2);
        cluster.client.delete(DAEMON_SETS, "default", "d", DeleteOptions.BACKGROUND);
        cluster.await(
                "all gone",
                () ->
                        pods().stream().noneMatch(p -> !p.text("/spec/nodeName").equals("n3"))
                                && cluster.list(CONTROLLER_REVISIONS).isEmpty());
    }
}
