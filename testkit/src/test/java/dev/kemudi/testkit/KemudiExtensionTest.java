package dev.kemudi.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

@Kemudi
class KemudiExtensionTest {
    static ConfigMap configMap(String name) {
        return new ConfigMapBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .addToData("text", "hello")
                .build();
    }

    @Test
    void aForeignClientUsesTheKubeconfigAsItIs(Cluster cluster, ApiClient client)
            throws IOException {
        try (KubernetesClient fabric8 =
                new KubernetesClientBuilder()
                        .withConfig(Config.fromKubeconfig(cluster.kubeconfig()))
                        .build()) {
            fabric8.configMaps().inNamespace("default").resource(configMap("greeting")).create();
        }
        assertThat(client.get(Resource.CONFIG_MAPS, "default", "greeting").text("/data/text"))
                .isEqualTo("hello");
    }

    @Test
    void theTestSharesTheClusterOfItsClass(Cluster cluster) {
        assertThat(cluster.client().find(Resource.NAMESPACES, "", "default")).isPresent();
    }

    @Nested
    class Inside {
        @Test
        void aNestedClassHasTheSameCluster(Cluster inner, Config config) {
            assertThat(config.getMasterUrl()).contains(inner.endpoints().api());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "b"})
    void eachTestMayHaveANamespaceOfItsOwn(
            String round, KubernetesClient client, TestNamespace namespace) {
        assertThat(namespace.name()).startsWith("each-test-may-have-a-namespace-of-its-ow");
        client.configMaps().inNamespace(namespace.name()).resource(configMap("one")).create();
        assertThat(client.configMaps().inNamespace(namespace.name()).list().getItems())
                .extracting(map -> map.getMetadata().getName())
                .as("round %s", round)
                .contains("one");
    }

    /** What is run by itself, to see what becomes of it. */
    private static TestExecutionSummary run(Class<?> tests) {
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request().selectors(selectClass(tests)).build();
        SummaryGeneratingListener listener = new SummaryGeneratingListener();
        LauncherFactory.create().execute(request, listener);
        return listener.getSummary();
    }

    @Kemudi(lifecycle = Kemudi.Lifecycle.PER_METHOD)
    static class EachItsOwn {
        private void isAlone(ApiClient client) {
            assertThat(client.find(Resource.CONFIG_MAPS, "default", "mine")).isEmpty();
            client.create(
                    Resource.CONFIG_MAPS, ApiObject.named(Resource.CONFIG_MAPS, "default", "mine"));
        }

        @Test
        void theFirstIsAlone(ApiClient client) {
            isAlone(client);
        }

        @Test
        void theSecondIsAlone(ApiClient client) {
            isAlone(client);
        }
    }

    @Test
    void eachMethodMayHaveAClusterOfItsOwn() {
        assertThat(run(EachItsOwn.class).getTestsSucceededCount()).isEqualTo(2);
    }

    private static final class Seen {
        static final List<Cluster> CLUSTERS = new ArrayList<>();
    }

    @Kemudi(lifecycle = Kemudi.Lifecycle.SHARED)
    static class SharesOne {
        @Test
        void theOuterHasOne(Cluster cluster) {
            Seen.CLUSTERS.add(cluster);
        }

        @Nested
        class Other {
            @Test
            void theInnerHasOne(Cluster cluster) {
                Seen.CLUSTERS.add(cluster);
            }
        }
    }

    @Test
    void allClassesOfARunMayShareOne() {
        assertThat(run(SharesOne.class).getTestsSucceededCount()).isEqualTo(2);
        assertThat(Seen.CLUSTERS).hasSize(2);
        assertThat(Seen.CLUSTERS.getFirst()).isSameAs(Seen.CLUSTERS.getLast());
    }

    @Kemudi(crds = "crds")
    static class WithDefinitions {
        @Test
        void widgetsAreServed(KubernetesClient client) {
            assertThat(
                            client.genericKubernetesResources("testkit.kemudi.dev/v1", "Widget")
                                    .inNamespace("default")
                                    .list()
                                    .getItems())
                    .isEmpty();
        }
    }

    @Test
    void definitionsOfTheClassPathAreServed() {
        assertThat(run(WithDefinitions.class).getTestsSucceededCount()).isEqualTo(1);
    }

    @Kemudi(crds = "crds/nowhere.yml")
    static class WithoutThem {
        @Test
        void isNeverRun() {}
    }

    @Test
    void whatIsNowhereIsNamed() {
        assertThat(run(WithoutThem.class).getFailures())
                .singleElement()
                .satisfies(failure ->
                        assertThat(failure.getException())
                                .hasMessageContaining(
                                        "crds/nowhere.yml is no manifest and holds none"));
    }

    @Kemudi
    static class Fails {
        @Test
        void alwaysFailsAtTheEnd(KubernetesClient client) {
            ConfigMap made =
                    client.configMaps()
                            .inNamespace("default")
                            .resource(configMap("suspect"))
                            .create();
            made.getData().put("text", "bye");
            client.configMaps().inNamespace("default").resource(made).update();
            throw new AssertionError("as planned");
        }
    }

    @Test
    void aFailureTellsWhatHappenedLast() {
        List<Throwable> suppressed =
                run(Fails.class).getFailures().stream()
                        .flatMap(failure -> Stream.of(failure.getException().getSuppressed()))
                        .toList();
        assertThat(suppressed)
                .singleElement()
                .isInstanceOf(LastEvents.class)
                .satisfies(told ->
                        assertThat(told.getMessage())
                                .contains("ADDED    core/configmaps/default/suspect")
                                .contains(
                                        "MODIFIED core/configmaps/default/suspect: data.text"
                                                + " \"hello\" → \"bye\""));
    }
}
