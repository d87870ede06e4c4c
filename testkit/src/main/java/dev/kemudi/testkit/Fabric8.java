package dev.kemudi.testkit;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;

/** What needs fabric8's client on the class path; loaded when a test asks for it. */
final class Fabric8 {
    private Fabric8() {}

    static boolean gives(Class<?> type) {
        return type.getName().equals("io.fabric8.kubernetes.client.Config")
                || type.getName().equals("io.fabric8.kubernetes.client.KubernetesClient");
    }

    static Config config(Cluster cluster) throws IOException {
        return Config.fromKubeconfig(cluster.kubeconfig());
    }

    static KubernetesClient client(Cluster cluster) throws IOException {
        return new KubernetesClientBuilder().withConfig(config(cluster)).build();
    }
}
