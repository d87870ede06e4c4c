package dev.kemudi.workloads;

import static dev.kemudi.api.Resource.CONTROLLER_REVISIONS;
import static dev.kemudi.api.Resource.PODS;
import static dev.kemudi.api.Resource.STATEFUL_SETS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** StatefulSets against the real API server. */
class StatefulSetsTest {
    private static final String PARALLEL = ",\"podManagementPolicy\":\"Parallel\"";

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

    private void statefulSet(int replicas, String more) {
        cluster.apply(
                STATEFUL_SETS,
                """
                {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db","namespace":"default"},
                 "spec":{"replicas":%d,"serviceName":"db","selector":{"matchLabels":{"app":"db"}},
                  "template":{"metadata":{"labels":{"app":"db"}},
                   "spec":{"containers":[{"name":"c","image":"host","env":[{"name":"V","value":"1"}]}]}}%s}}
                """
                        .formatted(replicas, more));
    }

    private ApiObject set() {
        return cluster.get(STATEFUL_SETS, "db");
    }

    private void change(String value) {
        cluster.change(STATEFUL_SETS, "db", set -> Cluster.image(set, value));
    }

    private void scale(int replicas) {
        cluster.change(
                STATEFUL_SETS,
                "db",
                set -> set.withObjectProperty("spec").put("replicas", replicas));
    }

    private List<String> names() {
        return cluster.list(PODS).stream().map(ApiObject::name).sorted().toList();
    }

    private static String version(ApiObject pod) {
        return pod.text("/spec/containers/0/env/0/value");
    }

    /** As one list says: between two questions a pod may go. */
    private List<String> versions() {
        return cluster.list(PODS).stream()
                .sorted(Comparator.comparing(ApiObject::name))
                .map(StatefulSetsTest::version)
                .toList();
    }

    /** What {@code kubectl rollout status} waits for. */
    private boolean rolledOut() {
        ApiObject set = set();
        int wanted = set.integer("/spec/replicas", 0);
        return set.integer("/status/observedGeneration", 0) >= set.generation()
                && set.integer("/status/readyReplicas", 0) == wanted
                && set.integer("/status/updatedReplicas", 0) == wanted
                && set.text("/status/currentRevision").equals(set.text("/status/updateRevision"));
    }

    // ---- names and order
    // -------------------------------------------------------------------------------------------

    @Test
    void podsComeOneAfterAnotherEachUnderItsOwnName() {
        cluster.healthy = pod -> !pod.name().equals("db-1");
        statefulSet(3, "");
        cluster.await("the second is there", () -> names().equals(List.of("db-0", "db-1")));
        ApiObject first = cluster.get(PODS, "db-0");
        assertThat(first.text("/spec/hostname")).isEqualTo("db-0");
        assertThat(first.text("/spec/subdomain")).isEqualTo("db");
        assertThat(first.labels())
                .containsEntry("statefulset.kubernetes.io/pod-name", "db-0")
                .containsEntry("apps.kubernetes.io/pod-index", "0")
                .containsEntry("controller-revision-hash", set().text("/status/updateRevision"));
        cluster.healthy = pod -> true;
        cluster.finish(cluster.get(PODS, "db-1"), "Running");
        cluster.await("all", this::rolledOut);
        assertThat(names()).containsExactly("db-0", "db-1", "db-2");
    }

    @Test
    void parallelPodsDoNotWaitForEachOther() {
        cluster.healthy = pod -> false;
        statefulSet(3, PARALLEL + ",\"ordinals\":{\"start\":5}");
        cluster.await("all", () -> names().equals(List.of("db-5", "db-6", "db-7")));
        assertThat(set().integer("/status/readyReplicas", 0)).isZero();
    }

    @Test
    void theHighestGoesFirstAndTheNextWhenItIsGone() {
        statefulSet(3, "");
        cluster.await("all", this::rolledOut);
        cluster.reaps = false;
        scale(0);
        cluster.await("the third ends", () -> cluster.get(PODS, "db-2").deleting());
        assertThat(cluster.get(PODS, "db-1").deleting()).isFalse();
        cluster.reaps = true;
        cluster.client.delete(PODS, "default", "db-2", DeleteOptions.BACKGROUND.graceSeconds(0));
        cluster.await("all gone", () -> names().isEmpty());
    }

