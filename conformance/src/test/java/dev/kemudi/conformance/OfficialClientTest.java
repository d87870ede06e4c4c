package dev.kemudi.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.testkit.Cluster;
import dev.kemudi.testkit.Kemudi;
import dev.kemudi.testkit.TestNamespace;
import io.kubernetes.client.Exec;
import io.kubernetes.client.PortForward;
import io.kubernetes.client.custom.V1Patch;
import io.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.kubernetes.client.extended.leaderelection.LeaderElector;
import io.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.kubernetes.client.informer.ResourceEventHandler;
import io.kubernetes.client.informer.SharedIndexInformer;
import io.kubernetes.client.informer.SharedInformerFactory;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ConfigMapList;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1PodSpec;
import io.kubernetes.client.util.CallGeneratorParams;
import io.kubernetes.client.util.ClientBuilder;
import io.kubernetes.client.util.KubeConfig;
import io.kubernetes.client.util.PatchUtils;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The official Java client, unchanged: objects, informers, leader election, streams of pods. */
@Kemudi
@Timeout(120)
class OfficialClientTest {
    private static final String OWN =
            """
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{"own":"4"}}
            """;

    private ApiClient client;
    private CoreV1Api core;

    @BeforeEach
    void connect(Cluster cluster) throws IOException {
        KubeConfig config = KubeConfig.loadKubeConfig(new StringReader(cluster.kubeconfig()));
        client = ClientBuilder.kubeconfig(config).build();
        core = new CoreV1Api(client);
    }

    private static V1ConfigMap map(String name, String value) {
        return new V1ConfigMap().metadata(new V1ObjectMeta().name(name)).data(Map.of("k", value));
    }

