package dev.kemudi.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** Keeps the rows. Writers are serialised inside; views are taken without waiting for them. */
interface Backend extends AutoCloseable {
    /** The newest state. */
    View view();

    /** Writes {@code changes} and the new mark as one; {@link #view} shows both or neither. */
    void write(Changes changes, UnaryOperator<Mark> mark);

    /** After return, what was written before the call survives a crash. */
    void flush();

    /** The mark of the state that would survive a crash now. */
    Mark durable();

    default long durableIndex() {
        return durable().index();
    }

    long bytesOnDisk();

    /** Bytes of what is retained, without what lies on disk only because it was not yet removed. */
    long bytesInUse();

    /** Gives back to the disk what was removed; writers go on. */
    void defragment();

    /**
     * Writes a copy of one moment, not older than this call, to {@code directory}, which does not
     * exist yet; writers go on.
     *
     * @return the mark of that moment
     */
    Mark copyTo(Path directory) throws IOException;

    /**
     * Has the state of a copy in place of this one; views that are open stay as they are. Not
     * beside {@link #write} of the applier.
     */
    default void install(Path copy) throws IOException {
        throw new UnsupportedOperationException("this backend is one generation of a state");
    }

    @Override
    void close();
}
