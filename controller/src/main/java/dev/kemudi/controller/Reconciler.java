package dev.kemudi.controller;

import dev.kemudi.api.ObjectKey;

/** Makes the world look like what is declared under one key. */
@FunctionalInterface
public interface Reconciler {
    /**
     * Called by one thread at a time per key, with the newest state in the informers' caches. May
     * block.
     *
     * @throws Exception when it failed: the key comes back after a growing pause
     */
    Result reconcile(ObjectKey key) throws Exception;
}
