package dev.kemudi.log;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/*
 * One record on disk
 * ------------------
 *     0 magic       4
 *     4 length      4   bytes after the checksum
 *     8 checksum    4   CRC-32C of the log's identity, the length and everything after this field
 *    12 index       8
 *    20 term        8
 *    28 timeMillis  8
 *    36 batchStart  8   index of the first record of the batch that one fsync made durable
 *    44 trace       2+n traceparent
 *       command     the rest
 *
 * Why batchStart: the pages of one unfinished write reach the disk in any order, so after a power loss a
 * whole record may follow a torn one. Both are of the same batch, which was never acknowledged, and are cut.
 * A whole record of a LATER batch proves that the torn one had been synced, so that is damage.
 *
 * Why the identity in the checksum: a command may hold anything, even a copy of a log, and the search for
 * later records looks at every offset.
 */
/** How a {@link LogEntry} lies on disk. */
final class Frame {
    static final int MAGIC = 0x4b_4c_4f_47;
    static final int PREFIX_BYTES = 12;
    static final int FIXED_BYTES = 46;
    static final int TRACE_BYTES_MAX = 512;

    private Frame() {}

    /** Upper bound of the bytes that a command will take. */
    static int bytesMax(byte[] command, String traceparent) {
        return FIXED_BYTES + Math.min(TRACE_BYTES_MAX, traceparent.length() * 3) + command.length;
    }

    static void write(ByteBuffer target, long logId, LogEntry entry, long batchStart) {
        byte[] trace = entry.traceparent().getBytes(StandardCharsets.UTF_8);
        int traceBytes = trace.length > TRACE_BYTES_MAX ? 0 : trace.length;
        int start = target.position();
        int length = FIXED_BYTES - PREFIX_BYTES + traceBytes + entry.command().length;
        target.putInt(MAGIC).putInt(length).putInt(0);
        target.putLong(entry.index())
                .putLong(entry.term())
                .putLong(entry.timeMillis())
                .putLong(batchStart);
        target.putShort((short) traceBytes).put(trace, 0, traceBytes).put(entry.command());
        target.putInt(start + 8, checksum(target, start, length, logId));
    }

    static int checksum(ByteBuffer buffer, int start, int length, long logId) {
        CRC32C crc = new CRC32C();
        ByteBuffer seed = ByteBuffer.allocate(12).putLong(logId).putInt(length).flip();
        crc.update(seed);
        crc.update(buffer.slice(start + PREFIX_BYTES, length));
        return (int) crc.getValue();
    }

    static boolean plausible(int magic, int length, long room) {
        return magic == MAGIC && length >= FIXED_BYTES - PREFIX_BYTES && length <= room;
    }

    /** The record whose checksum was found right. */
    static LogEntry read(ByteBuffer buffer, int start) {
        int length = buffer.getInt(start + 4);
        int traceBytes = buffer.getShort(start + 44) & 0xffff;
        byte[] trace = new byte[traceBytes];
        buffer.get(start + FIXED_BYTES, trace);
        byte[] command = new byte[length - (FIXED_BYTES - PREFIX_BYTES) - traceBytes];
        buffer.get(start + FIXED_BYTES + traceBytes, command);
        return new LogEntry(
                index(buffer, start),
                buffer.getLong(start + 20),
                buffer.getLong(start + 28),
                new String(trace, StandardCharsets.UTF_8),
                command);
    }

    static long index(ByteBuffer buffer, int start) {
        return buffer.getLong(start + 12);
    }

    static long batchStart(ByteBuffer buffer, int start) {
        return buffer.getLong(start + 36);
    }
}
