package dev.kemudi.controller;

/**
 * What this module may hold at most.
 *
 * @param queueEvents 4_096: what one reflector may have read ahead of its cache; then the watch
 *     waits, and the server cuts it off if it waits too long
 * @param batchEvents 1_000: what the cache takes in under one lock; readers wait about a
 *     millisecond for it
 * @param handlerPendingEvents 1_024: what waits for one handler in full; beyond, waiting events are
 *     folded to one per object, so that a handler that falls behind holds at most one event per
 *     object it knows
 * @param listPageObjects 500: one page of a paged list over the wire, as client-go asks
 * @param workQueueKeys 100_000: distinct keys waiting in one work queue; a handler that adds more
 *     waits
 * @param recorderPendingEvents 1_000: Events not yet written; more are dropped and counted, for
 *     recording never blocks
 * @param recorderRememberedEvents 4_096: Events whose repetition is counted in place instead of
 *     written anew
 * @param responseBytesMax 268_435_456: one answer read over HTTP; a full list of 100,000 pods is
 *     about 200 MB
 */
public record Limits(
        int queueEvents,
        int batchEvents,
        int handlerPendingEvents,
        int listPageObjects,
        int workQueueKeys,
        int recorderPendingEvents,
        int recorderRememberedEvents,
        int responseBytesMax) {
    public static Limits defaults() {
        return new Limits(4_096, 1_000, 1_024, 500, 100_000, 1_000, 4_096, 268_435_456);
    }
}
