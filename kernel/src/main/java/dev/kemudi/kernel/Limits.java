package dev.kemudi.kernel;

/**
 * What the kernel's own structures may hold.
 *
 * @param subscriberEventsMax 1_024: a burst of a few hundred pod events fits several times; a
 *     slower reader is told to resync, which costs it one list
 * @param subscribersMax 4_096: each publish visits every subscriber, so this bounds the time a
 *     publisher spends
 * @param executorWaitersMax 10_000: callers blocked for a permit; each is one parked virtual thread
 *     of about 1 KiB
 * @param fanoutRunningMax 64: children of one fan-out that run at once; a fork beyond it waits for
 *     a free place
 * @param listenersMax 65_536: callbacks and children that one context holds; more means that
 *     someone forgets to close
 * @param retryAfterMillis 50: what a refused caller is told, about the time in which permits come
 *     back under load
 * @param closeMillis 5_000: what a closing executor or fan-out waits for tasks before and after
 *     interrupting them; half of the ten seconds in which the process must stop
 */
public record Limits(
        int subscriberEventsMax,
        int subscribersMax,
        int executorWaitersMax,
        int fanoutRunningMax,
        int listenersMax,
        int retryAfterMillis,
        int closeMillis) {
    static final Limits DEFAULTS = new Limits(1_024, 4_096, 10_000, 64, 65_536, 50, 5_000);

    public static Limits defaults() {
        return DEFAULTS;
    }
}
