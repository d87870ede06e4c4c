package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Controller;
import dev.kemudi.controller.Reconciler;
import dev.kemudi.controller.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/** Empties a namespace that is being deleted, whatever kinds live in it, and then lets it go. */
final class NamespaceContent implements Reconciler {
    private static final String FINALIZER = "kubernetes";

    private final Floor floor;
    private final Monitors monitors;

    private NamespaceContent(Floor floor, Monitors monitors) {
        this.floor = floor;
        this.monitors = monitors;
    }

    static Controller controller(Floor floor, Monitors monitors) {
        Controller controller =
                floor.controller("namespace", new NamespaceContent(floor, monitors))
                        .watches(
                                floor.namespaces,
                                namespace ->
                                        namespace.deleting()
                                                ? List.of(namespace.key())
                                                : List.of());
        monitors.listen(
                new Monitors.Listener() {
                    @Override
                    public void changed(Resource resource, ApiObject object) {}

                    @Override
                    public void deleted(Resource resource, ApiObject last) {
                        ObjectKey namespace = new ObjectKey("", last.namespace());
                        if (floor.namespaces
                                .get(namespace)
                                .filter(ApiObject::deleting)
                                .isPresent()) {
                            controller.queue().addAfter(namespace, 0);
                        }
                    }
                });
        return controller;
    }

    @Override
    public Result reconcile(ObjectKey key) {
        Optional<ApiObject> found = floor.client.find(Resource.NAMESPACES, "", key.name());
        if (found.isEmpty() || !found.get().deleting() || !held(found.get())) {
            return Result.DONE;
        }
        List<Resource> kinds = monitors.served().stream().filter(Resource::namespaced).toList();
        StringJoiner remaining = new StringJoiner(", ");
        for (Resource kind : kinds) {
            int left = empty(kind, key.name());
            if (left > 0) {
                remaining.add(kind.qualifiedName() + ". has " + left + " resource instances");
            }
        }
        if (remaining.length() == 0) {
            release(found.get());
            return Result.DONE;
        }
        StatusWriter.write(
                floor.client,
                Resource.NAMESPACES,
                found.get(),
                status(found.get(), remaining.toString()));
        return Result.after(floor.limits.namespaceRetryMillis()); // deletions bring it back sooner
    }

    private static boolean held(ApiObject namespace) {
        for (var finalizer : namespace.at("/spec/finalizers")) {
            if (finalizer.asText().equals(FINALIZER)) {
                return true;
            }
        }
        return false;
    }

    /** Deletes all of one kind; how many are still there. */
    private int empty(Resource kind, String namespace) {
        int left = 0;
        for (ApiObject object : all(kind, namespace)) {
            try {
                if (object.deleting()
                        || floor.client
                                .delete(
                                        kind,
                                        namespace,
                                        object.name(),
                                        DeleteOptions.ofUid(object.uid()))
                                .isPresent()) {
                    left++;
                }
            } catch (ApiException e) {
                if (!e.notFound() && !e.conflict()) {
                    throw e;
                }
                left += e.conflict() ? 1 : 0;
            }
        }
        return left;
    }

    private List<ApiObject> all(Resource kind, String namespace) {
        try {
            return new ArrayList<>(floor.client.list(kind, namespace, ListOptions.ALL).items());
        } catch (ApiException e) {
            if (e.notFound()) {
                return List.of(); // the kind itself is gone
            }
            throw e;
        }
    }

    private ObjectNode status(ApiObject namespace, String remaining) {
        var status = ((ObjectNode) namespace.at("/status")).deepCopy();
        Conditions.PLAIN.replace(
                status,
                "NamespaceContentRemaining",
                "True",
                "SomeResourcesRemain",
                "Some resources are remaining: " + remaining,
                floor.timestamp());
        return status;
    }

    private void release(ApiObject namespace) {
        try {
            floor.client.update(
                    Resource.NAMESPACES,
                    namespace.edit(tree -> {
                        var kept = tree.arrayNode();
                        tree.at("/spec/finalizers")
                                .forEach(f -> {
                                    if (!f.asText().equals(FINALIZER)) {
                                        kept.add(f);
                                    }
                                });
                        tree.withObjectProperty("spec").set("finalizers", kept);
                    }));
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
    }
}
