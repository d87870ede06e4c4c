package dev.kemudi.workloads;

import static dev.kemudi.api.Resource.CONFIG_MAPS;
import static dev.kemudi.api.Resource.DEPLOYMENTS;
import static dev.kemudi.api.Resource.ENDPOINT_SLICES;
import static dev.kemudi.api.Resource.JOBS;
import static dev.kemudi.api.Resource.NAMESPACES;
import static dev.kemudi.api.Resource.PODS;
import static dev.kemudi.api.Resource.REPLICA_SETS;
import static dev.kemudi.api.Resource.SERVICES;
import static dev.kemudi.api.Resource.SERVICE_ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.DeleteOptions.Propagation;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The built-in controllers against the real API server. */
class WorkloadsTest {
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

    private static DeleteOptions propagating(Propagation propagation) {
        return new DeleteOptions(propagation, OptionalLong.empty(), "", "");
    }

    private List<ApiObject> replicaSets() {
        return cluster.list(REPLICA_SETS).stream()
                .sorted(Comparator.comparingInt((ApiObject rs) -> rs.integer("/spec/replicas", 0)))
                .toList();
    }

    // ---- Deployment and ReplicaSet
    // ---------------------------------------------------------------------------------

    @Test
    void aDeploymentGetsItsPodsAndSaysSoInTheWordsThatRolloutStatusWaitsFor() {
        cluster.deployment("web", 3, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        ApiObject deployment = cluster.get(DEPLOYMENTS, "web");
        ApiObject replicaSet = replicaSets().getFirst();
        assertThat(cluster.activePods("web")).hasSize(3);
        assertThat(deployment.annotations()).containsEntry(Revisions.REVISION, "1");
        assertThat(replicaSet.annotations()).containsEntry(Revisions.REVISION, "1");
        String hash = replicaSet.labels().getOrDefault("pod-template-hash", "");
        assertThat(hash).isNotEmpty();
        assertThat(replicaSet.name()).isEqualTo("web-" + hash);
        assertThat(cluster.activePods("web"))
                .allMatch(p ->
                        hash.equals(p.labels().get("pod-template-hash"))
                                && p.name().startsWith("web-" + hash + "-"));
        assertThat(Pods.condition(deployment, "Available").orElseThrow().path("reason").asText())
                .isEqualTo("MinimumReplicasAvailable");
    }

    @Test
    void aRollingUpdateNeverHasFewerAvailableNorMorePodsThanItsLimitsAllow() {
        cluster.deployment(
                "web",
                4,
                ",\"strategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":"
                        + "{\"maxSurge\":1,\"maxUnavailable\":0}}");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        AtomicBoolean broken = new AtomicBoolean();
        cluster.change(DEPLOYMENTS, "web", d -> Cluster.image(d, "2"));
        cluster.await(
                "rolled out anew",
                () -> {
                    List<ApiObject> active = cluster.activePods("web");
                    broken.compareAndSet(
                            false,
                            active.size() > 5 || active.stream().filter(Pods::ready).count() < 4);
                    return cluster.rolledOut("web");
                });
        assertThat(broken).isFalse();
        assertThat(cluster.activePods("web"))
                .allMatch(p -> p.text("/spec/containers/0/env/0/value").equals("2"));
        assertThat(replicaSets()).hasSize(2);
        assertThat(cluster.get(DEPLOYMENTS, "web").annotations())
                .containsEntry(Revisions.REVISION, "2");
    }

    @Test
    void aRollbackIsANewRevisionOfTheOldReplicaSet() {
        cluster.deployment("web", 2, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        ApiObject first = replicaSets().getFirst();
        cluster.change(DEPLOYMENTS, "web", d -> Cluster.image(d, "2"));
        cluster.await("second", () -> cluster.rolledOut("web") && replicaSets().size() == 2);
        cluster.change(
                DEPLOYMENTS,
                "web",
                d ->
                        ((ObjectNode) d.at("/spec"))
                                .set("template", first.at("/spec/template").deepCopy()));
        cluster.await(
                "back",
                () ->
                        cluster.rolledOut("web")
                                && cluster.get(REPLICA_SETS, first.name())
                                                .integer("/spec/replicas", 0)
                                        == 2);
        assertThat(replicaSets()).hasSize(2);
        ApiObject again = cluster.get(REPLICA_SETS, first.name());
        assertThat(again.annotations())
                .containsEntry(Revisions.REVISION, "3")
                .containsEntry("deployment.kubernetes.io/revision-history", "1");
        cluster.await(
                "the deployment says 3",
                () ->
                        "3"
                                .equals(
                                        cluster.get(DEPLOYMENTS, "web")
                                                .annotations()
                                                .get(Revisions.REVISION)));
    }

    @Test
    void aBrokenTemplateStopsTheRolloutAtMaxUnavailableAndIsReportedAfterItsDeadline() {
        cluster.deployment("web", 4, ",\"progressDeadlineSeconds\":1");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        cluster.healthy = pod -> !pod.text("/spec/containers/0/env/0/value").equals("bad");
        cluster.change(DEPLOYMENTS, "web", d -> Cluster.image(d, "bad"));
        cluster.await(
                "deadline exceeded",
                () ->
                        Pods.condition(cluster.get(DEPLOYMENTS, "web"), "Progressing")
                                .filter(c ->
                                        c.path("reason")
                                                .asText()
                                                .equals("ProgressDeadlineExceeded"))
                                .isPresent());
        assertThat(cluster.activePods("web").stream().filter(Pods::ready))
                .hasSizeGreaterThanOrEqualTo(3);
        assertThat(cluster.activePods("web")).hasSizeLessThanOrEqualTo(5);
    }

    @Test
    void aPausedDeploymentScalesButDoesNotRoll() {
        cluster.deployment("web", 1, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        cluster.change(
                DEPLOYMENTS,
                "web",
                d -> {
                    d.withObjectProperty("spec").put("paused", true).put("replicas", 3);
                    Cluster.image(d, "2");
                });
        cluster.await("scaled", () -> cluster.activePods("web").size() == 3);
        assertThat(replicaSets()).hasSize(1);
        cluster.change(DEPLOYMENTS, "web", d -> d.withObjectProperty("spec").put("paused", false));
        cluster.await("rolled", () -> cluster.rolledOut("web") && replicaSets().size() == 2);
    }

    @Test
    void recreateNeverRunsOldAndNewPodsTogether() {
        cluster.deployment("web", 2, ",\"strategy\":{\"type\":\"Recreate\"}");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        AtomicBoolean together = new AtomicBoolean();
        cluster.change(DEPLOYMENTS, "web", d -> Cluster.image(d, "2"));
        cluster.await(
                "rolled out anew",
                () -> {
                    Set<String> versions =
                            cluster.list(PODS).stream()
                                    .map(p -> p.text("/spec/containers/0/env/0/value"))
                                    .collect(Collectors.toSet());
                    together.compareAndSet(false, versions.size() > 1);
                    return cluster.rolledOut("web") && versions.equals(Set.of("2"));
                });
        assertThat(together).isFalse();
    }

    @Test
    void oldReplicaSetsBeyondTheHistoryLimitAreDeleted() {
        cluster.deployment("web", 1, ",\"revisionHistoryLimit\":1");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        for (int i = 2; i < 5; i++) {
            String value = "" + i;
            cluster.change(DEPLOYMENTS, "web", d -> Cluster.image(d, value));
            cluster.await(
                    "rolled out " + i,
                    () ->
                            cluster.rolledOut("web")
                                    && cluster.activePods("web").stream()
                                            .allMatch(p ->
                                                    p.text("/spec/containers/0/env/0/value")
                                                            .equals(value)));
        }
        cluster.await("history is short", () -> replicaSets().size() == 2);
    }

    @Test
    void aDeletedPodIsReplacedAndNeverTwice() {
        cluster.deployment("web", 3, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        for (int i = 0; i < 20; i++) {
            ApiObject victim = cluster.activePods("web").getFirst();
            cluster.client.delete(PODS, "default", victim.name(), DeleteOptions.BACKGROUND);
            cluster.await(
                    "three again",
                    () -> {
                        int active = cluster.activePods("web").size();
                        assertThat(active).isLessThanOrEqualTo(3);
                        return active == 3;
                    });
        }
    }

    @Test
    void aReplicaSetAdoptsMatchingPodsAndReleasesThoseThatLeft() {
        cluster.deployment("web", 2, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        ApiObject replicaSet = replicaSets().getFirst();
        ApiObject leaver = cluster.activePods("web").getFirst();
        cluster.change(
                PODS,
                leaver.name(),
                p -> ((ObjectNode) p.at("/metadata/labels")).put("app", "else"));
        cluster.await(
                "released", () -> cluster.get(PODS, leaver.name()).ownerReferences().isEmpty());
        cluster.await("replaced", () -> cluster.activePods("web").size() == 2);
        cluster.change(
                PODS,
                leaver.name(),
                p -> ((ObjectNode) p.at("/metadata/labels")).put("app", "web"));
        cluster.await(
                "adopted, and one too many deleted",
                () ->
                        cluster.activePods("web").size() == 2
                                && cluster.activePods("web").stream()
                                        .allMatch(p ->
                                                p.controller().isPresent()
                                                        && p.controller()
                                                                .get()
                                                                .uid()
                                                                .equals(replicaSet.uid())));
    }

    @Test
    void podsThatAreNotReadyAreDeletedFirst() {
        cluster.deployment("web", 3, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        ApiObject sick = cluster.activePods("web").get(1);
        cluster.healthy = pod -> !pod.name().equals(sick.name());
        cluster.finish(sick, "Running");
        cluster.await(
                "one not ready",
                () -> cluster.get(DEPLOYMENTS, "web").integer("/status/readyReplicas", 0) == 2);
        cluster.change(DEPLOYMENTS, "web", d -> d.withObjectProperty("spec").put("replicas", 2));
        cluster.await("two", () -> cluster.activePods("web").size() == 2);
        assertThat(cluster.activePods("web")).noneMatch(p -> p.name().equals(sick.name()));
    }

    // ---- EndpointSlice
    // ---------------------------------------------------------------------------------------------

    private void service(String port) {
        cluster.apply(
                SERVICES,
                """
                {"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"default"},
                 "spec":{"selector":{"app":"web"},"ports":[%s]}}
                """
                        .formatted(port));
    }

    private List<JsonNode> endpoints() {
        return cluster.list(ENDPOINT_SLICES).stream()
                .flatMap(s -> s.at("/endpoints").valueStream())
                .toList();
    }

    private long readyEndpoints() {
        return endpoints().stream().filter(e -> e.at("/conditions/ready").asBoolean()).count();
    }

    @Test
    void aServicesReadyPodsAreInItsSlicesAndADeletedOneIsNotReadyAtOnce() {
        service("{\"name\":\"http\",\"port\":80,\"targetPort\":8000}");
        cluster.deployment("web", 2, "");
        cluster.await("two ready endpoints", () -> readyEndpoints() == 2);
        ApiObject slice = cluster.list(ENDPOINT_SLICES).getFirst();
        assertThat(slice.labels()).containsEntry("kubernetes.io/service-name", "web");
        assertThat(slice.at("/ports/0/port").asInt()).isEqualTo(8000);
        assertThat(slice.text("/ports/0/name")).isEqualTo("http");
        cluster.reaps = false;
        ApiObject victim = cluster.activePods("web").getFirst();
        cluster.client.delete(PODS, "default", victim.name(), DeleteOptions.BACKGROUND);
        cluster.await(
                "terminating and not ready",
                () ->
                        endpoints().stream()
                                .anyMatch(e ->
                                        e.at("/targetRef/name").asText().equals(victim.name())
                                                && !e.at("/conditions/ready").asBoolean()
                                                && e.at("/conditions/serving").asBoolean()
                                                && e.at("/conditions/terminating").asBoolean()));
    }

    @Test
    void aNamedTargetPortIsLookedUpInTheContainers() {
        service("{\"port\":80,\"targetPort\":\"web\"}");
        cluster.apply(
                PODS,
                """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"default",
                  "labels":{"app":"web"}},
                 "spec":{"containers":[{"name":"c","image":"host",
                  "ports":[{"name":"web","containerPort":8123}]}]}}
                """);
        cluster.await(
                "the port",
                () ->
                        readyEndpoints() == 1
                                && cluster.list(ENDPOINT_SLICES).stream()
                                        .anyMatch(s -> s.at("/ports/0/port").asInt() == 8123));
    }

    @Test
    void aDeletedServiceTakesItsSlicesAlong() {
        service("{\"port\":80}");
        cluster.await("a slice", () -> cluster.list(ENDPOINT_SLICES).size() == 1);
        cluster.client.delete(SERVICES, "default", "web", DeleteOptions.BACKGROUND);
        cluster.await("none", () -> cluster.list(ENDPOINT_SLICES).isEmpty());
    }

    // ---- ownership
    // -------------------------------------------------------------------------------------------------

    @Test
    void aDeletedDeploymentTakesItsReplicaSetsAndPodsAlongInTheBackground() {
        cluster.deployment("web", 2, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        cluster.client.delete(DEPLOYMENTS, "default", "web", DeleteOptions.BACKGROUND);
        cluster.await(
                "all gone",
                () -> cluster.list(REPLICA_SETS).isEmpty() && cluster.list(PODS).isEmpty());
    }

    @Test
    void aForegroundDeletionKeepsTheOwnerUntilItsDependentsAreGone() {
        cluster.deployment("web", 2, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        cluster.reaps = false;
        cluster.client.delete(DEPLOYMENTS, "default", "web", propagating(Propagation.FOREGROUND));
        cluster.await(
                "pods are ending", () -> cluster.list(PODS).stream().allMatch(ApiObject::deleting));
        assertThat(cluster.client.find(DEPLOYMENTS, "default", "web")).isPresent();
        assertThat(cluster.list(REPLICA_SETS)).isNotEmpty();
        cluster.reaps = true;
        cluster.list(PODS).forEach(this::endAtOnce);
        cluster.await(
                "all gone",
                () ->
                        cluster.client.find(DEPLOYMENTS, "default", "web").isEmpty()
                                && cluster.list(REPLICA_SETS).isEmpty());
    }

    private void endAtOnce(ApiObject pod) {
        try {
            cluster.client.delete(
                    PODS, "default", pod.name(), DeleteOptions.BACKGROUND.graceSeconds(0));
        } catch (ApiException e) {
            if (!e.notFound()) { // the node was quicker
                throw e;
            }
        }
    }

    @Test
    void anOrphaningDeletionLeavesDependentsWithoutOwner() {
        cluster.deployment("web", 1, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        cluster.client.delete(DEPLOYMENTS, "default", "web", propagating(Propagation.ORPHAN));
        cluster.await("gone", () -> cluster.client.find(DEPLOYMENTS, "default", "web").isEmpty());
        assertThat(replicaSets()).hasSize(1);
        assertThat(replicaSets().getFirst().ownerReferences()).isEmpty();
        assertThat(cluster.activePods("web")).hasSize(1);
    }

    @Test
    void anObjectWhoseOwnerNeverExistedIsCollectedAndOneWithALivingOwnerIsNot() {
        ApiObject owner = cluster.apply(CONFIG_MAPS, configMap("owner", ""));
        cluster.apply(CONFIG_MAPS, configMap("kept", owned("owner", owner.uid())));
        cluster.apply(
                CONFIG_MAPS,
                configMap("lost", owned("owner", "00000000-0000-0000-0000-000000000000")));
        cluster.await(
                "lost is gone",
                () -> cluster.client.find(CONFIG_MAPS, "default", "lost").isEmpty());
        assertThat(cluster.client.find(CONFIG_MAPS, "default", "kept")).isPresent();
    }

    @Test
    void anOwnerInAnotherNamespaceIsAbsent() {
        cluster.apply(
                NAMESPACES,
                "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"other\"}}");
        ApiObject owner =
                cluster.apply(
                        CONFIG_MAPS, configMap("owner", "").replace("\"default\"", "\"other\""));
        cluster.apply(CONFIG_MAPS, configMap("dependent", owned("owner", owner.uid())));
        cluster.await(
                "gone", () -> cluster.client.find(CONFIG_MAPS, "default", "dependent").isEmpty());
    }

    @Test
    void customObjectsAreCollectedToo() {
        Resource gadgets = new Resource("test.dev", "v1", "gadgets", "Gadget", true);
        cluster.apply(
                Resource.CUSTOM_RESOURCE_DEFINITIONS,
                """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition",
                 "metadata":{"name":"gadgets.test.dev"},
                 "spec":{"group":"test.dev","scope":"Namespaced",
                  "names":{"plural":"gadgets","singular":"gadget","kind":"Gadget","listKind":"GadgetList"},
                  "versions":[{"name":"v1","served":true,"storage":true,
                   "schema":{"openAPIV3Schema":{"type":"object"}}}]}}
                """);
        ApiObject owner = cluster.apply(CONFIG_MAPS, configMap("owner", ""));
        ApiObject gadget =
                ApiObject.named(gadgets, "default", "g")
                        .edit(t ->
                                t.withObjectProperty("metadata")
                                        .putArray("ownerReferences")
                                        .add(OwnerReference.controllerOf(owner).toTree()));
        cluster.await(
                "served",
                () -> {
                    try {
                        cluster.client.create(gadgets, gadget);
                        return true;
                    } catch (dev.kemudi.api.ApiException e) {
                        return false;
                    }
                });
        cluster.client.delete(CONFIG_MAPS, "default", "owner", DeleteOptions.BACKGROUND);
        cluster.await("gone", () -> cluster.client.find(gadgets, "default", "g").isEmpty());
    }

    private static String configMap(String name, String owners) {
        return ("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":"
                        + "{\"name\":\"%s\",\"namespace\":\"default\"%s}}")
                .formatted(name, owners);
    }

    private static String owned(String name, String uid) {
        return (",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
                        + "\"name\":\"%s\",\"uid\":\"%s\"}]")
                .formatted(name, uid);
    }

    // ---- namespaces
    // ------------------------------------------------------------------------------------------------

    @Test
    void everyNamespaceHasADefaultServiceAccountAlsoAfterItWasDeleted() {
        cluster.await(
                "there",
                () -> cluster.client.find(SERVICE_ACCOUNTS, "default", "default").isPresent());
        String uid = cluster.get(SERVICE_ACCOUNTS, "default").uid();
        cluster.client.delete(SERVICE_ACCOUNTS, "default", "default", DeleteOptions.BACKGROUND);
        cluster.await(
                "there again",
                () ->
                        cluster.client
                                .find(SERVICE_ACCOUNTS, "default", "default")
                                .filter(a -> !a.uid().equals(uid))
                                .isPresent());
    }

    @Test
    void aDeletedNamespaceIsEmptiedAndGoes() {
        cluster.apply(
                NAMESPACES,
                "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"team\"}}");
        cluster.client.create(
                DEPLOYMENTS,
                ApiObject.parse(
                        """
                        {"apiVersion":"apps/v1","kind":"Deployment",
                         "metadata":{"name":"d","namespace":"team"},
                         "spec":{"replicas":2,"selector":{"matchLabels":{"app":"d"}},
                          "template":{"metadata":{"labels":{"app":"d"}},
                           "spec":{"containers":[{"name":"c","image":"host"}]}}}}
                        """));
        cluster.await(
                "pods",
                () -> cluster.client.list(PODS, "team", ListOptions.ALL).items().size() == 2);
        cluster.client.delete(NAMESPACES, "", "team", DeleteOptions.BACKGROUND);
        cluster.await("gone", () -> cluster.client.find(NAMESPACES, "", "team").isEmpty());
        assertThat(cluster.client.list(PODS, "team", ListOptions.ALL).items()).isEmpty();
    }

    // ---- Job
    // -------------------------------------------------------------------------------------------------------

    private void job(String spec) {
        cluster.apply(
                JOBS,
                """
                {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"default"},
                 "spec":{%s"template":{"spec":{"restartPolicy":"Never",
                  "containers":[{"name":"c","image":"host"}]}}}}
                """
                        .formatted(spec));
    }

    private List<ApiObject> jobPods() {
        return cluster.list(PODS).stream()
                .filter(p -> Pods.active(p) && Pods.phase(p).equals("Running"))
                .toList();
    }

    private boolean jobHas(String condition) {
        return Pods.condition(cluster.get(JOBS, "j"), condition)
                .filter(c -> c.path("status").asText().equals("True"))
                .isPresent();
    }

    @Test
    void aJobRunsPodsUntilEnoughSucceededAndCountsEachOnce() {
        job("\"completions\":3,\"parallelism\":2,");
        for (int done = 0; done < 3; done++) {
            int wanted = Math.min(2, 3 - done);
            cluster.await("running " + wanted, () -> jobPods().size() == wanted);
            ApiObject pod = jobPods().getFirst();
            cluster.finish(pod, "Succeeded");
            int counted = done + 1;
            cluster.await(
                    "counted " + counted,
                    () -> cluster.get(JOBS, "j").integer("/status/succeeded", 0) == counted);
            cluster.await("let go", () -> cluster.get(PODS, pod.name()).finalizers().isEmpty());
            cluster.client.delete(
                    PODS, "default", pod.name(), DeleteOptions.BACKGROUND.graceSeconds(0));
        }
        cluster.await("complete", () -> jobHas("Complete"));
        ApiObject job = cluster.get(JOBS, "j");
        assertThat(job.integer("/status/succeeded", 0)).isEqualTo(3);
        assertThat(job.integer("/status/failed", 0)).isZero();
        assertThat(job.text("/status/completionTime")).isNotEmpty();
    }

    @Test
    void aJobThatFailsTooOftenIsFailed() {
        job("\"backoffLimit\":0,");
        cluster.await("running", () -> jobPods().size() == 1);
        cluster.finish(jobPods().getFirst(), "Failed");
        cluster.await("failed", () -> jobHas("Failed"));
        assertThat(cluster.get(JOBS, "j").integer("/status/failed", 0)).isEqualTo(1);
        assertThat(
                        Pods.condition(cluster.get(JOBS, "j"), "Failed")
                                .orElseThrow()
                                .path("reason")
                                .asText())
                .isEqualTo("BackoffLimitExceeded");
    }

    @Test
    void aJobBeyondItsDeadlineIsFailedAndItsPodsGo() {
        job("\"activeDeadlineSeconds\":1,");
        cluster.await("failed", () -> jobHas("Failed"));
        cluster.await("pods gone", () -> cluster.list(PODS).isEmpty());
    }

    @Test
    void aFinishedJobGoesAfterItsTimeToLiveWithItsPods() {
        job("\"ttlSecondsAfterFinished\":0,");
        cluster.await("running", () -> jobPods().size() == 1);
        cluster.finish(jobPods().getFirst(), "Succeeded");
        cluster.await(
                "gone",
                () ->
                        cluster.client.find(JOBS, "default", "j").isEmpty()
                                && cluster.list(PODS).isEmpty());
    }

    @Test
    void aDeletedJobTakesItsRunningPodsAlong() {
        job("\"parallelism\":2,");
        cluster.await("running", () -> jobPods().size() == 2);
        cluster.client.delete(JOBS, "default", "j", propagating(Propagation.FOREGROUND));
        cluster.await(
                "gone",
                () ->
                        cluster.client.find(JOBS, "default", "j").isEmpty()
                                && cluster.list(PODS).isEmpty());
    }

    @Test
    void anIndexedJobRunsEveryIndexOnceToItsEnd() {
        job("\"completions\":3,\"parallelism\":3,\"completionMode\":\"Indexed\",");
        cluster.await("running", () -> jobPods().size() == 3);
        assertThat(jobPods().stream().map(JobPods::index)).containsExactlyInAnyOrder(0, 1, 2);
        jobPods().forEach(p -> cluster.finish(p, "Succeeded"));
        cluster.await("complete", () -> jobHas("Complete"));
        assertThat(cluster.get(JOBS, "j").text("/status/completedIndexes")).isEqualTo("0-2");
    }
}
