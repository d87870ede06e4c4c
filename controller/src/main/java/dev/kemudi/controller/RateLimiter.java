package dev.kemudi.controller;

import dev.kemudi.kernel.TimeSource;
import java.util.HashMap;
import java.util.Map;

/**
 * How long a failed key waits: its own exponential step, and for all keys together a token bucket;
 * the longer of the two. Guarded by its queue's lock. Source: client-go's default controller rate
 * limiter.
 */
final class RateLimiter<K> {
    static final long FIRST_MILLIS = 5;
    static final long MOST_MILLIS = 1_000_000;
    static final int BURST = 100;
    static final long TOKEN_NANOS = 100_000_000;

    private final TimeSource time;
    private final Map<K, Integer> failures = new HashMap<>();
    private long fullAtNanos;

    RateLimiter(TimeSource time) {
        this.time = time;
        this.fullAtNanos = time.nanoTime();
    }

    long nextDelayMillis(K key) {
        int failed = failures.merge(key, 1, Integer::sum) - 1;
        long own =
                failed >= Long.SIZE - 1 - Long.numberOfLeadingZeros(MOST_MILLIS / FIRST_MILLIS) + 1
                        ? MOST_MILLIS
                        : Math.min(MOST_MILLIS, FIRST_MILLIS << failed);
        return Math.max(own, bucketMillis());
    }

    /**
     * The bucket as the moment at which it will be full again: each token taken moves that moment
     * on.
     */
    private long bucketMillis() {
        long now = time.nanoTime();
        if (fullAtNanos - now < 0) {
            fullAtNanos = now;
        }
        fullAtNanos += TOKEN_NANOS;
        return Math.max(0, fullAtNanos - now - BURST * TOKEN_NANOS) / 1_000_000;
    }

    int failures(K key) {
        return failures.getOrDefault(key, 0);
    }

    void forget(K key) {
        failures.remove(key);
    }
}
