package dev.kemudi.store;

import java.util.SortedMap;

/**
 * A small named set of rows beside the keys: who may do what, who belongs to the cluster, what is
 * wrong. It is replicated like keys, has no history, cannot be watched by clients, and lies in
 * memory whole. Changed by {@link Store#change} with compare-and-set on its revision.
 *
 * @param revision how often it was changed; 0: never
 */
public record Area(String name, long revision, SortedMap<Bytes, Bytes> rows) {}
