package dev.kemudi.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Reads one segment from front to back through a window that slides over the file. */
final class SegmentScan {
    private static final int WINDOW_BYTES = 1 << 20;

    private final DiskFile file;
    private final long logId;
    private final long size;
    private ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES).limit(0);
    private long windowStart;
    private long offset = Header.BYTES;

    SegmentScan(DiskFile file, long logId) throws IOException {
        this.file = file;
        this.logId = logId;
        size = file.size();
    }

    /**
     * The record at the present offset, which moves on; null, without moving, when the expected one
     * is not there.
     */
    @Nullable LogEntry next(long expectedIndex) throws IOException {
        int start = valid(offset);
        if (start < 0 || Frame.index(window, start) != expectedIndex) {
            return null;
        }
        offset += Frame.PREFIX_BYTES + window.getInt(start + 4);
        return Frame.read(window, start);
    }

    /** Where the next record would begin. */
    long offset() {
        return offset;
    }

    long size() {
        return size;
    }

    /**
     * Whether a record beyond the present offset proves that the one expected here had been synced.
     */
    OptionalLong laterBatch(long expectedIndex) throws IOException {
        for (long at = offset; at + Frame.FIXED_BYTES <= size; at++) {
            at = nextMagic(at);
            int start = at < 0 ? -1 : valid(at);
            if (at < 0) {
                return OptionalLong.empty();
            }
            if (start >= 0
                    && Frame.index(window, start) > expectedIndex
                    && Frame.batchStart(window, start) > expectedIndex) {
                return OptionalLong.of(at);
            }
        }
        return OptionalLong.empty();
    }

    /** Last byte that is not zero, plus one: what the tail really holds. */
    long usedBytes() throws IOException {
        long used = offset;
        for (long at = offset; at < size; ) {
            int start = load(at, 1);
            while (start < window.limit()) {
                if (window.get(start++) != 0) {
                    used = at + 1;
                }
                at++;
            }
        }
        return used;
    }

    private long nextMagic(long from) throws IOException {
        for (long at = from; at + Frame.FIXED_BYTES <= size; ) {
            int start = load(at, 4);
            int last = window.limit() - 4;
            for (; start <= last; start++, at++) {
                if (window.get(start) == (byte) (Frame.MAGIC >>> 24)
                        && window.getInt(start) == Frame.MAGIC) {
                    return at;
                }
            }
        }
        return -1;
    }

    /** Position in the window of a whole record at {@code at} with the right checksum, or -1. */
    private int valid(long at) throws IOException {
        long room = size - at - Frame.PREFIX_BYTES;
        if (room < Frame.FIXED_BYTES - Frame.PREFIX_BYTES) {
            return -1;
        }
        int start = load(at, Frame.FIXED_BYTES);
        int length = window.getInt(start + 4);
        if (!Frame.plausible(window.getInt(start), length, room)) {
            return -1;
        }
        start = load(at, Frame.PREFIX_BYTES + length);
        int traceBytes = window.getShort(start + 44) & 0xffff;
        boolean right =
                traceBytes <= length - (Frame.FIXED_BYTES - Frame.PREFIX_BYTES)
                        && window.getInt(start + 8) == Frame.checksum(window, start, length, logId);
        return right ? start : -1;
    }

    /**
     * Makes {@code length} bytes from {@code at}, which must exist, present; their position in the
     * window.
     */
    private int load(long at, int length) throws IOException {
        if (at < windowStart || at + length > windowStart + window.limit()) {
            if (window.capacity() < length) {
                window = ByteBuffer.allocate(length);
            }
            windowStart = at;
            window.clear().limit((int) Math.min(window.capacity(), size - at));
            while (window.hasRemaining() && file.read(window, at + window.position()) > 0) {
                // A read may be short.
            }
            if (window.hasRemaining()) {
                throw new IOException("the file became shorter while it was read");
            }
            window.flip();
        }
        return (int) (at - windowStart);
    }
}
