package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import java.util.List;
import java.util.Optional;

/**
 * What every namespaced write needs to know of namespaces. Their content is removed by a
 * controller.
 */
final class Namespaces {
    /** Exist from the first start on. */
    static final List<String> INITIAL =
            List.of("default", "kube-system", "kube-public", "kube-node-lease");

    private final Registry registry;
    private final Storage storage;

    Namespaces(Registry registry, Storage storage) {
        this.registry = registry;
        this.storage = storage;
    }

    /**
     * @throws ApiException 404 when {@code namespace} does not exist, 403 when it is going away
     */
    void admit(Resource resource, String namespace, String name) {
        Optional<Kind> kind = registry.any("", Resource.NAMESPACES.plural());
        if (kind.isEmpty()) {
            return; // a server without namespaces, such as one in a test of a single kind
        }
        if (namespace.isEmpty()) {
            throw new ApiException(
                    Status.badRequest("an empty namespace may not be set during creation"));
        }
        ApiObject found =
                storage.read(kind.get(), "", namespace)
                        .orElseThrow(() ->
                                new ApiException(Status.notFound(Resource.NAMESPACES, namespace)));
        if (found.deleting()) {
            Status status =
                    Status.forbidden(
                            resource,
                            name,
                            "unable to create new content in namespace "
                                    + namespace
                                    + " because it is being terminated");
            status.details()
                    .putArray("causes")
                    .addObject()
                    .put("reason", "NamespaceTerminating")
                    .put("message", "namespace " + namespace + " is being terminated")
                    .put("field", "metadata.namespace");
            throw new ApiException(status);
        }
    }

    static void markTerminating(Resource resource, ObjectNode tree) {
        if (resource.equals(Resource.NAMESPACES)) {
            tree.withObjectProperty("status").put("phase", "Terminating");
        }
    }

    /** Whether {@code tree} is a namespace with content finalizers. */
    static boolean holds(JsonNode tree) {
        return tree.path("kind").asText().equals("Namespace")
                && tree.path("apiVersion").asText().equals("v1")
                && !tree.path("spec").path("finalizers").isEmpty();
    }
}
