package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.apiserver.Https.Reply;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Eviction of pods, with and without PodDisruptionBudgets. */
final class EvictionTest {
    private static final String PODS = "/api/v1/namespaces/default/pods";
    private static final String BUDGETS = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    private static final String MERGE = "application/merge-patch+json";

    @TempDir static Path pki;

    private static RunningServer running;
    private static Https https;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Small.limits(), 0);
        https = Https.admin(pki, running.server.port());
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    /** A pod on a node, which takes its time to go, so that it stays to be looked at. */
    private static void pod(String name, String app, String phase, boolean ready) {
        Reply made =
                https.post(
                        PODS,
                        ("{\"metadata\":{\"name\":\"%s\",\"labels\":{\"app\":\"%s\"}},"
                                        + "\"spec\":{\"nodeName\":\"n\","
                                        + "\"containers\":[{\"name\":\"c\",\"image\":\"host\"}]}}")
                                .formatted(name, app));
        assertThat(made.code()).as(made.message()).isEqualTo(201);
        String status =
                ("{\"status\":{\"phase\":\"%s\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"%s\"}]}}")
                        .formatted(phase, ready ? "True" : "False");
        assertThat(https.send("PATCH", PODS + "/" + name + "/status", MERGE, status).code())
                .isEqualTo(200);
    }

    private static void budget(String name, String app, String policy, String status) {
        Reply made =
                https.post(
                        BUDGETS,
                        ("{\"metadata\":{\"name\":\"%s\"},\"spec\":{\"minAvailable\":1,%s"
                                        + "\"selector\":{\"matchLabels\":{\"app\":\"%s\"}}}}")
                                .formatted(name, policy, app));
        assertThat(made.code()).as(made.message()).isEqualTo(201);
        Reply set =
                https.send(
                        "PATCH",
                        BUDGETS + "/" + name + "/status",
                        MERGE,
                        "{\"status\":{\"observedGeneration\":1," + status + "}}");
        assertThat(set.code()).as(set.message()).isEqualTo(200);
    }

    private static Reply evict(String pod, String more) {
        return https.post(
                PODS + "/" + pod + "/eviction",
                ("{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\","
                                + "\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\"}%s}")
                        .formatted(pod, more));
    }

    private static boolean leaving(String pod) {
        return https.get(PODS + "/" + pod).body().path("metadata").has("deletionTimestamp");
    }

    private static JsonNode status(String budget) {
        return https.get(BUDGETS + "/" + budget).body().path("status");
    }

    @Test
    void aPodWithoutABudgetGoesAndItsStatusSaysWhy() {
        pod("free", "free", "Running", true);

        assertThat(evict("free", "").code()).isEqualTo(201);

        assertThat(leaving("free")).isTrue();
        assertThat(https.get(PODS + "/free").body().at("/status/conditions/1").toString())
                .contains("\"type\":\"DisruptionTarget\"")
                .contains("\"reason\":\"EvictionByEvictionAPI\"");
    }

    @Test
    void aSpentBudgetRefusesInKubernetesWords() {
        pod("kept", "kept", "Running", true);
        budget("kept", "kept", "", "\"desiredHealthy\":1,\"currentHealthy\":1");

        Reply refused = evict("kept", "");

        assertThat(refused.code()).isEqualTo(429);
        assertThat(refused.reason()).isEqualTo("TooManyRequests");
        assertThat(refused.message())
                .isEqualTo("Cannot evict pod as it would violate the pod's disruption budget.");
        assertThat(refused.body().at("/details/causes/0").toString())
                .isEqualTo(
                        "{\"reason\":\"DisruptionBudget\",\"message\":\"The disruption budget kept"
                                + " needs 1 healthy pods and has 1 currently\"}");
        assertThat(leaving("kept")).isFalse();
    }

    @Test
    void manyEvictionsAtOnceNeverSpendMoreThanTheBudgetAllows() throws Exception {
        int pods = 12;
        int allowed = 5;
        for (int i = 0; i < pods; i++) {
            pod("crowd-" + i, "crowd", "Running", true);
        }
        budget(
                "crowd",
                "crowd",
                "",
                "\"disruptionsAllowed\":"
                        + allowed
                        + ",\"desiredHealthy\":7,\"currentHealthy\":12");
        List<Callable<Integer>> all =
                IntStream.range(0, pods)
                        .<Callable<Integer>>mapToObj(i -> () -> evict("crowd-" + i, "").code())
                        .toList();
        int gone = 0;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Integer> code : threads.invokeAll(all)) {
                assertThat(code.get()).isIn(201, 429);
                gone += code.get() == 201 ? 1 : 0;
            }
        }

        assertThat(gone).isEqualTo(allowed);
        assertThat(status("crowd").path("disruptionsAllowed").asInt()).isZero();
        assertThat(status("crowd").path("disruptedPods")).hasSize(allowed);
        assertThat(IntStream.range(0, pods).filter(i -> leaving("crowd-" + i)).count())
                .isEqualTo(allowed);
    }

    @Test
    void aBudgetThatNoControllerHasLookedAtAllowsNothing() {
        pod("early", "early", "Running", true);
        budget("early", "early", "", "\"disruptionsAllowed\":3");
        https.send("PATCH", BUDGETS + "/early", MERGE, "{\"spec\":{\"minAvailable\":2}}");

        assertThat(evict("early", "").body().at("/details/causes/0/message").asText())
                .isEqualTo("The disruption budget early is still being processed by the server.");
    }

    @Test
    void twoBudgetsOfOnePodAreAnError() {
        pod("torn", "torn", "Running", true);
        budget("torn-1", "torn", "", "\"disruptionsAllowed\":1");
        budget("torn-2", "torn", "", "\"disruptionsAllowed\":1");

        Reply refused = evict("torn", "");

        assertThat(refused.code()).isEqualTo(500);
        assertThat(refused.message())
                .isEqualTo(
                        "This pod has more than one PodDisruptionBudget, which the eviction"
                                + " subresource does not support.");
    }

    @Test
    void aPodThatServesNobodyGoesWhateverItsBudgetSays() {
        budget("idle", "idle", "", "\"desiredHealthy\":1,\"currentHealthy\":0");
        pod("pending", "idle", "Pending", false);
        pod("failed", "idle", "Failed", false);
        pod("sick", "idle", "Running", false);

        assertThat(evict("pending", "").code()).isEqualTo(201);
        assertThat(evict("failed", "").code()).isEqualTo(201);
        assertThat(evict("sick", "").code()).isEqualTo(429);
        https.send(
                "PATCH",
                BUDGETS + "/idle",
                MERGE,
                "{\"spec\":{\"unhealthyPodEvictionPolicy\":\"AlwaysAllow\"}}");
        assertThat(evict("sick", "").code()).isEqualTo(201);
    }

    @Test
    void aSickPodGoesFreelyWhileEnoughOthersAreHealthy() {
        pod("limping", "limping", "Running", false);
        budget("limping", "limping", "", "\"desiredHealthy\":2,\"currentHealthy\":2");

        assertThat(evict("limping", "").code()).isEqualTo(201);
        assertThat(status("limping").has("disruptedPods")).isFalse();
    }

    @Test
    void aDryRunTellsAndChangesNothing() {
        pod("dry", "dry", "Running", true);
        budget("dry", "dry", "", "\"disruptionsAllowed\":1,\"desiredHealthy\":0");

        assertThat(evict("dry", ",\"deleteOptions\":{\"dryRun\":[\"All\"]}").code()).isEqualTo(201);
        assertThat(
                        https.post(
                                        PODS + "/dry/eviction?dryRun=All",
                                        "{\"metadata\":{\"name\":\"dry\"}}")
                                .code())
                .isEqualTo(201);

        assertThat(leaving("dry")).isFalse();
        assertThat(status("dry").path("disruptionsAllowed").asInt()).isEqualTo(1);
        assertThat(evict("dry", "").code()).isEqualTo(201);
    }

    @Test
    void aPreconditionThatDoesNotHoldSpendsNothing() {
        pod("meant", "meant", "Running", true);
        budget("meant", "meant", "", "\"disruptionsAllowed\":1");

        Reply refused =
                evict("meant", ",\"deleteOptions\":{\"preconditions\":{\"uid\":\"another\"}}");

        assertThat(refused.code()).isEqualTo(409);
        assertThat(status("meant").path("disruptionsAllowed").asInt()).isEqualTo(1);
        String version = https.get(PODS + "/meant").body().at("/metadata/resourceVersion").asText();
        String holding = ",\"deleteOptions\":{\"preconditions\":{\"resourceVersion\":\"%s\"}}";
        assertThat(evict("meant", holding.formatted("1")).code()).isEqualTo(409);
        assertThat(evict("meant", holding.formatted(version)).code()).isEqualTo(201);
        assertThat(
                        https.post(PODS + "/meant/eviction", "{\"metadata\":{\"name\":\"x\"}}")
                                .message())
                .isEqualTo("name in URL does not match name in Eviction object");
    }
}