    @Test
    void objectsAreWrittenAppliedContestedAndDeleted(TestNamespace namespace) throws Exception {
        String ns = namespace.name();
        V1ConfigMap created = core.createNamespacedConfigMap(ns, map("m", "1")).execute();
        core.replaceNamespacedConfigMap("m", ns, created.data(Map.of("k", "2"))).execute();
        assertThatThrownBy(() ->
                        core.replaceNamespacedConfigMap("m", ns, created.data(Map.of("k", "3")))
                                .execute())
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.getCode()).isEqualTo(409));
        V1ConfigMap applied =
                PatchUtils.patch(
                        V1ConfigMap.class,
                        () ->
                                core.patchNamespacedConfigMap("m", ns, new V1Patch(OWN))
                                        .fieldManager("test")
                                        .buildCall(null),
                        V1Patch.PATCH_FORMAT_APPLY_YAML,
                        client);
        assertThat(applied.getData()).containsOnly(Map.entry("k", "2"), Map.entry("own", "4"));
        assertThat(core.listNamespacedConfigMap(ns).limit(1).execute().getItems()).hasSize(1);
        core.deleteNamespacedConfigMap("m", ns).execute();
        assertThatThrownBy(() -> core.readNamespacedConfigMap("m", ns).execute())
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.getCode()).isEqualTo(404));
    }

    @Test
    void itsInformersGoOnAfterTheServerWasAway(Cluster cluster, TestNamespace namespace)
            throws Exception {
        String ns = namespace.name();
        SharedInformerFactory factory = new SharedInformerFactory(client);
        SharedIndexInformer<V1ConfigMap> informer =
                factory.sharedIndexInformerFor(
                        (CallGeneratorParams params) ->
                                core.listNamespacedConfigMap(ns)
                                        .resourceVersion(params.resourceVersion)
                                        .timeoutSeconds(params.timeoutSeconds)
                                        .watch(params.watch)
                                        .buildCall(null),
                        V1ConfigMap.class,
                        V1ConfigMapList.class);
        BlockingQueue<String> seen = new LinkedBlockingQueue<>(); // bounded by what the test writes
        informer.addEventHandler(
                new ResourceEventHandler<>() {
                    @Override
                    public void onAdd(V1ConfigMap object) {
                        seen.add("add " + object.getMetadata().getName());
                    }

                    @Override
                    public void onUpdate(V1ConfigMap before, V1ConfigMap after) {
                        seen.add("update " + after.getData().get("k"));
                    }

                    @Override
                    public void onDelete(V1ConfigMap object, boolean unknown) {
                        seen.add("delete " + object.getMetadata().getName());
                    }
                });
        factory.startAllRegisteredInformers();
        try {
            V1ConfigMap created = core.createNamespacedConfigMap(ns, map("a", "1")).execute();
            assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo("add a");
            cluster.faults().restartServer(Duration.ofMillis(200));
            core.replaceNamespacedConfigMap("a", ns, created.data(Map.of("k", "2"))).execute();
            assertThat(seen.poll(60, TimeUnit.SECONDS)).isEqualTo("update 2");
            core.deleteNamespacedConfigMap("a", ns).execute();
            assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo("delete a");
        } finally {
            factory.stopAllRegisteredInformers();
        }
    }

    @Test
    void ofTwoCandidatesOneLeadsAndTheOtherFollowsWhenItEnds(TestNamespace namespace)
            throws Exception {
        BlockingQueue<String> leads = new LinkedBlockingQueue<>(); // bounded by two candidates
        Thread first = candidate(namespace.name(), "first", leads);
        assertThat(leads.poll(30, TimeUnit.SECONDS)).isEqualTo("first");
        Thread second = candidate(namespace.name(), "second", leads);
        first.interrupt();
        assertThat(leads.poll(30, TimeUnit.SECONDS)).isEqualTo("second");
        second.interrupt();
    }

    private Thread candidate(String namespace, String name, BlockingQueue<String> leads) {
        LeaderElector elector =
                new LeaderElector(
                        new LeaderElectionConfig(
                                new LeaseLock(namespace, "leader", name, client),
                                Duration.ofSeconds(3),
                                Duration.ofSeconds(2),
                                Duration.ofMillis(200)));
        return Thread.ofPlatform()
                .daemon()
                .start(() -> {
                    try (elector) {
                        elector.run(() -> leads.add(name), () -> {});
                    }
                });
    }

    private static boolean running(CoreV1Api core, String namespace) {
        try {
            var status = core.readNamespacedPod("p", namespace).execute().getStatus();
            return status != null && "Running".equals(status.getPhase());
        } catch (ApiException e) {
            return false;
        }
    }

    @Test
    void commandsRunInPodsAndPortsAreForwarded(TestNamespace namespace) throws Exception {
        String ns = namespace.name();
        core.createNamespacedPod(
                        ns,
                        new V1Pod()
                                .metadata(new V1ObjectMeta().name("p"))
                                .spec(
                                        new V1PodSpec()
                                                .addContainersItem(
                                                        new V1Container()
                                                                .name("c")
                                                                .image("host")
                                                                .command(
                                                                        List.of("sleep", "1000")))))
                .execute();
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!running(core, ns)) {
            assertThat(System.nanoTime()).as("the pod runs within 30 s").isLessThan(until);
            LockSupport.parkNanos(20_000_000);
        }
        Process echo = new Exec(client).exec(ns, "p", new String[] {"echo", "hello"}, false);
        assertThat(new String(echo.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("hello\n");
        assertThat(echo.waitFor()).isZero();
        String address = core.readNamespacedPod("p", ns).execute().getStatus().getPodIP();
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName(address))) {
            int port = server.getLocalPort();
            PortForward.PortForwardResult forward =
                    new PortForward(client).forward(ns, "p", List.of(port));
            try (Socket accepted = server.accept()) {
                accepted.getOutputStream().write("answer".getBytes(StandardCharsets.UTF_8));
                assertThat(forward.getInputStream(port).readNBytes(6))
                        .isEqualTo("answer".getBytes(StandardCharsets.UTF_8));
            }
        }
    }
}
