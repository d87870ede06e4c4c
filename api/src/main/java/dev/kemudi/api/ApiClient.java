package dev.kemudi.api;

import java.util.Optional;

/**
 * The Kubernetes API as Java calls. In process the objects are the server's own trees, shared
 * without copies; over HTTP they are parsed once. All calls block (use virtual threads) and throw
 * {@link ApiException} when the API says no. Safe for use by many threads.
 */
public interface ApiClient {
    /**
     * Reads one object.
     *
     * @throws ApiException {@code NotFound} when there is no such object
     */
    ApiObject get(Resource resource, String namespace, String name);

    /**
     * Reads what {@code options} select, a page of it when they set a limit.
     *
     * @param namespace empty for all namespaces
     */
    ObjectList list(Resource resource, String namespace, ListOptions options);

    /**
     * Opens a watch.
     *
     * @param namespace empty for all namespaces
     * @throws ApiException 410 when {@code options.resourceVersion()} is compacted (or as a Failed
     *     event)
     */
    WatchStream watch(Resource resource, String namespace, WatchOptions options);

    /**
     * Creates {@code object}, with a name made from {@code metadata.generateName} when it has none.
     */
    ApiObject create(Resource resource, ApiObject object);

    /**
     * Posts to a part of an object that answers with an object of its own, such as {@code token} of
     * a ServiceAccount.
     *
     * @throws ApiException {@code NotFound} when there is no such object or no such part of it
     */
    ApiObject create(
            Resource resource, String namespace, String name, String subresource, ApiObject body);

    /**
     * Replaces everything but status. A resourceVersion in {@code object} must be the stored one.
     */
    ApiObject update(Resource resource, ApiObject object);

    /** Replaces status only. A resourceVersion in {@code object} must be the stored one. */
    ApiObject updateStatus(Resource resource, ApiObject object);

    ApiObject patch(Resource resource, String namespace, String name, Patch patch);

    /**
     * Deletes one object, or begins to.
     *
     * @return the object as it stands when finalizers or a grace period still hold it; empty when
     *     it is gone
     */
    Optional<ApiObject> delete(
            Resource resource, String namespace, String name, DeleteOptions options);

    /** {@link #get} with absence as an answer. */
    default Optional<ApiObject> find(Resource resource, String namespace, String name) {
        try {
            return Optional.of(get(resource, namespace, name));
        } catch (ApiException e) {
            if (e.notFound()) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
