package dev.kemudi.controller;

import static dev.kemudi.controller.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.apiserver.ApiServer;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.kernel.Tracer;
import dev.kemudi.kinds.BuiltinKinds;
import dev.kemudi.store.KemudiStore;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library against the real API server, in process and over HTTPS. */
class ControllerTest {
    @TempDir Path directory;

    private KemudiStore store;
    private ApiServer server;
    private ApiClient client;
    private Path kubeconfig;

    @BeforeEach
    void start() throws IOException {
        PrometheusRegistry metrics = new PrometheusRegistry();
        store = KemudiStore.inMemory(TimeSource.system(), metrics);
        server =
                new ApiServer(
                        new ApiServer.Config("127.0.0.1", 0, directory.resolve("pki")),
                        store,
                        BuiltinKinds.all(),
                        metrics,
                        Tracer.NONE,
                        TimeSource.system(),
                        dev.kemudi.apiserver.Limits.defaults());
        server.start();
        client = server.client("test");
        kubeconfig = Files.writeString(directory.resolve("kubeconfig"), server.kubeconfig());
    }

    @AfterEach
    void stop() {
        server.close();
        store.close();
    }

    private static ApiObject configMap(String name, String value) {
        return ApiObject.named(Resource.CONFIG_MAPS, "default", name)
                .edit(t -> t.putObject("data").put("k", value));
    }

    @Test
    void aReconcilerIsCalledForEveryChangeAndRetriedAfterAFailure() {
        mirrors(client);
    }

    @Test
    void theSameReconcilerRunsOverHttpsFromAKubeconfig() throws IOException {
        try (HttpApiClient http = HttpApiClient.fromKubeconfig(kubeconfig)) {
            mirrors(http);
        }
    }

    /**
     * A reconciler that keeps a copy of every config map whose name begins with "src", and stumbles
     * once a key.
     */
    private void mirrors(ApiClient api) {
        Set<ObjectKey> stumbled = ConcurrentHashMap.newKeySet();
        try (Informer maps = Informer.of(api, Resource.CONFIG_MAPS);
                Controller controller =
                        new Controller(
                                        "mirror",
                                        key -> {
                                            if (stumbled.add(key)) {
                                                throw new IOException("the first attempt fails");
                                            }
                                            copy(api, maps, key);
                                            return Result.DONE;
                                        },
                                        2,
                                        TimeSource.system(),
                                        Limits.defaults(),
                                        ControllerMetrics.unregistered())
                                .watches(
                                        maps,
                                        map ->
                                                map.name().startsWith("src")
                                                        ? List.of(map.key())
                                                        : List.of())) {
            maps.start();
            controller.start();
            client.create(Resource.CONFIG_MAPS, configMap("src1", "a"));
            eventually("mirrored", () -> value("copy-src1").equals("a"));
            client.update(Resource.CONFIG_MAPS, configMap("src1", "b"));
            eventually("mirrored again", () -> value("copy-src1").equals("b"));
            client.delete(Resource.CONFIG_MAPS, "default", "src1", DeleteOptions.BACKGROUND);
            eventually("gone", () -> value("copy-src1").isEmpty());
        }
    }

    private static void copy(ApiClient api, Informer maps, ObjectKey key) {
        String name = "copy-" + key.name();
        if (maps.get(key).isEmpty()) {
            if (api.find(Resource.CONFIG_MAPS, key.namespace(), name).isPresent()) {
                api.delete(Resource.CONFIG_MAPS, key.namespace(), name, DeleteOptions.BACKGROUND);
            }
            return;
        }
        String value = maps.get(key).orElseThrow().text("/data/k");
        if (api.find(Resource.CONFIG_MAPS, key.namespace(), name).isPresent()) {
            api.update(Resource.CONFIG_MAPS, configMap(name, value));
        } else {
            api.create(Resource.CONFIG_MAPS, configMap(name, value));
        }
    }

    private String value(String name) {
        return client.find(Resource.CONFIG_MAPS, "default", name)
                .map(m -> m.text("/data/k"))
                .orElse("");
    }

    @Test
    void aClockThatIsMovedDuringAReconcileDoesNotPutOffTheNext() throws InterruptedException {
        FakeTime time = new FakeTime();
        AtomicInteger calls = new AtomicInteger();
        long hour = 3_600_000;
        try (Controller controller =
                new Controller(
                        "hourly",
                        key -> {
                            if (calls.incrementAndGet() == 1) {
                                time.pass(2 * hour);
                            }
                            return Result.after(hour);
                        },
                        1,
                        time,
                        Limits.defaults(),
                        ControllerMetrics.unregistered())) {
            controller.start().queue().add(new ObjectKey("default", "a"));
            eventually("it came back", () -> calls.get() == 2);
        }
    }

