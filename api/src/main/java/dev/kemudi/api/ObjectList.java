package dev.kemudi.api;

import java.util.List;

/**
 * One page of a list.
 *
 * @param resourceVersion the revision this list is a snapshot of; a watch from here misses nothing
 * @param continueToken asks for the next page, empty on the last
 */
public record ObjectList(List<ApiObject> items, String resourceVersion, String continueToken) {}
