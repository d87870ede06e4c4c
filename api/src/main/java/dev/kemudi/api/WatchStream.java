package dev.kemudi.api;

import java.util.Optional;

/** An open watch. One thread reads; any thread may close. */
public interface WatchStream extends AutoCloseable {
    /**
     * Blocks for the next event; empty when the stream has ended (server time-out, close,
     * connection lost).
     *
     * @throws InterruptedException when the reading thread is interrupted
     */
    Optional<WatchEvent> next() throws InterruptedException;

    @Override
    void close();
}