    @Test
    void aResultMayAskToComeBackWithoutAnyChange() {
        AtomicInteger calls = new AtomicInteger();
        try (Informer maps = Informer.of(client, Resource.CONFIG_MAPS);
                Controller controller =
                        new Controller(
                                        "again",
                                        key ->
                                                calls.incrementAndGet() < 3
                                                        ? Result.after(5)
                                                        : Result.DONE,
                                        1,
                                        TimeSource.system(),
                                        Limits.defaults(),
                                        ControllerMetrics.unregistered())
                                .watches(maps)) {
            client.create(Resource.CONFIG_MAPS, configMap("m", "1"));
            maps.start();
            controller.start();
            eventually("three calls", () -> calls.get() == 3);
        }
    }

    @Test
    void theHttpClientReadsWritesPatchesAndIsRefusedInTheServersWords() throws IOException {
        try (HttpApiClient http = HttpApiClient.fromKubeconfig(kubeconfig)) {
            ApiObject stored = http.create(Resource.CONFIG_MAPS, configMap("m", "1"));
            assertThat(http.get(Resource.CONFIG_MAPS, "default", "m")).isEqualTo(stored);
            Patch patch =
                    new Patch(
                            Patch.Type.MERGE,
                            "{\"data\":{\"k\":\"2\"}}".getBytes(StandardCharsets.UTF_8),
                            "t",
                            false,
                            "");
            assertThat(http.patch(Resource.CONFIG_MAPS, "default", "m", patch).text("/data/k"))
                    .isEqualTo("2");
            assertThat(http.list(Resource.CONFIG_MAPS, "default", ListOptions.ALL).items())
                    .singleElement()
                    .satisfies(o -> assertThat(o.kind()).isEqualTo("ConfigMap"));
            assertThatThrownBy(() -> http.update(Resource.CONFIG_MAPS, stored))
                    .isInstanceOfSatisfying(
                            ApiException.class, e -> assertThat(e.conflict()).isTrue());
            assertThat(http.delete(Resource.CONFIG_MAPS, "default", "m", DeleteOptions.BACKGROUND))
                    .isEmpty();
            assertThat(http.find(Resource.CONFIG_MAPS, "default", "m")).isEmpty();
        }
    }

    @Test
    void anInformerOverHttpsFollowsTheServer() throws Exception {
        try (HttpApiClient http = HttpApiClient.fromKubeconfig(kubeconfig);
                Informer maps =
                        Informer.builder(http, Resource.CONFIG_MAPS)
                                .namespace("default")
                                .watchList(true)
                                .build()) {
            client.create(Resource.CONFIG_MAPS, configMap("m", "1"));
            maps.start();
            assertThat(maps.awaitSynced(Duration.ofSeconds(20))).isTrue();
            assertThat(maps.get("default", "m")).isPresent();
            client.delete(Resource.CONFIG_MAPS, "default", "m", DeleteOptions.BACKGROUND);
            eventually("gone", () -> maps.size() == 0);
        }
    }

    @Test
    void aKubeconfigThatLacksSomethingIsRefusedByName() throws IOException {
        Path broken = Files.writeString(directory.resolve("broken"), "current-context: x\n");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpApiClient.fromKubeconfig(broken))
                .withMessageContaining("contexts")
                .withMessageContaining("broken");
    }

    @Test
    void aRepeatedEventIsCountedUpInPlace() {
        ApiObject map = client.create(Resource.CONFIG_MAPS, configMap("m", "1"));
        try (EventRecorder recorder =
                new EventRecorder(
                        client,
                        "tester",
                        TimeSource.system(),
                        Limits.defaults(),
                        ControllerMetrics.unregistered())) {
            for (int i = 0; i < 5; i++) {
                recorder.warning(map, "Bad", "it went wrong");
            }
            recorder.normal(map, "Good", "it went well");
            eventually("written", () -> events().size() == 2);
            eventually(
                    "counted", () -> events().stream().anyMatch(e -> e.integer("/count", 0) == 5));
            assertThat(events())
                    .allSatisfy(
                            e -> assertThat(e.text("/involvedObject/uid")).isEqualTo(map.uid()));
        }
    }

    private List<ApiObject> events() {
        return client.list(Resource.EVENTS, "default", ListOptions.ALL).items();
    }

    @Test
    void recordingNeverBlocksEvenWhenNothingIsWritten() {
        ApiObject unknown = ApiObject.named(Resource.CONFIG_MAPS, "no-such-namespace", "m");
        try (EventRecorder recorder =
                new EventRecorder(
                        client,
                        "tester",
                        TimeSource.system(),
                        Limits.defaults(),
                        ControllerMetrics.unregistered())) {
            for (int i = 0; i < 20_000; i++) {
                recorder.normal(unknown, "R" + i, "m");
            }
            assertThat(events()).isEmpty();
        }
    }
}
