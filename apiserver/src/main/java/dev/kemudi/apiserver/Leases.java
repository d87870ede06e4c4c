package dev.kemudi.apiserver;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.Status;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Store;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Store leases for objects that disappear by themselves. Objects of the same minute share one
 * lease: a lease each would cost more than the events they carry. An object may live a minute
 * longer than asked, never shorter.
 */
final class Leases {
    private static final long SHARED_MILLIS = 60_000;

    private record Shared(long id, long untilMillis) {}

    private final Store store;
    private final TimeSource time;
    private final Map<Long, Shared> byTimeToLive = new HashMap<>();

    Leases(Store store, TimeSource time) {
        this.store = store;
        this.time = time;
    }

    /**
     * @return 0 for objects that stay
     */
    synchronized long leaseFor(OptionalLong timeToLiveSeconds) {
        if (timeToLiveSeconds.isEmpty() || timeToLiveSeconds.getAsLong() <= 0) {
            return 0;
        }
        long seconds = timeToLiveSeconds.getAsLong();
        Shared shared = byTimeToLive.get(seconds);
        long now = time.nanoTime() / 1_000_000;
        if (shared == null || now >= shared.untilMillis()) {
            Answer answer = Storage.await(store.leaseGrant(0, seconds + SHARED_MILLIS / 1_000));
            if (!(answer instanceof Answer.LeaseGranted granted)) {
                throw new ApiException(
                        Status.of(500, "InternalError", "the store grants no lease: " + answer));
            }
            shared = new Shared(granted.id(), now + SHARED_MILLIS);
            byTimeToLive.put(seconds, shared);
        }
        return shared.id();
    }
}
