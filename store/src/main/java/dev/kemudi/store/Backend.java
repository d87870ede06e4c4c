package dev.kemudi.store;

import java.util.function.UnaryOperator;

/** Keeps the rows. Writers are serialised inside; views are taken without waiting for them. */
interface Backend extends AutoCloseable {
    /** The newest state. */
    View view();

    /** Writes {@code changes} and the new mark as one; {@link #view} shows both or neither. */
    void write(Changes changes, UnaryOperator<Mark> mark);

    /** After return, what was written before the call survives a crash. */
    void flush();

    /** The applied index that would survive a crash now. */
    long durableIndex();

    long bytesOnDisk();

    @Override
    void close();
}
