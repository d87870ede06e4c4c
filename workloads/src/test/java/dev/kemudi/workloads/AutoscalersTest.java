package dev.kemudi.workloads;

import static dev.kemudi.api.Resource.DEPLOYMENTS;
import static dev.kemudi.api.Resource.HORIZONTAL_POD_AUTOSCALERS;
import static dev.kemudi.api.Resource.OLD_AUTOSCALERS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Autoscalers against the real API server, with a kubelet that says what pods use. */
class AutoscalersTest {
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

    private void deployment(int replicas) {
        cluster.deployment("web", replicas, "");
        cluster.change(
                DEPLOYMENTS,
                "web",
                d ->
                        d.withObject("/spec/template/spec/containers/0/resources/requests")
                                .put("cpu", "100m")
                                .put("memory", "100Mi"));
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
    }

    private void use(long cpuMillis, long memoryBytes) {
        cluster.usage = uid -> Map.of("c", new PodUsage.Usage(cpuMillis, memoryBytes));
    }

    private void autoscaler(String metrics, String more) {
        cluster.apply(
                HORIZONTAL_POD_AUTOSCALERS,
                """
                {"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler",
                 "metadata":{"name":"web","namespace":"default"},
                 "spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},
                  "minReplicas":1,"maxReplicas":10,"metrics":[%s]%s}}
                """
                        .formatted(metrics, more));
    }

    private static String resource(String name, String target) {
        return "{\"type\":\"Resource\",\"resource\":{\"name\":\"%s\",\"target\":{%s}}}"
                .formatted(name, target);
    }

    private static String cpuPercent(int percent) {
        return resource("cpu", "\"type\":\"Utilization\",\"averageUtilization\":" + percent);
    }

    private ApiObject autoscaler() {
        return cluster.get(HORIZONTAL_POD_AUTOSCALERS, "web");
    }

    private String reason(String condition) {
        return Pods.condition(autoscaler(), condition)
                .map(c -> c.path("status").asText() + " " + c.path("reason").asText())
                .orElse("");
    }

    private int replicas() {
        return cluster.get(DEPLOYMENTS, "web").integer("/spec/replicas", 0);
    }

    private void awaitReplicas(int wanted) {
        cluster.await(wanted + " replicas", () -> replicas() == wanted);
    }

    /** However many pods there are, they share so much. */
    private void share(long cpuMillis, long memoryBytes) {
        cluster.usage =
                uid -> {
                    int pods = Math.max(1, cluster.activePods("web").size());
                    return Map.of("c", new PodUsage.Usage(cpuMillis / pods, memoryBytes / pods));
                };
    }

    @Test
    void moreIsUsedThanWantedAndThereAreMorePods() {
        deployment(2);
        cluster.time.advance(Duration.ofMinutes(6)); // nobody is only starting
        use(100, 0);
        autoscaler(cpuPercent(50), "");
        awaitReplicas(4);
        use(50, 0);
        cluster.await("it says so", () -> !autoscaler().text("/status/lastScaleTime").isEmpty());
        assertThat(autoscaler().integer("/status/desiredReplicas", 0)).isEqualTo(4);
        assertThat(reason("ScalingActive")).isEqualTo("True ValidMetricFound");
    }

    @Test
    void anAutoscalerOfTheOldVersionWorksAndBothVersionsShowIt() {
        deployment(2);
        cluster.time.advance(Duration.ofMinutes(6));
        share(200, 0);
        cluster.apply(
                OLD_AUTOSCALERS,
                """
                {"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler",
                 "metadata":{"name":"web","namespace":"default"},
                 "spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},
                  "maxReplicas":10,"targetCPUUtilizationPercentage":50}}
                """);
        awaitReplicas(4);
        assertThat(autoscaler().integer("/spec/metrics/0/resource/target/averageUtilization", 0))
                .isEqualTo(50);
        cluster.await(
                "the old version has the status",
                () ->
                        cluster.get(OLD_AUTOSCALERS, "web").integer("/status/desiredReplicas", 0)
                                        == 4
                                && cluster.get(OLD_AUTOSCALERS, "web")
                                        .at("/status/currentCPUUtilizationPercentage")
                                        .isNumber());
        cluster.change(
                OLD_AUTOSCALERS, "web", a -> a.withObjectProperty("spec").put("maxReplicas", 3));
        awaitReplicas(3);
    }

