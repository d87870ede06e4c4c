package dev.kemudi.store;

/**
 * One moment of the state, unchanged by later writes; whoever took it closes it. Safe for use by
 * many threads.
 */
interface View extends Rows, AutoCloseable {
    Mark mark();

    @Override
    void close();
}
