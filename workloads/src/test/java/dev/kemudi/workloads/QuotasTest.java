package dev.kemudi.workloads;

import static dev.kemudi.api.Resource.CONFIG_MAPS;
import static dev.kemudi.api.Resource.DEPLOYMENTS;
import static dev.kemudi.api.Resource.PODS;
import static dev.kemudi.api.Resource.RESOURCE_QUOTAS;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What quotas say is used, against the real API server. */
class QuotasTest {
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

    private void quota(String spec) {
        cluster.apply(
                RESOURCE_QUOTAS,
                """
                {"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q","namespace":"default"},
                 "spec":{%s}}
                """
                        .formatted(spec));
    }

    private ApiObject quota() {
        return cluster.get(RESOURCE_QUOTAS, "q");
    }

    private void awaitUsed(Map<String, String> used) {
        cluster.await("used: " + used, () -> quota().textMap("/status/used").equals(used));
    }

    private void pod(String name, String resources) {
        cluster.apply(
                PODS,
                """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","namespace":"default"},
                 "spec":{"containers":[{"name":"c","image":"host","resources":{%s}}]}}
                """
                        .formatted(name, resources));
    }

    @Test
    void whatIsThereIsCountedAndWhatGoesIsGivenBack() {
        cluster.deployment("web", 3, "");
        cluster.await("rolled out", () -> cluster.rolledOut("web"));
        quota(
                "\"hard\":{\"pods\":\"10\",\"count/configmaps\":\"5\",\"count/deployments.apps\":\"2\"}");
        awaitUsed(Map.of("pods", "3", "count/configmaps", "0", "count/deployments.apps", "1"));
        assertThat(quota().at("/status/hard")).isEqualTo(quota().at("/spec/hard"));
        cluster.change(DEPLOYMENTS, "web", d -> d.withObjectProperty("spec").put("replicas", 1));
        awaitUsed(Map.of("pods", "1", "count/configmaps", "0", "count/deployments.apps", "1"));
        cluster.client.delete(DEPLOYMENTS, "default", "web", DeleteOptions.BACKGROUND);
        awaitUsed(Map.of("pods", "0", "count/configmaps", "0", "count/deployments.apps", "0"));
    }

    @Test
    void aPodThatEndedUsesNothingAnyMore() {
        pod("a", "\"requests\":{\"cpu\":\"250m\",\"memory\":\"1Gi\"}");
        pod("b", "\"requests\":{\"cpu\":\"500m\",\"memory\":\"1Gi\"}");
        quota("\"hard\":{\"requests.cpu\":\"2\",\"requests.memory\":\"4Gi\",\"pods\":\"4\"}");
        awaitUsed(Map.of("requests.cpu", "750m", "requests.memory", "2Gi", "pods", "2"));
        cluster.await("it runs", () -> Pods.phase(cluster.get(PODS, "a")).equals("Running"));
        cluster.finish(cluster.get(PODS, "a"), "Succeeded");
        awaitUsed(Map.of("requests.cpu", "500m", "requests.memory", "1Gi", "pods", "1"));
    }

    @Test
    void aScopedQuotaCountsOnlyThePodsOfItsScope() {
        pod("besteffort", "");
        pod("burstable", "\"requests\":{\"cpu\":\"250m\"}");
        quota("\"hard\":{\"pods\":\"4\"},\"scopes\":[\"BestEffort\"]");
        awaitUsed(Map.of("pods", "1"));
    }

    @Test
    void aNewLimitIsCountedAtOnce() {
        quota("\"hard\":{\"pods\":\"4\"}");
        awaitUsed(Map.of("pods", "0"));
        cluster.apply(
                CONFIG_MAPS,
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"c\","
                        + "\"namespace\":\"default\"}}");
        cluster.change(
                RESOURCE_QUOTAS,
                "q",
                q -> ((ObjectNode) q.at("/spec/hard")).put("configmaps", "3"));
        awaitUsed(Map.of("pods", "0", "configmaps", "1"));
    }
}