    @Test
    void aPodThatEndedComesBackUnderItsName() {
        statefulSet(2, "");
        cluster.await("all", this::rolledOut);
        ApiObject lost = cluster.get(PODS, "db-0");
        cluster.finish(lost, "Failed");
        cluster.await(
                "another one",
                () ->
                        cluster.client
                                .find(PODS, "default", "db-0")
                                .filter(p -> !p.uid().equals(lost.uid()) && Pods.ready(p))
                                .isPresent());
        assertThat(names()).containsExactly("db-0", "db-1");
    }

    @Test
    void aPodIsAvailableOnlyAfterItsMinReadySeconds() {
        statefulSet(2, ",\"minReadySeconds\":600");
        cluster.await("ready", () -> set().integer("/status/readyReplicas", 0) == 1);
        assertThat(names()).containsExactly("db-0");
        assertThat(set().integer("/status/availableReplicas", -1)).isZero();
        cluster.time.advance(Duration.ofMinutes(11));
        cluster.await("the next", () -> names().equals(List.of("db-0", "db-1")));
        cluster.await("one available", () -> set().integer("/status/availableReplicas", 0) == 1);
    }

    // ---- templates
    // -------------------------------------------------------------------------------------------------

    @Test
    void aRollingUpdateGoesFromTheHighestToTheLowestOneAtATime() {
        statefulSet(3, "");
        cluster.await("all", this::rolledOut);
        List<List<String>> seen = new ArrayList<>();
        AtomicBoolean broken = new AtomicBoolean();
        change("2");
        cluster.await(
                "rolled out",
                () -> {
                    List<ApiObject> active = cluster.activePods("db");
                    broken.compareAndSet(false, active.size() < 2);
                    List<String> versions = versions();
                    if (versions.size() == 3
                            && (seen.isEmpty() || !seen.getLast().equals(versions))) {
                        seen.add(versions);
                    }
                    return rolledOut();
                });
        assertThat(broken).isFalse();
        assertThat(
                        List.of(
                                List.of("1", "1", "1"),
                                List.of("1", "1", "2"),
                                List.of("1", "2", "2"),
                                List.of("2", "2", "2")))
                .containsSubsequence(seen);
        assertThat(versions()).containsExactly("2", "2", "2");
    }

    @Test
    void podsBelowThePartitionKeepTheOldTemplateEvenWhenMadeAnew() {
        statefulSet(3, ",\"updateStrategy\":{\"rollingUpdate\":{\"partition\":2}}");
        cluster.await("all", this::rolledOut);
        change("2");
        cluster.await(
                "the canary",
                () ->
                        versions().equals(List.of("1", "1", "2"))
                                && set().integer("/status/readyReplicas", 0) == 3);
        String old = cluster.get(PODS, "db-0").uid();
        cluster.client.delete(PODS, "default", "db-0", DeleteOptions.BACKGROUND);
        cluster.await(
                "made anew",
                () ->
                        cluster.client
                                .find(PODS, "default", "db-0")
                                .filter(p -> !p.uid().equals(old))
                                .isPresent());
        assertThat(version(cluster.get(PODS, "db-0"))).isEqualTo("1");
        assertThat(set().text("/status/currentRevision"))
                .isNotEqualTo(set().text("/status/updateRevision"));
        cluster.change(
                STATEFUL_SETS,
                "db",
                set ->
                        ((ObjectNode) set.at("/spec/updateStrategy/rollingUpdate"))
                                .put("partition", 0));
        cluster.await("rolled out", () -> rolledOut() && versions().equals(List.of("2", "2", "2")));
    }

    @Test
    void onDeleteLeavesPodsUntilSomebodyDeletesThem() {
        statefulSet(2, ",\"updateStrategy\":{\"type\":\"OnDelete\"}");
        cluster.await("all", this::rolledOut);
        change("2");
        cluster.await(
                "seen", () -> set().integer("/status/observedGeneration", 0) == set().generation());
        assertThat(versions()).containsExactly("1", "1");
        cluster.client.delete(PODS, "default", "db-0", DeleteOptions.BACKGROUND);
        cluster.await("the deleted one is new", () -> versions().equals(List.of("2", "1")));
    }

