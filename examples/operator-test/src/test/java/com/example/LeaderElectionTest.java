package com.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.kemudi.testkit.Kemudi;
import dev.kemudi.testkit.TestNamespace;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.javaoperatorsdk.operator.Operator;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Two copies of the operator, of which one works. */
@Kemudi(crds = "META-INF/fabric8")
class LeaderElectionTest {
    private static Operator candidate(String name, KubernetesClient client, String namespace) {
        Operator operator = new Operator(overrider -> overrider
                .withKubernetesClient(client)
                .withLeaderElectionConfiguration(
                        LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration("pages")
                                .withLeaseNamespace(namespace)
                                .withIdentity(name)
                                .withLeaseDuration(Duration.ofSeconds(3))
                                .withRenewDeadline(Duration.ofSeconds(2))
                                .withRetryPeriod(Duration.ofMillis(200))
                                .withExitOnStopLeading(false)
                                .build()));
        operator.register(new WebPageReconciler(), controller -> controller.settingNamespace(namespace));
        operator.start();
        return operator;
    }

    /** As in a process of its own: stopping an operator closes its client. */
    private static KubernetesClient another(KubernetesClient client) {
        return new KubernetesClientBuilder().withConfig(client.getConfiguration()).build();
    }

    private static String leader(KubernetesClient client, String namespace) {
        var lease = client.leases().inNamespace(namespace).withName("pages").get();
        return lease == null ? null : lease.getSpec().getHolderIdentity();
    }

    @Test
    void whenTheLeaderStopsTheOtherTakesOver(KubernetesClient client, TestNamespace namespace) {
        String ns = namespace.name();
        Operator first = candidate("first", another(client), ns);
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertEquals("first", leader(client, ns)));
        Operator second = candidate("second", another(client), ns);
        try {
            first.stop();
            WebPage page = new WebPage();
            page.setMetadata(new ObjectMetaBuilder().withName("home").withNamespace(ns).build());
            page.setSpec(new WebPage.Spec());
            page.getSpec().html = "from the second";
            client.resource(page).create();
            Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
                ConfigMap map = client.configMaps().inNamespace(ns).withName("home-html").get();
                assertEquals("from the second", map == null ? null : map.getData().get("index.html"));
            });
            assertEquals("second", leader(client, ns));
        } finally {
            second.stop();
        }
    }
}
