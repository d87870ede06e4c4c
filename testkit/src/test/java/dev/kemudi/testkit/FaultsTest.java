package dev.kemudi.testkit;

import static dev.kemudi.testkit.KemudiExtensionTest.configMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the faults do to a foreign client, and what the clock does to what expires. */
@Kemudi
class FaultsTest {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final Duration SLOW = Duration.ofMillis(300);

    private final Cluster cluster;

    FaultsTest(Cluster cluster) {
        this.cluster = cluster;
    }

    @AfterEach
    void heal() {
        cluster.faults().end();
    }

    private static void eventually(String what, BooleanSupplier holds) {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!holds.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static void isToldCode(int code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        KubernetesClientException.class,
                        told -> assertThat(told.getCode()).isEqualTo(code));
    }

    @Test
    void theNextUpdateConflictsAndTheOneAfterDoesNot(
            KubernetesClient client, TestNamespace namespace) {
        var maps = client.configMaps().inNamespace(namespace.name());
        ConfigMap made = maps.resource(configMap("one")).create();
        cluster.faults().conflictNext(1);

        isToldCode(409, () -> maps.resource(made).update());
        maps.resource(made).update();
    }

    @Test
    void aListFromARevisionExpiresOnce(KubernetesClient client, TestNamespace namespace) {
        var maps = client.configMaps().inNamespace(namespace.name());
        String revision = maps.list().getMetadata().getResourceVersion();
        cluster.faults().expireNext(1);

        var since =
                new io.fabric8.kubernetes.api.model.ListOptionsBuilder()
                        .withResourceVersion(revision)
                        .withResourceVersionMatch("NotOlderThan")
                        .build();
        isToldCode(410, () -> maps.list(since));
        assertThat(maps.list(since).getItems()).isNotNull();
    }

    @Test
    void requestsAreAsSlowAsToldUntilItEnds(KubernetesClient client) {
        cluster.faults().delayRequests(SLOW);
        long began = System.nanoTime();
        client.namespaces().list();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(SLOW);
    }

    @Test
    void anInformerOutlivesDroppedWatchesAndARestartedServer(
            KubernetesClient client, TestNamespace namespace) throws InterruptedException {
        var maps = client.configMaps().inNamespace(namespace.name());
        try (SharedIndexInformer<ConfigMap> informer = maps.inform()) {
            maps.resource(configMap("before")).create();
            eventually("it sees the first", () -> has(informer, "before"));

            cluster.faults().dropWatches();
            maps.resource(configMap("after-drop")).create();
            eventually("it sees what came after the watch", () -> has(informer, "after-drop"));

            cluster.faults().restartServer(Duration.ofMillis(100));
            cluster.client()
                    .create(
                            Resource.CONFIG_MAPS,
                            ApiObject.named(
                                    Resource.CONFIG_MAPS, namespace.name(), "after-restart"));
            eventually("it sees what came after the restart", () -> has(informer, "after-restart"));
        }
    }

    private static boolean has(SharedIndexInformer<ConfigMap> informer, String name) {
        return informer.getStore().list().stream()
                .anyMatch(map -> map.getMetadata().getName().equals(name));
    }

    @Test
    void whatExpiresDoesSoWhenTheClockSaysSo(ApiClient client) {
        client.create(Resource.EVENTS, ApiObject.named(Resource.EVENTS, "default", "short-lived"));
        assertThat(client.find(Resource.EVENTS, "default", "short-lived")).isPresent();

        cluster.clock().advance(Duration.ofHours(2));

        eventually(
                "an event lives for an hour",
                () -> client.find(Resource.EVENTS, "default", "short-lived").isEmpty());
    }
}
