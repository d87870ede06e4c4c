package dev.kemudi.controller;

import dev.kemudi.api.ApiObject;

/**
 * Hears what happened to the objects of one informer. Calls come one at a time, in order, on a
 * thread that belongs to this handler; when one is made the informer's cache already shows what it
 * tells. A handler may block: only itself waits. What it throws is logged and counted, then the
 * next event follows.
 *
 * <p>A handler that falls far behind hears the newest state of each object instead of every state
 * in between.
 */
public interface EventHandler {
    /**
     * An object exists that this handler had not heard of.
     *
     * @param initial whether it existed before this handler came
     */
    default void onAdd(ApiObject object, boolean initial) {}

    /**
     * An object changed, or was deleted and made anew under its old name (then the uids differ), or
     * a resync came by (then both are the same).
     */
    default void onUpdate(ApiObject old, ApiObject now) {}

    /**
     * An object is gone.
     *
     * @param last its last known state
     * @param stateUnknown whether the deletion itself was missed, so that {@code last} may be older
     *     than the end
     */
    default void onDelete(ApiObject last, boolean stateUnknown) {}
}
