package dev.kemudi.store;

import java.util.List;

/** An open watch. */
public interface Watcher extends AutoCloseable {
    /**
     * What a watch delivers; called by one thread at a time, in revision order. It must not block
     * for long.
     */
    interface Listener {
        /**
         * All events of one or more whole revisions, in order: one revision is never split over two
         * calls.
         *
         * @param revision every event up to here that matches has now been delivered
         */
        void events(List<Event> events, long revision);

        /**
         * As {@link #events(List, long)}, with what other watches were made of the same events; a
         * listener implements the one or the other.
         */
        default void events(EventBatch batch) {
            events(batch.events(), batch.revision());
        }

        /**
         * Offers events on the thread that serves all watches: it must neither block nor take long.
         * Who cannot take them now returns false, and gets them on a thread of its own, where it
         * may block. While they are offered the store holds no lock.
         *
         * @return whether they were taken
         */
        default boolean offer(EventBatch batch) {
            return false;
        }

        /**
         * Nothing matched up to {@code revision}: an answer to {@link Watcher#requestProgress()}.
         */
        void progress(long revision);

        /**
         * The watch is over.
         *
         * @param compactRevision above 0: the start (or the place a slow watcher had reached) was
         *     compacted
         */
        void ended(long compactRevision);
    }

    /**
     * @param previous at most one: the state before, when asked for and there was one
     */
    record Event(Type type, KeyValue kv, List<KeyValue> previous) {}

    enum Type {
        PUT,
        DELETE
    }

    /** Asks for {@link Listener#progress} at the revision up to which this watch is complete. */
    void requestProgress();

    /** Ends the watch; afterwards the listener is not called again. */
    @Override
    void close();
}
