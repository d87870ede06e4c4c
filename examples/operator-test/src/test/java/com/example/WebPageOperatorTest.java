package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.kemudi.api.Status;
import dev.kemudi.testkit.Cluster;
import dev.kemudi.testkit.Kemudi;
import dev.kemudi.testkit.TestNamespace;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.Operator;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The operator against a real API server with real controllers, in this JVM. */
@Kemudi(crds = "META-INF/fabric8")
class WebPageOperatorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private KubernetesClient client;
    private Operator operator;
    private String namespace;

    @BeforeEach
    void startOperator(KubernetesClient client, TestNamespace namespace) {
        this.client = client;
        this.namespace = namespace.name();
        operator = new Operator(overrider -> overrider.withCloseClientOnStop(false).withKubernetesClient(client));
        operator.register(new WebPageReconciler(), controller -> controller.settingNamespace(namespace.name()));
        operator.start();
    }

    @AfterEach
    void stopOperator() {
        operator.stop();
    }

    private static ConditionFactory await() {
        return Awaitility.await().atMost(PATIENCE);
    }

    private WebPage page(String html) {
        WebPage page = new WebPage();
        page.setMetadata(new ObjectMetaBuilder().withName("home").withNamespace(namespace).build());
        page.setSpec(new WebPage.Spec());
        page.getSpec().html = html;
        return page;
    }

    private String served() {
        ConfigMap map = client.configMaps().inNamespace(namespace).withName("home-html").get();
        return map == null ? null : map.getData().get("index.html");
    }

    @Test
    void aPageIsServedChangedAndGone() {
        WebPage made = client.resource(page("<h1>Hello</h1>")).create();
        await().untilAsserted(() -> assertEquals("<h1>Hello</h1>", served()));
        await().untilAsserted(
                () -> assertEquals("home-html", client.resource(made).get().getStatus().configMap));

        client.resources(WebPage.class).inNamespace(namespace).withName("home").edit(page -> {
            page.getSpec().html = "<h1>Bye</h1>";
            return page;
        });
        await().untilAsserted(() -> assertEquals("<h1>Bye</h1>", served()));
        await().untilAsserted(
                () -> assertEquals(2L, client.resource(made).get().getStatus().observedGeneration));

        client.resource(made).delete();
        // The garbage collector: no mock has one, and envtest has none either.
        await().untilAsserted(() -> assertNull(served()));
    }

    @Test
    void theOperatorOutlivesABadDay(Cluster cluster) throws InterruptedException {
        client.resource(page("one")).create();
        await().untilAsserted(() -> assertEquals("one", served()));

        cluster.faults().dropWatches();
        cluster.faults().refuseNext(
                2,
                Status.of(500, "InternalError", "not today"),
                request -> request.verb().equals("patch") && request.resource().equals("configmaps"));
        client.resource(page("two")).forceConflicts().serverSideApply();
        cluster.faults().restartServer(Duration.ofMillis(200));

        await().untilAsserted(() -> assertEquals("two", served()));
        assertNotNull(client.configMaps().inNamespace(namespace).withName("home-html").get());
    }
}
