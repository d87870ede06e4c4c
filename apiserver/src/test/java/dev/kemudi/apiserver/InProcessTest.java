package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectList;
import dev.kemudi.api.Patch;
import dev.kemudi.api.Resource;
import dev.kemudi.api.WatchEvent;
import dev.kemudi.api.WatchOptions;
import dev.kemudi.api.WatchStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InProcessTest {
    private static final Resource CRON_TABS =
            new Resource("stable.example.com", "v1", "crontabs", "CronTab", true);
    private static final Resource CRON_TABS_OLD =
            new Resource("stable.example.com", "v1beta1", "crontabs", "CronTab", true);

    @TempDir static Path pki;

    private static RunningServer running;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Small.limits(), 0);
        client = running.server.client("tester");
    }

    @AfterAll
    static void stop() {
        running.close();
    }

    private static ApiObject configMap(String name) {
        return ApiObject.parse(
                """
                {"metadata":{"name":"%s","namespace":"default"},"data":{"n":"0"}}\
                """
                        .formatted(name));
    }

    private static ApiObject definition() {
        return ApiObject.parse(
                """
                {"metadata":{"name":"crontabs.stable.example.com"},"spec":{"group":"stable.example.com",
                 "scope":"Namespaced","names":{"plural":"crontabs","kind":"CronTab"},"versions":[
                 {"name":"v1","served":true,"storage":true,"subresources":{"status":{}},
                  "schema":{"openAPIV3Schema":{"type":"object","properties":{
                   "spec":{"type":"object","required":["schedule"],"properties":{
                     "schedule":{"type":"string"},"replicas":{"type":"integer","default":1,"maximum":10}}},
                   "status":{"type":"object","properties":{"ready":{"type":"boolean"}}}}}}},
                 {"name":"v1beta1","served":true,"storage":false,
                  "schema":{"openAPIV3Schema":{"type":"object",
                   "x-kubernetes-preserve-unknown-fields":true}}}]}}\
                """);
    }

    private static ApiObject cronTab(String name, String spec) {
        return ApiObject.parse(
                "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"default\"},\"spec\":%s}"
                        .formatted(name, spec));
    }

    @Test
    void aDefinitionServesItsKindAtOnceAndTakesItsObjectsWithIt() {
        ApiObject crd = client.create(Resource.CUSTOM_RESOURCE_DEFINITIONS, definition());
        assertThat(crd.text("/status/conditions/1/type")).isEqualTo("Established");
        ApiObject made =
                client.create(CRON_TABS, cronTab("a", "{\"schedule\":\"@daily\",\"surplus\":1}"));
        assertThat(made.integer("/spec/replicas", 0)).isEqualTo(1);
        assertThat(made.at("/spec/surplus").isMissingNode()).isTrue();
        assertThat(client.get(CRON_TABS_OLD, "default", "a").apiVersion())
                .isEqualTo("stable.example.com/v1beta1");
        assertThatThrownBy(() -> client.create(CRON_TABS, cronTab("b", "{\"replicas\":11}")))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("spec.schedule")
                .hasMessageContaining("spec.replicas");
        ApiObject status =
                client.updateStatus(
                        CRON_TABS,
                        made.edit(t -> {
                            t.withObjectProperty("status").put("ready", true);
                            t.withObjectProperty("spec").put("schedule", "@never");
                        }));
        assertThat(status.bool("/status/ready")).isTrue();
        assertThat(status.text("/spec/schedule")).isEqualTo("@daily");
        assertThat(status.generation()).isEqualTo(1);
        ApiObject changed =
                client.update(
                        CRON_TABS,
                        status.edit(t -> t.withObjectProperty("spec").put("schedule", "@hourly")));
        assertThat(changed.generation()).isEqualTo(2);
        client.delete(
                Resource.CUSTOM_RESOURCE_DEFINITIONS, "", crd.name(), DeleteOptions.BACKGROUND);
        Eventually.holds(
                "the definition is gone",
                () -> client.find(Resource.CUSTOM_RESOURCE_DEFINITIONS, "", crd.name()).isEmpty());
        Eventually.holds("its kind is served no more", () -> !serves(CRON_TABS));
    }

    private boolean serves(Resource resource) {
        try {
            client.list(resource, "", ListOptions.ALL);
            return true;
        } catch (ApiException e) {
            assertThat(e).hasMessageContaining("could not find the requested resource");
            return false;
        }
    }

    @Test
    void aDefinitionThatIsWrongIsRefusedField() {
        ApiObject wrong =
                definition()
                        .edit(t -> {
                            t.withObjectProperty("metadata").put("name", "others.example.com");
                            ((com.fasterxml.jackson.databind.node.ObjectNode)
                                            t.at("/spec/versions/1"))
                                    .put("storage", true);
                        });
        assertThatThrownBy(() -> client.create(Resource.CUSTOM_RESOURCE_DEFINITIONS, wrong))
                .hasMessageContaining("metadata.name")
                .hasMessageContaining("exactly one version marked as storage version");
    }

    @Test
    void theSharedTreeIsNotTouchedByWhoeverWrites() {
        ApiObject made = client.create(Resource.CONFIG_MAPS, configMap("shared"));
        client.list(Resource.CONFIG_MAPS, "default", ListOptions.ALL);
        ApiObject cached = client.get(Resource.CONFIG_MAPS, "default", "shared");
        String before = cached.toString();
        client.update(
                Resource.CONFIG_MAPS, made.edit(t -> t.withObjectProperty("data").put("n", "1")));
        assertThat(cached.toString()).isEqualTo(before);
        assertThat(client.get(Resource.CONFIG_MAPS, "default", "shared").text("/data/n"))
                .isEqualTo("1");
    }

    @Test
    void aListAndTheWatchFromItsRevisionAddUpToTheNextList() throws InterruptedException {
        ObjectList first = client.list(Resource.CONFIG_MAPS, "default", ListOptions.ALL);
        Map<String, String> model = new TreeMap<>();
        first.items().forEach(o -> model.put(o.name(), o.resourceVersion()));
        java.util.Random random = new java.util.Random(7);
        try (WatchStream watch =
                client.watch(
                        Resource.CONFIG_MAPS,
                        "default",
                        WatchOptions.from(first.resourceVersion()))) {
            for (int i = 0; i < 200; i++) {
                String name = "random-" + random.nextInt(10);
                Optional<ApiObject> there = client.find(Resource.CONFIG_MAPS, "default", name);
                if (there.isEmpty()) {
                    client.create(Resource.CONFIG_MAPS, configMap(name));
                } else if (random.nextInt(3) == 0) {
                    client.delete(Resource.CONFIG_MAPS, "default", name, DeleteOptions.BACKGROUND);
                } else {
                    String n = "v" + i;
                    client.update(
                            Resource.CONFIG_MAPS,
                            there.get().edit(t -> t.withObjectProperty("data").put("n", n)));
                }
                switch (watch.next().orElseThrow()) {
                    case WatchEvent.Added e ->
                            model.put(e.object().name(), e.object().resourceVersion());
                    case WatchEvent.Modified e ->
                            model.put(e.object().name(), e.object().resourceVersion());
                    case WatchEvent.Deleted e -> model.remove(e.object().name());
                    case WatchEvent.Bookmark e -> i--;
                    case WatchEvent.Failed e -> throw new AssertionError(e);
                }
            }
        }
        Map<String, String> last = new TreeMap<>();
        client.list(Resource.CONFIG_MAPS, "default", ListOptions.ALL)
                .items()
                .forEach(o -> last.put(o.name(), o.resourceVersion()));
        assertThat(model).isEqualTo(last);
    }

    @Test
    void aWatchFromBeforeTheWindowIsToldToListAgain() {
        ApiObject object =
                client.create(
                        Resource.SECRETS, ApiObject.named(Resource.SECRETS, "default", "busy"));
        String old = object.resourceVersion();
        for (int i = 0; i < 200; i++) {
            String n = Integer.toString(i);
            object =
                    client.update(
                            Resource.SECRETS,
                            object.edit(t ->
                                    t.withObjectProperty("metadata")
                                            .withObjectProperty("annotations")
                                            .put("n", n)));
        }
        client.list(Resource.SECRETS, "default", ListOptions.ALL);
        assertThatThrownBy(() -> client.watch(Resource.SECRETS, "default", WatchOptions.from(old)))
                .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.expired()).isTrue());
    }

    @Test
    void theHistoryOfAKindIsBoundedInBytesToo() {
        ApiObject object =
                client.create(
                        Resource.CONFIG_MAPS,
                        ApiObject.named(Resource.CONFIG_MAPS, "default", "large"));
        client.list(Resource.CONFIG_MAPS, "default", ListOptions.ALL);
        String old = object.resourceVersion();
        for (int i = 0; i < 10; i++) {
            String text = Integer.toString(i).repeat(10_000);
            object =
                    client.update(
                            Resource.CONFIG_MAPS,
                            object.edit(t -> t.withObjectProperty("data").put("text", text)));
        }
        client.list(Resource.CONFIG_MAPS, "default", ListOptions.ALL);
        WatchOptions from = WatchOptions.from(old);
        assertThatThrownBy(() -> client.watch(Resource.CONFIG_MAPS, "default", from))
                .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.expired()).isTrue());
    }

    @Test
    void applyKeepsOwnersApart() {
        byte[] body =
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"a\":\"1\"}}"
                        .getBytes(StandardCharsets.UTF_8);
        byte[] other =
                "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"data\":{\"a\":\"2\"}}"
                        .getBytes(StandardCharsets.UTF_8);
        client.patch(
                Resource.CONFIG_MAPS,
                "default",
                "owned",
                new Patch(Patch.Type.APPLY, body, "one", false, ""));
        assertThatThrownBy(() ->
                        client.patch(
                                Resource.CONFIG_MAPS,
                                "default",
                                "owned",
                                new Patch(Patch.Type.APPLY, other, "two", false, "")))
                .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.conflict()).isTrue())
                .hasMessageContaining("conflict with \"one\"");
        ApiObject taken =
                client.patch(
                        Resource.CONFIG_MAPS,
                        "default",
                        "owned",
                        new Patch(Patch.Type.APPLY, other, "two", true, ""));
        assertThat(taken.text("/data/a")).isEqualTo("2");
    }

    @Test
    void twoWritersOfOneVersionCannotBothWin() {
        ApiObject made = client.create(Resource.CONFIG_MAPS, configMap("raced"));
        client.update(
                Resource.CONFIG_MAPS, made.edit(t -> t.withObjectProperty("data").put("n", "1")));
        assertThatThrownBy(() ->
                        client.update(
                                Resource.CONFIG_MAPS,
                                made.edit(t -> t.withObjectProperty("data").put("n", "2"))))
                .isInstanceOfSatisfying(ApiException.class, e -> assertThat(e.conflict()).isTrue());
    }

    @Test
    void applyingTheSameAgainWritesNothingThoughDefaultsCameToIt() {
        String policy =
                """
                {"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"again"},
                 "spec":{"podSelector":{},"ingress":[{"ports":[{"port":80}]}]}}\
                """;
        Patch apply =
                new Patch(
                        Patch.Type.APPLY,
                        policy.getBytes(StandardCharsets.UTF_8),
                        "tester",
                        false,
                        "");
        ApiObject first = client.patch(Resource.NETWORK_POLICIES, "default", "again", apply);
        Eventually.holds(
                "the clock shows another second",
                () ->
                        !Instant.now()
                                .truncatedTo(ChronoUnit.SECONDS)
                                .toString()
                                .equals(first.text("/metadata/managedFields/0/time")));
        ApiObject second = client.patch(Resource.NETWORK_POLICIES, "default", "again", apply);
        assertThat(first.text("/spec/ingress/0/ports/0/protocol")).isEqualTo("TCP");
        assertThat(second.resourceVersion()).isEqualTo(first.resourceVersion());
        assertThat(second).isEqualTo(first);
    }
}