    @Test
    void aRollbackTakesUpTheOldRevisionAndHistoryHasALimit() {
        statefulSet(1, ",\"revisionHistoryLimit\":1");
        cluster.await("first", this::rolledOut);
        String first = set().text("/status/updateRevision");
        change("2");
        cluster.await("second", () -> rolledOut() && versions().equals(List.of("2")));
        assertThat(set().text("/status/updateRevision")).isNotEqualTo(first);
        change("1");
        cluster.await("back", () -> rolledOut() && versions().equals(List.of("1")));
        assertThat(set().text("/status/updateRevision")).isEqualTo(first);
        assertThat(History.number(cluster.get(CONTROLLER_REVISIONS, first))).isEqualTo(3);
        change("3");
        cluster.await("third", () -> rolledOut() && versions().equals(List.of("3")));
        cluster.await("two remain", () -> cluster.list(CONTROLLER_REVISIONS).size() == 2);
        ApiObject newest = cluster.get(CONTROLLER_REVISIONS, set().text("/status/updateRevision"));
        assertThat(newest.text("/data/spec/template/$patch")).isEqualTo("replace");
        assertThat(newest.text("/data/spec/template/spec/containers/0/env/0/value")).isEqualTo("3");
    }

    @Test
    void controllersThatRestartInTheMiddleOfARolloutFinishItWithoutASecondPodOfAName() {
        statefulSet(3, "");
        cluster.await("all", this::rolledOut);
        change("2");
        cluster.await("begun", () -> versions().contains("2") || names().size() < 3);
        cluster.restartControllers();
        cluster.await("rolled out", () -> rolledOut() && versions().equals(List.of("2", "2", "2")));
        assertThat(names()).containsExactly("db-0", "db-1", "db-2");
        assertThat(cluster.list(CONTROLLER_REVISIONS)).hasSize(2);
    }

    // ---- claims and ownership
    // --------------------------------------------------------------------------------------

    private static String claims(String whenDeleted, String whenScaled) {
        return (",\"persistentVolumeClaimRetentionPolicy\":{\"whenDeleted\":\"%s\",\"whenScaled\":\"%s\"},"
                        + "\"volumeClaimTemplates\":[{\"metadata\":{\"name\":\"disk\"},\"spec\":"
                        + "{\"accessModes\":[\"ReadWriteOnce\"],"
                        + "\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}]")
                .formatted(whenDeleted, whenScaled);
    }

    private List<String> claimNames() {
        return cluster.list(Claims.KIND).stream().map(ApiObject::name).sorted().toList();
    }

    @Test
    void everyPodHasItsOwnClaimWhichStaysWhenThePodGoes() {
        statefulSet(2, claims("Retain", "Retain"));
        cluster.await("all", this::rolledOut);
        assertThat(claimNames()).containsExactly("disk-db-0", "disk-db-1");
        assertThat(
                        cluster.get(PODS, "db-1")
                                .text("/spec/volumes/0/persistentVolumeClaim/claimName"))
                .isEqualTo("disk-db-1");
        ApiObject claim = cluster.get(Claims.KIND, "disk-db-1");
        assertThat(claim.labels()).containsEntry("app", "db");
        cluster.client.delete(STATEFUL_SETS, "default", "db", DeleteOptions.BACKGROUND);
        cluster.await(
                "pods and history are gone",
                () -> names().isEmpty() && cluster.list(CONTROLLER_REVISIONS).isEmpty());
        assertThat(claimNames()).containsExactly("disk-db-0", "disk-db-1");
    }

    @Test
    void claimsGoWithTheirPodOrWithTheSetWhenThePolicySaysSo() {
        statefulSet(2, claims("Delete", "Delete"));
        cluster.await("all", this::rolledOut);
        scale(1);
        cluster.await("its claim is gone", () -> claimNames().equals(List.of("disk-db-0")));
        scale(2);
        cluster.await("both again", () -> rolledOut() && claimNames().size() == 2);
        cluster.client.delete(STATEFUL_SETS, "default", "db", DeleteOptions.BACKGROUND);
        cluster.await("all gone", () -> names().isEmpty() && claimNames().isEmpty());
    }
}
