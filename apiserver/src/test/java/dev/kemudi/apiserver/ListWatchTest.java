package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectList;
import dev.kemudi.api.Resource;
import dev.kemudi.api.WatchEvent;
import dev.kemudi.api.WatchOptions;
import dev.kemudi.api.WatchStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every informer relies on, over seeded histories: a list at R and the watch from R make the
 * list at R′, whatever the selector, whatever the pages.
 */
final class ListWatchTest {
    private static final long SEED = Long.getLong("kemudi.seed", 20_261_123L);
    private static final int SEEDS = Integer.getInteger("kemudi.listwatch.seeds", 2);
    private static final int WRITES = 80;
    private static final int OBJECTS = 12;
    private static final List<String> TIERS = List.of("", "a", "b", "c");
    private static final List<String> SELECTORS =
            List.of("", "tier=a", "tier!=b", "tier in (a,b)", "tier notin (a,c)", "!tier", "tier");

    @TempDir static Path pki;

    private static RunningServer running;
    private static ApiClient client;
    private static Https https;

    @BeforeAll
    static void start() {
        running = new RunningServer(pki, Limits.defaults(), 0);
        client = running.server.client("tester");
        https = Https.admin(pki, running.server.port());
    }

    @AfterAll
    static void stop() {
        https.close();
        running.close();
    }

    /** A watch, and what its client believes to be there. */
    private record Informed(String selector, WatchStream watch, Map<String, String> believed) {}

    @Test
    void aListAndTheWatchFromThereMakeTheNextListForEverySelector() throws InterruptedException {
        for (long seed = SEED; seed < SEED + SEEDS; seed++) {
            Random random = new Random(seed);
            String namespace = namespace("watched-" + seed);
            write(random, namespace, WRITES);
            List<Informed> informed = new ArrayList<>();
            for (String selector : SELECTORS) {
                ObjectList list = paged(namespace, selector, 1 + random.nextInt(4), () -> {});
                informed.add(
                        new Informed(
                                selector,
                                client.watch(
                                        Resource.CONFIG_MAPS,
                                        namespace,
                                        watching(selector, list.resourceVersion())),
                                versions(list.items())));
                write(random, namespace, random.nextInt(20)); // lists and watches begin apart
            }
            write(random, namespace, WRITES);
            for (Informed one : informed) {
                follow(one);
                assertThat(one.believed())
                        .as("seed %d, selector \"%s\"", seed, one.selector())
                        .isEqualTo(versions(paged(namespace, one.selector(), 0, () -> {}).items()));
            }
        }
    }

    @Test
    void pagesAreOfOneRevisionWhateverIsWrittenBetweenThem() {
        for (long seed = SEED; seed < SEED + SEEDS; seed++) {
            Random random = new Random(seed);
            String namespace = namespace("paged-" + seed);
            write(random, namespace, WRITES);
            for (String selector : SELECTORS) {
                ObjectList pages =
                        paged(
                                namespace,
                                selector,
                                1 + random.nextInt(4),
                                () -> write(random, namespace, 3));
                assertThat(versions(pages.items()))
                        .as("seed %d, selector \"%s\"", seed, selector)
                        .isEqualTo(exactly(namespace, selector, pages.resourceVersion()));
            }
        }
    }

    private static String namespace(String name) {
        client.create(Resource.NAMESPACES, ApiObject.named(Resource.NAMESPACES, "", name));
        return name;
    }

    private static WatchOptions watching(String selector, String version) {
        // Ends after a second, with everything queued delivered: that is how we know to have it
        // all.
        return new WatchOptions(selector, "", version, false, 1, false);
    }

    private static void write(Random random, String namespace, int writes) {
        for (int i = 0; i < writes; i++) {
            String name = "o-" + random.nextInt(OBJECTS);
            String tier = TIERS.get(random.nextInt(TIERS.size()));
            Optional<ApiObject> there = client.find(Resource.CONFIG_MAPS, namespace, name);
            if (there.isEmpty()) {
                ApiObject fresh = ApiObject.named(Resource.CONFIG_MAPS, namespace, name);
                client.create(Resource.CONFIG_MAPS, labelled(fresh, tier, i));
            } else if (random.nextInt(4) == 0) {
                client.delete(Resource.CONFIG_MAPS, namespace, name, DeleteOptions.BACKGROUND);
            } else {
                client.update(Resource.CONFIG_MAPS, labelled(there.get(), tier, i));
            }
        }
    }

    private static ApiObject labelled(ApiObject object, String tier, int value) {
        return object.edit(tree -> {
            var labels = tree.withObject("/metadata/labels");
            labels.removeAll();
            if (!tier.isEmpty()) {
                labels.put("tier", tier);
            }
            tree.withObject("/data").put("n", "v" + value);
        });
    }

    /** All pages as one list; {@code between} runs after each but the last. */
    private static ObjectList paged(
            String namespace, String selector, int limit, Runnable between) {
        List<ApiObject> items = new ArrayList<>();
        ListOptions options = ListOptions.labels(selector).page(limit, "");
        ObjectList page = client.list(Resource.CONFIG_MAPS, namespace, options);
        String version = page.resourceVersion();
        items.addAll(page.items());
        while (!page.continueToken().isEmpty()) {
            between.run();
            page =
                    client.list(
                            Resource.CONFIG_MAPS,
                            namespace,
                            options.page(limit, page.continueToken()));
            assertThat(page.resourceVersion()).isEqualTo(version);
            items.addAll(page.items());
        }
        return new ObjectList(items, version, "");
    }

    private static Map<String, String> exactly(String namespace, String selector, String version) {
        Map<String, String> versions = new TreeMap<>();
        https.get(
                        "/api/v1/namespaces/"
                                + namespace
                                + "/configmaps?resourceVersionMatch=Exact&resourceVersion="
                                + version
                                + "&labelSelector="
                                + URLEncoder.encode(selector, StandardCharsets.UTF_8))
                .body()
                .path("items")
                .forEach(o ->
                        versions.put(
                                o.at("/metadata/name").asText(),
                                o.at("/metadata/resourceVersion").asText()));
        return versions;
    }

    private static Map<String, String> versions(List<ApiObject> objects) {
        Map<String, String> versions = new TreeMap<>();
        objects.forEach(o -> versions.put(o.name(), o.resourceVersion()));
        return versions;
    }

    private static void follow(Informed informed) throws InterruptedException {
        Map<String, String> believed = informed.believed();
        try (WatchStream watch = informed.watch()) {
            for (var next = watch.next(); next.isPresent(); next = watch.next()) {
                switch (next.get()) {
                    case WatchEvent.Added e ->
                            assertThat(
                                            believed.put(
                                                    e.object().name(),
                                                    e.object().resourceVersion()))
                                    .as("what is added was not there")
                                    .isNull();
                    case WatchEvent.Modified e ->
                            assertThat(
                                            believed.put(
                                                    e.object().name(),
                                                    e.object().resourceVersion()))
                                    .as("what is modified was there")
                                    .isNotNull();
                    case WatchEvent.Deleted e ->
                            assertThat(believed.remove(e.object().name()))
                                    .as("what is deleted was there")
                                    .isNotNull();
                    case WatchEvent.Bookmark e -> throw new AssertionError("nobody asked for " + e);
                    case WatchEvent.Failed e -> throw new AssertionError(e);
                }
            }
        }
    }
}
