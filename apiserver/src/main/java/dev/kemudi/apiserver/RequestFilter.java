package dev.kemudi.apiserver;

import dev.kemudi.api.Status;
import java.util.Optional;

/**
 * Stands before every request over HTTP, for tests of clients that need a server which is slow or
 * refuses. Safe for use by many threads.
 */
@FunctionalInterface
public interface RequestFilter {
    /**
     * Lets a request pass, or says what it is answered instead. Called on the request's own thread,
     * so it may wait.
     */
    Optional<Status> refusal(Request request) throws InterruptedException;

    /**
     * What is known before anything is looked at.
     *
     * @param verb as in metrics: get, list, watch, create, update, patch, delete, deletecollection
     * @param resource plural and group, such as {@code deployments.apps}; "other" when it is about
     *     no object
     * @param path as it came, undecoded
     * @param resourceVersion the parameter of that name; empty when there is none
     */
    record Request(String verb, String resource, String path, String resourceVersion) {}
}
