package dev.kemudi.log;

import java.io.IOException;
import java.nio.file.Path;
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

    /**
     * The term of the entry at {@link #durableIndex()}; needed only by logs with peers.
     *
     * @return 0 when nothing was applied yet
     */
    default long durableTerm() {
        return 0;
    }

    /**
     * Writes a consistent copy of everything applied so far to {@code directory}, which does not
     * exist yet and is on the machine's own disk. May run beside {@link #apply}; cheap (hard
     * links).
     *
     * @return the index and term up to which the copy goes
     */
    default Copied checkpoint(Path directory) throws IOException {
        throw new UnsupportedOperationException("this machine cannot be copied");
    }

    /**
     * Replaces everything with what {@link #checkpoint} wrote to {@code directory}, here or on
     * another node. Called while no {@link #apply} runs; readers see the old state or the new,
     * never a mixture, and watches are told.
     */
    default void install(Path directory) throws IOException {
        throw new UnsupportedOperationException("this machine cannot be replaced");
    }

    /**
     * Answers a question that only the leader can, without an entry. May run beside {@link #apply}
     * and on any thread; must not block.
     */
    default byte[] answer(byte[] question) {
        throw new UnsupportedOperationException("this machine answers no questions");
    }

    /** Told whenever leadership moves, and once at the start; runs on a thread of the log. */
    default void standingChanged(Standing now) {}

    /** Up to where a copy goes. */
    record Copied(long index, long term) {}
}
