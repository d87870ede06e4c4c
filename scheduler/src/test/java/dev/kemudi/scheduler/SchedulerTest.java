package dev.kemudi.scheduler;

import static dev.kemudi.scheduler.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.apiserver.ApiServer;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import dev.kemudi.kinds.BuiltinKinds;
import dev.kemudi.store.KemudiStore;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The scheduler against the real API server. */
class SchedulerTest {
    @TempDir Path directory;

    private KemudiStore store;
    private ApiServer server;
    private ApiClient client;
    private Scheduler scheduler;

    @BeforeEach
    void start() {
        PrometheusRegistry metrics = new PrometheusRegistry();
        store = KemudiStore.inMemory(TimeSource.system(), metrics);
        server =
                new ApiServer(
                        new ApiServer.Config("127.0.0.1", 0, directory.resolve("pki")),
                        store,
                        BuiltinKinds.all(),
                        metrics,
                        Tracer.NONE,
                        TimeSource.system(),
                        dev.kemudi.apiserver.Limits.defaults());
        server.start();
        client = server.client("admin");
        scheduler =
                new Scheduler(
                                server.client("system:kube-scheduler"),
                                metrics,
                                TimeSource.system(),
                                new Limits(64, 10, 50))
                        .start();
    }

    @AfterEach
    void stop() {
        scheduler.close();
        server.close();
        store.close();
    }

    private void node(String name, String cpu, String labels, String spec) {
        ApiObject node =
                client.create(
                        Resource.NODES,
                        ApiObject.parse(
                                """
                                {"apiVersion":"v1","kind":"Node",
                                 "metadata":{"name":"%s","labels":{%s}},"spec":{%s}}
                                """
                                        .formatted(name, labels, spec)));
        client.updateStatus(
                Resource.NODES,
                node.edit(tree -> {
                    ObjectNode room = tree.withObjectProperty("status").putObject("allocatable");
                    room.put("cpu", cpu).put("memory", "4Gi").put("pods", "110");
                }));
    }

    private void pod(String name, String cpu, String spec) {
        client.create(
                Resource.PODS,
                ApiObject.parse(
                        """
                        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"default"},
                         "spec":{"containers":[{"name":"c","image":"host",
                          "resources":{"requests":{"cpu":"%s","memory":"64Mi"}}}]%s}}
                        """
                                .formatted(name, cpu, spec)));
    }

    private String nodeOf(String pod) {
        return client.get(Resource.PODS, "default", pod).text("/spec/nodeName");
    }

    private String refusal(String pod) {
        for (JsonNode condition :
                client.get(Resource.PODS, "default", pod).at("/status/conditions")) {
            if (condition.path("type").asText().equals("PodScheduled")
                    && condition.path("status").asText().equals("False")) {
                return condition.path("reason").asText()
                        + ": "
                        + condition.path("message").asText();
            }
        }
        return "";
    }

    private void awaitNode(String pod, String node) {
        eventually(pod + " on " + node, () -> nodeOf(pod).equals(node));
    }

    @Test
    void aPodGetsANodeAndAnEventSaysSo() {
        node("n1", "2", "", "");
        pod("p", "100m", "");
        awaitNode("p", "n1");
        eventually(
                "the event",
                () ->
                        client.list(Resource.EVENTS, "default", ListOptions.ALL).items().stream()
                                .anyMatch(e ->
                                        e.text("/reason").equals("Scheduled")
                                                && e.text("/message")
                                                        .equals(
                                                                "Successfully assigned default/p to n1")));
    }

    @Test
    void aPodThatFitsNowhereSaysWhyAndIsPlacedAsSoonAsRoomIsFreed() {
        node("n1", "1", "", "");
        pod("big", "800m", "");
        awaitNode("big", "n1");
        pod("late", "800m", "");
        eventually(
                "says why",
                () ->
                        refusal("late")
                                .equals(
                                        "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu."));
        eventually(
                "the event",
                () ->
                        client.list(Resource.EVENTS, "default", ListOptions.ALL).items().stream()
                                .anyMatch(e -> e.text("/reason").equals("FailedScheduling")));
        client.delete(Resource.PODS, "default", "big", DeleteOptions.BACKGROUND.graceSeconds(0));
        awaitNode("late", "n1");
    }

    @Test
    void aPodWaitsForItsFirstNode() {
        pod("p", "100m", "");
        eventually(
                "says why",
                () -> refusal("p").equals("Unschedulable: no nodes available to schedule pods"));
        node("n1", "1", "", "");
        awaitNode("p", "n1");
    }

    @Test
    void nodesAreNeverOvercommittedHoweverFastPodsCome() {
        node("n1", "1", "", "");
        node("n2", "1", "", "");
        for (int i = 0; i < 30; i++) {
            pod("p" + i, "100m", "");
        }
        eventually("twenty placed, ten refused", () -> placed() == 20 && refused() == 10);
        Map<String, Integer> perNode = new HashMap<>();
        client.list(Resource.PODS, "default", ListOptions.ALL)
                .items()
                .forEach(p -> perNode.merge(p.text("/spec/nodeName"), 1, Integer::sum));
        assertThat(perNode).containsEntry("n1", 10).containsEntry("n2", 10).containsEntry("", 10);
    }

