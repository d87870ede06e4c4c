package dev.kemudi.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.Resource;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import org.junit.jupiter.api.Test;

@Kemudi
class KemudiExtensionTest {
    @Test
    void aForeignClientUsesTheKubeconfigAsItIs(Cluster cluster, ApiClient client)
            throws IOException {
        try (KubernetesClient fabric8 =
                new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(cluster.kubeconfig()))
                        .build()) {
            fabric8.configMaps()
                    .inNamespace("default")
                    .resource(
                            new ConfigMapBuilder()
                                    .withNewMetadata()
                                    .withName("greeting")
                                    .endMetadata()
                                    .addToData("text", "hello")
                                    .build())
                    .create();
        }
        assertThat(client.get(Resource.CONFIG_MAPS, "default", "greeting").text("/data/text"))
                .isEqualTo("hello");
    }

    @Test
    void theTestSharesTheClusterOfItsClass(Cluster cluster) {
        assertThat(cluster.client().find(Resource.NAMESPACES, "", "default")).isPresent();
    }
}
