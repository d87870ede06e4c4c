package dev.kemudi.store;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Who waits until space up to a revision has been reclaimed on this node. Safe for use by many
 * threads.
 */
final class Compactions {
    private final ConcurrentSkipListMap<Long, CompletableFuture<Void>> waiting =
            new ConcurrentSkipListMap<>();

    CompletableFuture<Void> reclaimed(long revision) {
        return waiting.computeIfAbsent(revision, r -> new CompletableFuture<>());
    }

    /** Everything below {@code revision} is gone from this node. */
    void reached(long revision) {
        for (Map.Entry<Long, CompletableFuture<Void>> each = waiting.firstEntry();
                each != null && each.getKey() <= revision;
                each = waiting.firstEntry()) {
            waiting.remove(each.getKey());
            each.getValue().complete(null);
        }
    }

    /** The store closes: it is reclaimed after the next start. */
    void close() {
        waiting.values()
                .forEach(each ->
                        each.completeExceptionally(
                                new IllegalStateException(
                                        "the store closed before space was reclaimed; it goes on"
                                                + " at the next start")));
        waiting.clear();
    }
}
