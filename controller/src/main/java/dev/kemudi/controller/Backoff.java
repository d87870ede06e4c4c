package dev.kemudi.controller;

import java.util.random.RandomGenerator;

/**
 * How long to wait after the n-th failure in a row: doubling, bounded, with jitter so that many who
 * failed together do not come back together. A long enough peace resets it. Used by one thread.
 */
final class Backoff {
    /** client-go's reflector: 0.8 s doubling to 30 s, jitter 1.0, reset after two minutes. */
    static Backoff reflector(RandomGenerator random) {
        return new Backoff(800, 30_000, 120_000, random);
    }

    private final long firstMillis;
    private final long mostMillis;
    private final long resetMillis;
    private final RandomGenerator random;
    private long nextMillis;
    private long lastNanos;

    Backoff(long firstMillis, long mostMillis, long resetMillis, RandomGenerator random) {
        this.firstMillis = firstMillis;
        this.mostMillis = mostMillis;
        this.resetMillis = resetMillis;
        this.random = random;
        this.nextMillis = firstMillis;
    }

    /** Between once and twice the step that has been reached. */
    long nextMillis(long nowNanos) {
        if (lastNanos != 0 && nowNanos - lastNanos > resetMillis * 1_000_000) {
            nextMillis = firstMillis;
        }
        lastNanos = nowNanos;
        long step = nextMillis;
        nextMillis = Math.min(step * 2, mostMillis);
        return step + random.nextLong(step + 1);
    }
}
