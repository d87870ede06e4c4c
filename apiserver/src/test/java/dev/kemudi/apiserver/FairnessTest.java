package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.apiserver.Https.Reply;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Classes of requests, as clients meet them. */
final class FairnessTest {
    private static final String FLOWS = "/apis/flowcontrol.apiserver.k8s.io/v1";
    private static final String MAPS = "/api/v1/namespaces/default/configmaps";
    private static final int OBJECTS = 300;
    private static final int FLOODERS = 64;

    @TempDir static Path pki;

    private static RunningServer running;
    private static Https https;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Small.narrow(), 0);
        https = Https.admin(pki, running.server.port());
        https.post(
                "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                """
                {"metadata":{"name":"all"},"roleRef":{"kind":"ClusterRole","name":"cluster-admin"},
                 "subjects":[{"kind":"Group","name":"system:authenticated"}]}
                """);
        Eventually.holds("the binding is seen", () -> as("calm", MAPS).code() == 200);
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    private static Reply as(String user, String path) {
        HttpRequest request =
                https.request(path)
                        .header("Impersonate-User", user)
                        .method("GET", BodyPublishers.noBody())
                        .build();
        return https.send(request);
    }

    @Test
    void whoFloodsTheServerWithListsDoesNotStarveAnother() throws InterruptedException {
        try (ExecutorService makers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < OBJECTS; i++) {
                String map =
                        "{\"metadata\":{\"name\":\"m%d\"},\"data\":{\"k\":\"%s\"}}"
                                .formatted(i, "x".repeat(500));
                makers.execute(() -> https.post(MAPS, map));
            }
        }
        https.get(FLOWS + "/prioritylevelconfigurations"); // stores what is built in
        Reply shorter =
                https.send(
                        "PATCH",
                        FLOWS + "/prioritylevelconfigurations/global-default",
                        "application/merge-patch+json",
                        "{\"spec\":{\"limited\":{\"limitResponse\":"
                                + "{\"queuing\":{\"queueLengthLimit\":5}}}}}");
        assertThat(shorter.code()).as(shorter.message()).isEqualTo(200);
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger flooded = new AtomicInteger();
        CountDownLatch begun = new CountDownLatch(FLOODERS);
        int calm = 0;
        try (ExecutorService flood = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < FLOODERS; i++) {
                flood.execute(() -> {
                    begun.countDown();
                    while (!stop.get()) {
                        Reply reply = as("flood", MAPS);
                        flooded.incrementAndGet();
                        if (reply.code() == 429) {
                            refused.incrementAndGet();
                            LockSupport.parkNanos(5_000_000); // even a rude client may rest
                            assertThat(reply.response().headers().firstValue("Retry-After"))
                                    .contains("1");
                        }
                    }
                });
            }
            begun.await();
            Eventually.holds("the flood is refused some", () -> refused.get() > 0);
            int before = flooded.get();
            for (; calm < 10; calm++) {
                Reply reply = as("calm", MAPS + "/m1");
                assertThat(reply.code()).as(reply.message()).isEqualTo(200);
            }
            assertThat(flooded.get()).as("the flood went on").isGreaterThan(before);
            stop.set(true);
        } finally {
            stop.set(true);
        }
        assertThat(calm).isEqualTo(10);
    }

    @Test
    void theUsualLevelsAreThereWhenTheyAreAskedFor() {
        Reply levels = https.get(FLOWS + "/prioritylevelconfigurations");
        Reply schemas = https.get(FLOWS + "/flowschemas");

        assertThat(levels.body().path("items"))
                .extracting(level -> level.at("/metadata/name").asText())
                .contains(
                        "exempt",
                        "system",
                        "node-high",
                        "leader-election",
                        "workload-high",
                        "workload-low",
                        "global-default",
                        "catch-all");
        assertThat(schemas.body().path("items")).hasSizeGreaterThanOrEqualTo(13);
        String schema =
                https.get(FLOWS + "/flowschemas/global-default")
                        .body()
                        .at("/metadata/uid")
                        .asText();
        Eventually.holds(
                "the stored objects are seen",
                () ->
                        as("calm", MAPS + "/none")
                                .response()
                                .headers()
                                .firstValue("X-Kubernetes-PF-FlowSchema-UID")
                                .equals(java.util.Optional.of(schema)));
        assertThat(
                        as("calm", MAPS + "/none")
                                .response()
                                .headers()
                                .firstValue("X-Kubernetes-PF-PriorityLevel-UID"))
                .isPresent();
    }

    @Test
    void aStoredSchemaTakesRequestsAway() {
        https.post(
                FLOWS + "/prioritylevelconfigurations",
                """
                {"metadata":{"name":"closed"},"spec":{"type":"Limited","limited":{
                 "nominalConcurrencyShares":0,"borrowingLimitPercent":0,
                 "limitResponse":{"type":"Reject"}}}}
                """);
        https.post(
                FLOWS + "/flowschemas",
                """
                {"metadata":{"name":"closed"},"spec":{"matchingPrecedence":10,
                 "priorityLevelConfiguration":{"name":"closed"},"rules":[{
                  "subjects":[{"kind":"User","user":{"name":"unwanted"}}],
                  "resourceRules":[{"verbs":["list"],"apiGroups":[""],"resources":["configmaps"],
                   "namespaces":["default"]}]}]}}
                """);

        Eventually.holds("the schema is seen", () -> as("unwanted", MAPS).code() == 429);
        assertThat(as("unwanted", MAPS).message())
                .isEqualTo("too many requests, please try again later (concurrency-limit)");
        assertThat(as("unwanted", MAPS + "/none").code()).isEqualTo(404);
        assertThat(as("calm", MAPS).code()).isEqualTo(200);
    }

    @Test
    void wrongSchemasAndLevelsAreRefusedByField() {
        assertThat(
                        https.post(
                                        FLOWS + "/flowschemas",
                                        "{\"metadata\":{\"name\":\"w\"},\"spec\":{"
                                                + "\"matchingPrecedence\":10001,"
                                                + "\"priorityLevelConfiguration\":{\"name\":\"\"}}}")
                                .message())
                .contains("spec.matchingPrecedence: Invalid value: 10001")
                .contains("spec.priorityLevelConfiguration.name: Required value");
        assertThat(
                        https.post(
                                        FLOWS + "/prioritylevelconfigurations",
                                        "{\"metadata\":{\"name\":\"w\"},\"spec\":{\"type\":\"Limited\"}}")
                                .message())
                .contains("spec.limited: Required value");
    }
}
