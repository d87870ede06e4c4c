package dev.kemudi.workloads;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.controller.Informer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Whether a cache already shows what this controller itself wrote for a key; until it does,
 * counting from it would create or delete twice. Kubernetes counts expected events; here one
 * revision orders all writes, so "the cache has reached my last write" says it all, and cannot
 * leak. Safe for use by many threads, one at a time per key.
 */
final class Freshness {
    private record Written(String revision, Set<String> deletedUids) {}

    private final Informer informer;
    private final Map<ObjectKey, Written> written = new ConcurrentHashMap<>();

    Freshness(Informer informer) {
        this.informer = informer;
    }

    /** Notes that {@code stored} came out of a write made for {@code key}. */
    void wrote(ObjectKey key, ApiObject stored) {
        written.compute(
                key,
                (_, before) ->
                        new Written(
                                stored.resourceVersion(),
                                before == null ? new HashSet<>() : before.deletedUids));
    }

    /** Notes that {@code object} is gone already. */
    void deleted(ObjectKey key, ApiObject object) {
        written.computeIfAbsent(key, _ -> new Written("0", new HashSet<>()))
                .deletedUids
                .add(object.uid());
    }

    /** Whether the cache has caught up with everything written for {@code key}. */
    boolean caughtUp(ObjectKey key) {
        Written last = written.get(key);
        if (last == null) {
            return true;
        }
        String seen = informer.revision();
        if (!reached(seen, last.revision)) {
            return false;
        }
        if (informer.list(key.namespace()).stream()
                .anyMatch(o -> last.deletedUids.contains(o.uid()))) {
            return false;
        }
        written.remove(key);
        return true;
    }

    /** The key is gone for good. */
    void forget(ObjectKey key) {
        written.remove(key);
    }

    private static boolean reached(String seen, String wanted) {
        return Long.parseLong(seen) >= Long.parseLong(wanted);
    }
}
