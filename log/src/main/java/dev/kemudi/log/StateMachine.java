package dev.kemudi.log;

import java.util.List;

/**
 * What a log drives. Deterministic: the same entries in the same order give the same state and the
 * same answers on every machine, so {@link #apply} reads no clock, no random source and nothing
 * outside its own state.
 *
 * @param <R> the answer to one command
 */
public interface StateMachine<R> {
    /**
     * Index of the last entry whose effects would survive a crash now; replay starts right after
     * it. Called at start, and by the log to learn how far it may truncate.
     */
    long durableIndex();

    /**
     * Applies committed entries in order; called by one thread only. A command that is refused by
     * its own rules is an answer {@code R}, not an exception: an exception here means a bug and
     * stops the log.
     *
     * @return one answer per entry, in order
     */
    List<R> apply(List<LogEntry> entries);

    /**
     * Makes everything applied so far durable; afterwards {@link #durableIndex()} is the last
     * applied index.
     */
    void flush();
}
