package dev.kemudi.log;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A file of consecutive records. The last segment of a log is open for appending; the others are
 * only counted.
 */
final class Segment {
    static final String SUFFIX = ".log";
    static final String PREPARED = "prepared.tmp";

    private final String name;
    private final long firstIndex;
    private final DiskFile file;
    private long position;
    private long bytes;

    /**
     * @param bytes of the file, filled ahead or not
     */
    Segment(String name, long firstIndex, DiskFile file, long position, long bytes) {
        this.name = name;
        this.firstIndex = firstIndex;
        this.file = file;
        this.position = position;
        this.bytes = bytes;
    }

    static String nameOf(long firstIndex) {
        return "%020d%s".formatted(firstIndex, SUFFIX);
    }

    /**
     * The batch is durable when this returns; when it throws, call {@link #erase} before anything
     * else.
     */
    void append(ByteBuffer batch) throws IOException {
        file.writeFully(batch, position);
    }

    void force() throws IOException {
        file.force();
    }

    void moveOn(int appendedBytes) {
        position += appendedBytes;
        bytes = Math.max(bytes, position);
    }

    /** Removes for good what a failed append may have left behind the last whole batch. */
    void erase() throws IOException {
        file.truncate(position);
        file.force();
        bytes = position;
    }

    boolean fits(int batchBytes, long segmentBytes) {
        return position + batchBytes <= segmentBytes || position == Header.BYTES;
    }

    String name() {
        return name;
    }

    long firstIndex() {
        return firstIndex;
    }

    long position() {
        return position;
    }

    long bytes() {
        return bytes;
    }

    void close() throws IOException {
        file.close();
    }
}