    private long placed() {
        return client.list(Resource.PODS, "default", ListOptions.ALL).items().stream()
                .filter(p -> !p.text("/spec/nodeName").isEmpty())
                .count();
    }

    private long refused() {
        return client.list(Resource.PODS, "default", ListOptions.ALL).items().stream()
                .filter(p -> !refusal(p.name()).isEmpty())
                .count();
    }

    @Test
    void selectorsAffinityTaintsAndCordonsAreObeyed() {
        node("plain", "4", "", "");
        node("ssd", "4", "\"disk\":\"ssd\"", "");
        node(
                "tainted",
                "4",
                "\"zone\":\"b\"",
                "\"taints\":[{\"key\":\"only\",\"value\":\"x\",\"effect\":\"NoSchedule\"}]");
        node("cordoned", "4", "\"zone\":\"c\"", "\"unschedulable\":true");
        pod("selects", "1m", ",\"nodeSelector\":{\"disk\":\"ssd\"}");
        pod("refused", "1m", ",\"nodeSelector\":{\"zone\":\"b\"}");
        pod(
                "tolerates",
                "1m",
                ",\"nodeSelector\":{\"zone\":\"b\"},\"tolerations\":"
                        + "[{\"key\":\"only\",\"operator\":\"Equal\","
                        + "\"value\":\"x\",\"effect\":\"NoSchedule\"}]");
        pod("cordon", "1m", ",\"nodeSelector\":{\"zone\":\"c\"}");
        pod(
                "avoids",
                "1m",
                ",\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":"
                        + "{\"nodeSelectorTerms\":[{\"matchExpressions\":"
                        + "[{\"key\":\"disk\",\"operator\":\"DoesNotExist\"}]}]}}}");
        awaitNode("selects", "ssd");
        awaitNode("tolerates", "tainted");
        awaitNode("avoids", "plain");
        eventually(
                "both say why",
                () -> !refusal("refused").isEmpty() && !refusal("cordon").isEmpty());
        assertThat(refusal("refused"))
                .isEqualTo(
                        "Unschedulable: 0/4 nodes are available: 1 node(s) had untolerated taint {only: x}, "
                                + "1 node(s) were unschedulable, "
                                + "2 node(s) didn't match Pod's node affinity/selector.");
        assertThat(refusal("cordon")).contains("1 node(s) were unschedulable");
    }

    @Test
    void podsOfOneOwnerSpreadOverTheNodes() {
        for (int i = 0; i < 3; i++) {
            node("n" + i, "4", "", "");
        }
        ApiObject owner =
                client.create(
                        Resource.CONFIG_MAPS,
                        ApiObject.named(Resource.CONFIG_MAPS, "default", "owner"));
        for (int i = 0; i < 6; i++) {
            ApiObject pod =
                    ApiObject.named(Resource.PODS, "default", "s" + i)
                            .edit(t -> {
                                t.withObjectProperty("metadata")
                                        .putArray("ownerReferences")
                                        .add(
                                                dev.kemudi.api.OwnerReference.controllerOf(owner)
                                                        .toTree());
                                t.putObject("spec")
                                        .putArray("containers")
                                        .addObject()
                                        .put("name", "c")
                                        .put("image", "host");
                            });
            client.create(Resource.PODS, pod);
        }
        eventually("placed", () -> placed() == 6);
        Map<String, Integer> perNode = new HashMap<>();
        client.list(Resource.PODS, "default", ListOptions.ALL)
                .items()
                .forEach(p -> perNode.merge(p.text("/spec/nodeName"), 1, Integer::sum));
        assertThat(perNode)
                .containsOnly(Map.entry("n0", 2), Map.entry("n1", 2), Map.entry("n2", 2));
    }

    @Test
    void aWaitingPodThatNowBearsATaintIsTriedAgain() {
        node("n1", "1", "", "\"taints\":[{\"key\":\"only\",\"effect\":\"NoSchedule\"}]");
        pod("p", "1m", "");
        eventually("says why", () -> refusal("p").contains("untolerated taint {only: }"));
        eventually(
                "changed",
                () -> {
                    try {
                        client.update(
                                Resource.PODS,
                                client.get(Resource.PODS, "default", "p")
                                        .edit(t ->
                                                t.withObjectProperty("spec")
                                                        .withArrayProperty("tolerations")
                                                        .addObject()
                                                        .put("key", "only")
                                                        .put("operator", "Exists")));
                        return true;
                    } catch (dev.kemudi.api.ApiException e) {
                        if (e.conflict()) {
                            return false;
                        }
                        throw e;
                    }
                });
        awaitNode("p", "n1");
    }

    @Test
    void podsOfAnotherSchedulerAreLeftAlone() {
        node("n1", "1", "", "");
        pod("other", "1m", ",\"schedulerName\":\"mine\"");
        pod("ours", "1m", "");
        awaitNode("ours", "n1");
        assertThat(nodeOf("other")).isEmpty();
    }
}
