package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions.Propagation;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Deletes the objects of a definition that is being deleted, waits for those that finalizers hold,
 * and then lets the definition go. One virtual thread per deleted definition, for as long as that
 * takes.
 */
final class CustomResourceCleanup implements AutoCloseable {
    private static final System.Logger LOG =
            System.getLogger(CustomResourceCleanup.class.getName());
    private static final String MANAGER = "customresource-finalizer";

    private final Core core;
    private final Set<String> running = ConcurrentHashMap.newKeySet();
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    CustomResourceCleanup(Core core) {
        this.core = core;
    }

    void begin(ApiObject crd) {
        if (!crd.finalizers().contains(CustomResources.CLEANUP) || !running.add(crd.uid())) {
            return;
        }
        threads.add(
                Thread.ofVirtual()
                        .name("crd-cleanup-" + crd.name())
                        .start(() -> {
                            try {
                                clean(crd);
                                release(crd);
                            } catch (InterruptedException e) {
                                Thread.currentThread()
                                        .interrupt(); // the server stops; its next start begins
                                // again
                            } catch (ApiException e) {
                                if (!e.notFound()) {
                                    LOG.log(
                                            Level.WARNING,
                                            "cleaning up after "
                                                    + crd.name()
                                                    + " failed: "
                                                    + e.getMessage());
                                }
                            } finally {
                                running.remove(crd.uid());
                                threads.remove(Thread.currentThread());
                            }
                        }));
    }

    private void clean(ApiObject crd) throws InterruptedException {
        Optional<Kind> served =
                core.registry().any(crd.text("/spec/group"), crd.text("/spec/names/plural"));
        if (served.isEmpty()) {
            return;
        }
        Kind kind = served.get();
        kind.cache().awaitFresh();
        WatchFeed feed = kind.cache().watch(new WatchFilter("", object -> true), -1);
        try {
            while (!core.reads().list(kind, "", ListOptions.ALL.page(1, "")).items().isEmpty()
                    && !feed.ended()) {
                Notice notice = feed.poll(core.limits().bookmarkMillis());
                if (notice != null
                        && notice.type() != Notice.Type.DELETED
                        && !notice.object().deleting()) {
                    delete(kind, notice.object());
                }
            }
        } finally {
            feed.close();
        }
    }

    private void delete(Kind kind, ApiObject object) {
        Deletes.Request request =
                new Deletes.Request(
                        Optional.of(Propagation.BACKGROUND),
                        OptionalLong.empty(),
                        "",
                        "",
                        false,
                        WriteOptions.of(MANAGER));
        try {
            core.deletes().delete(kind, object.namespace(), object.name(), request);
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
    }

    private void release(ApiObject crd) {
        Kind definitions = core.registry().get(Resource.CUSTOM_RESOURCE_DEFINITIONS);
        core.writes()
                .replace(
                        definitions,
                        "",
                        crd.name(),
                        "",
                        "",
                        old -> {
                            ObjectNode tree = old.tree().deepCopy();
                            ArrayNode kept = tree.arrayNode();
                            for (JsonNode finalizer : tree.path("metadata").path("finalizers")) {
                                if (!finalizer.asText().equals(CustomResources.CLEANUP)) {
                                    kept.add(finalizer);
                                }
                            }
                            ObjectMeta.of(tree).set("finalizers", kept);
                            return tree;
                        },
                        WriteOptions.of(MANAGER));
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
    }
}