    @Test
    void lessIsUsedAndPodsGoOnlyWhenAllOfTheLastMinutesAgree() {
        deployment(4);
        cluster.time.advance(Duration.ofMinutes(6));
        use(50, 0);
        autoscaler(cpuPercent(50), "");
        cluster.await("content", () -> reason("AbleToScale").equals("True ReadyForNewScale"));
        use(10, 0);
        cluster.time.advance(Duration.ofSeconds(16));
        cluster.await("held back", () -> reason("AbleToScale").equals("True ScaleDownStabilized"));
        assertThat(replicas()).isEqualTo(4);
        cluster.time.advance(Duration.ofMinutes(6));
        awaitReplicas(1);
    }

    @Test
    void policiesSetThePaceAndTheMaximumEndsIt() {
        deployment(1);
        cluster.time.advance(Duration.ofMinutes(6));
        cluster.usage = uid -> Map.of("c", new PodUsage.Usage(1_000, 0));
        autoscaler(
                cpuPercent(50),
                ",\"behavior\":{\"scaleUp\":{\"policies\":[{\"type\":\"Pods\",\"value\":2,"
                        + "\"periodSeconds\":600}]}}");
        cluster.await("two more", () -> replicas() == 3);
        cluster.await("limited", () -> reason("ScalingLimited").equals("True ScaleUpLimit"));
        cluster.time.advance(Duration.ofSeconds(60));
        cluster.await("seen again", () -> reason("AbleToScale").equals("True ReadyForNewScale"));
        assertThat(replicas()).isEqualTo(3);
        cluster.change(
                HORIZONTAL_POD_AUTOSCALERS,
                "web",
                a -> a.withObjectProperty("spec").put("maxReplicas", 2));
        cluster.await("not above the maximum", () -> replicas() == 2);
    }

    @Test
    void memoryIsMeasuredAgainstAnAmountAndTheNeediestMetricDecides() {
        deployment(2);
        cluster.time.advance(Duration.ofMinutes(6));
        share(100, 600 << 20);
        autoscaler(
                cpuPercent(50)
                        + ","
                        + resource(
                                "memory", "\"type\":\"AverageValue\",\"averageValue\":\"200Mi\""),
                "");
        awaitReplicas(3);
        cluster.await(
                "it says so",
                () ->
                        autoscaler()
                                .text("/status/currentMetrics/1/resource/current/averageValue")
                                .equals("300Mi"));
    }

    @Test
    void aTenthAboveOrBelowChangesNothing() {
        deployment(3);
        cluster.time.advance(Duration.ofMinutes(6));
        use(54, 0);
        autoscaler(cpuPercent(50), "");
        cluster.await("content", () -> reason("AbleToScale").equals("True ReadyForNewScale"));
        assertThat(replicas()).isEqualTo(3);
        assertThat(reason("ScalingLimited")).isEqualTo("False DesiredWithinRange");
    }

    @Test
    void whatCannotBeMeasuredScalesNothingAndIsNamed() {
        deployment(2);
        autoscaler(cpuPercent(50), "");
        cluster.await(
                "no metrics",
                () -> reason("ScalingActive").equals("False FailedGetResourceMetric"));
        assertThat(replicas()).isEqualTo(2);
        cluster.change(
                HORIZONTAL_POD_AUTOSCALERS,
                "web",
                a -> a.withObject("/spec/scaleTargetRef").put("name", "other"));
        cluster.await("no target", () -> reason("AbleToScale").equals("False FailedGetScale"));
    }

    @Test
    void whatIsScaledToZeroStaysThere() {
        deployment(1);
        cluster.change(DEPLOYMENTS, "web", d -> d.withObjectProperty("spec").put("replicas", 0));
        use(100, 0);
        autoscaler(cpuPercent(50), "");
        cluster.await("disabled", () -> reason("ScalingActive").equals("False ScalingDisabled"));
        assertThat(replicas()).isZero();
    }
}
