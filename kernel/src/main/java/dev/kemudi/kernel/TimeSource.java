package dev.kemudi.kernel;

import java.time.Instant;

/**
 * Where time comes from. Everything that waits, expires or measures takes one of these, so that a
 * test can own time. Safe for use by many threads.
 */
public interface TimeSource {
    /** Monotonic; for durations only. */
    long nanoTime();

    /** Milliseconds since the epoch; may jump in either direction, so never measure with it. */
    long epochMillis();

    /**
     * Blocks for {@code millis} of this source's time.
     *
     * @throws InterruptedException when interrupted
     */
    void sleep(long millis) throws InterruptedException;

    /**
     * Has {@code listener} called, on the thread that moves it, each time this clock is moved by
     * other means than the passing of time; so that whoever waits for it elsewhere than in {@link
     * #sleep} looks again. The machine's own clock never calls.
     */
    default void addMoveListener(Runnable listener) {}

    /** Ends {@link #addMoveListener}. */
    default void removeMoveListener(Runnable listener) {}

    default Instant now() {
        return Instant.ofEpochMilli(epochMillis());
    }

    /** The machine's own clock. */
    static TimeSource system() {
        return SystemTimeSource.INSTANCE;
    }
}
