package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Log;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * How old what is read here may be. A barrier that was asked for at some moment proves, once it is
 * reached, that all that had been committed by that moment can be read here; so reads may be as old
 * as the time since then, by this node's monotonic clock alone. Safe for use by many threads.
 */
final class Freshness {
    private final Log<?> log;
    private final TimeSource time;

    /** When the newest barrier that was reached was asked for; a race may only set it too early. */
    private volatile long provenNanos;

    private volatile boolean proven;

    Freshness(Log<?> log, TimeSource time) {
        this.log = log;
        this.time = time;
    }

    CompletableFuture<Long> barrier() {
        if (log.quorum().isEmpty()) {
            return log.readBarrier();
        }
        long asked = time.nanoTime();
        return log.readBarrier()
                .thenApply(index -> {
                    if (!proven || asked - provenNanos > 0) {
                        provenNanos = asked;
                        proven = true;
                    }
                    return index;
                });
    }

    /** Whether what is read now is at most so old, without asking anybody. */
    boolean within(Duration bound) {
        return staleness().compareTo(bound) <= 0;
    }

    /** Nothing is old where there are no others; before the first barrier nothing is known. */
    Duration staleness() {
        if (log.quorum().isEmpty()) {
            return Duration.ZERO;
        }
        return proven ? Duration.ofNanos(time.nanoTime() - provenNanos) : Store.STALENESS_UNKNOWN;
    }
}
