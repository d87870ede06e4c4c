package dev.kemudi.workloads;

import static dev.kemudi.api.Resource.JOBS;
import static dev.kemudi.api.Resource.PODS;
import static dev.kemudi.api.Resource.POD_DISRUPTION_BUDGETS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PodDisruptionBudgets against the real API server. */
class DisruptionBudgetsTest {
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

    private void budget(String amount) {
        cluster.apply(
                POD_DISRUPTION_BUDGETS,
                """
                {"apiVersion":"policy/v1","kind":"PodDisruptionBudget",
                 "metadata":{"name":"b","namespace":"default"},
                 "spec":{"selector":{"matchLabels":{"app":"web"}},%s}}
                """
                        .formatted(amount));
    }

    private ApiObject budget() {
        return cluster.get(POD_DISRUPTION_BUDGETS, "b");
    }

    private String reason() {
        return Pods.condition(budget(), "DisruptionAllowed")
                .map(c -> c.path("reason").asText())
                .orElse("");
    }

    /** Waits for the status to say so: allowed, healthy, wanted healthy, expected. */
    private void awaitStatus(int allowed, int healthy, int desired, int expected) {
        cluster.await(
                "allowed %d, healthy %d of %d, expected %d"
                        .formatted(allowed, healthy, desired, expected),
                () -> {
                    JsonNode status = budget().at("/status");
                    return status.path("observedGeneration").asLong() == budget().generation()
                            && status.path("disruptionsAllowed").asInt() == allowed
                            && status.path("currentHealthy").asInt() == healthy
                            && status.path("desiredHealthy").asInt() == desired
                            && status.path("expectedPods").asInt() == expected;
                });
    }

    @Test
    void whatMayBeUnavailableIsCountedFromWhatTheDeploymentWants() {
        cluster.deployment("web", 3, "");
        budget("\"maxUnavailable\":1");
        awaitStatus(1, 3, 2, 3);
        assertThat(reason()).isEqualTo("SufficientPods");
        ApiObject sick = cluster.activePods("web").getFirst();
        cluster.healthy = pod -> !pod.name().equals(sick.name());
        cluster.finish(sick, "Running");
        awaitStatus(0, 2, 2, 3);
        assertThat(reason()).isEqualTo("InsufficientPods");
    }

    @Test
    void aPercentageIsRoundedSoThatMoreStays() {
        cluster.deployment("web", 3, "");
        budget("\"minAvailable\":\"50%\"");
        awaitStatus(1, 3, 2, 3);
        cluster.change(
                POD_DISRUPTION_BUDGETS,
                "b",
                b -> b.withObjectProperty("spec").put("minAvailable", "100%"));
        awaitStatus(0, 3, 3, 3);
    }

    @Test
    void anEvictedPodDoesNotCountUntilItsDeletionIsSeenOrTwoMinutesAreOver() {
        cluster.deployment("web", 2, "");
        budget("\"minAvailable\":1");
        awaitStatus(1, 2, 1, 2);
        String evicted = cluster.activePods("web").getFirst().name();
        ApiObject asEvictionLeavesIt =
                budget().edit(tree ->
                        tree.withObjectProperty("status")
                                .put("disruptionsAllowed", 0)
                                .putObject("disruptedPods")
                                .put(evicted, cluster.time.now().toString()));
        cluster.client.updateStatus(POD_DISRUPTION_BUDGETS, asEvictionLeavesIt);
        awaitStatus(0, 1, 1, 2);
        cluster.time.advance(Duration.ofMinutes(3));
        awaitStatus(1, 2, 1, 2);
        assertThat(budget().at("/status/disruptedPods").isMissingNode()).isTrue();
    }

    @Test
    void podsWhoseNumberNobodyWantsAllowNoEviction() {
        budget("\"maxUnavailable\":1");
        cluster.apply(
                PODS,
                """
                {"apiVersion":"v1","kind":"Pod",
                 "metadata":{"name":"p","namespace":"default","labels":{"app":"web"}},
                 "spec":{"containers":[{"name":"c","image":"host"}]}}
                """);
        awaitStatus(0, 1, 0, 0);
        cluster.apply(
                JOBS,
                """
                {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"default"},
                 "spec":{"template":{"metadata":{"labels":{"app":"web"}},
                  "spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"host"}]}}}}
                """);
        cluster.await("refused", () -> reason().equals("SyncFailed"));
        assertThat(budget().integer("/status/disruptionsAllowed", -1)).isZero();
    }
}
