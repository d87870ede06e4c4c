package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client that we did not write, with its informers. */
final class Fabric8Test {
    @TempDir Path pki;

    private static ConfigMap configMap(String value) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName("fabric8")
                .endMetadata()
                .addToData("k", value)
                .build();
    }

    @Test
    void fabric8WritesAppliesAndFollows() throws InterruptedException {
        try (RunningServer running = new RunningServer(pki, Limits.defaults(), 0);
                KubernetesClient client =
                        new KubernetesClientBuilder()
                                .withConfig(Config.fromKubeconfig(running.server.kubeconfig()))
                                .build()) {
            BlockingQueue<String> seen = new LinkedBlockingQueue<>();
            SharedIndexInformer<ConfigMap> informer =
                    client.configMaps()
                            .inNamespace("default")
                            .inform(
                                    new ResourceEventHandler<>() {
                                        @Override
                                        public void onAdd(ConfigMap object) {
                                            seen.add("add " + object.getData());
                                        }

                                        @Override
                                        public void onUpdate(ConfigMap before, ConfigMap after) {
                                            seen.add("update " + after.getData());
                                        }

                                        @Override
                                        public void onDelete(ConfigMap object, boolean unknown) {
                                            seen.add("delete " + object.getData());
                                        }
                                    });
            client.configMaps().inNamespace("default").resource(configMap("1")).create();
            assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("add {k=1}");
            client.configMaps()
                    .inNamespace("default")
                    .resource(configMap("2"))
                    .forceConflicts()
                    .serverSideApply();
            assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("update {k=2}");
            client.configMaps()
                    .inNamespace("default")
                    .withName("fabric8")
                    .edit(c -> new ConfigMapBuilder(c).addToData("k", "3").build());
            assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("update {k=3}");
            client.configMaps().inNamespace("default").withName("fabric8").delete();
            assertThat(seen.poll(10, TimeUnit.SECONDS)).isEqualTo("delete {k=3}");
            assertThat(informer.isWatching()).isTrue();
            informer.stop();
        }
    }
}
