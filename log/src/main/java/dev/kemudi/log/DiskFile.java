package dev.kemudi.log;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An open file of a {@link Disk}. */
public interface DiskFile extends Closeable {
    /** Reads at most what fits; -1 at the end of the file. */
    int read(ByteBuffer target, long position) throws IOException;

    /**
     * Writes a part or all of {@code source}; the number of bytes written, at least 1 unless the
     * source is empty.
     */
    int write(ByteBuffer source, long position) throws IOException;

    /**
     * Returns when all content written before is on stable storage; after a failure nothing is
     * known about it.
     */
    void force() throws IOException;

    long size() throws IOException;

    /** Cuts off what lies beyond. */
    void truncate(long size) throws IOException;

    /** Writes all of {@code source}. */
    default void writeFully(ByteBuffer source, long position) throws IOException {
        long at = position;
        while (source.hasRemaining()) {
            at += write(source, at);
        }
    }
}
