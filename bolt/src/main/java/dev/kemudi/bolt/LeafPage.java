package dev.kemudi.bolt;

import java.io.IOException;
import java.util.Arrays;

/** The leaf that is being filled. */
final class LeafPage {
    private static final int KEPT_BYTES = 65_536;

    private byte[] table = new byte[4_096];
    private byte[] content = new byte[4_096];
    private byte[] firstKey = new byte[0];
    private int count;
    private int contentBytes;

    int count() {
        return count;
    }

    byte[] firstKey() {
        return firstKey;
    }

    long bytes() {
        return (long) Format.PAGE_HEADER_BYTES + tableBytes() + contentBytes;
    }

    /** Whether one more pair would still be within {@code pageSize}. */
    boolean fits(byte[] key, byte[] value, int pageSize) {
        return bytes() + Format.ELEMENT_BYTES + key.length + value.length <= pageSize
                && count < Format.ELEMENTS_MAX;
    }

    void add(int flags, byte[] key, byte[] value) {
        if (count == 0) {
            firstKey = key;
        }
        int at = tableBytes();
        table = room(table, at + Format.ELEMENT_BYTES);
        Format.INT.set(table, at, flags);
        // Where the pair begins among the content; what it counts from is known only when the page
        // is full.
        Format.INT.set(table, at + 4, contentBytes);
        Format.INT.set(table, at + 8, key.length);
        Format.INT.set(table, at + 12, value.length);
        content = room(content, contentBytes + key.length + value.length);
        System.arraycopy(key, 0, content, contentBytes, key.length);
        System.arraycopy(value, 0, content, contentBytes + key.length, value.length);
        contentBytes += key.length + value.length;
        count++;
    }

    long write(PageSink sink) throws IOException {
        settlePositions();
        long page = sink.write(Format.LEAF, count, table, tableBytes(), content, contentBytes);
        count = 0;
        contentBytes = 0;
        if (content.length > KEPT_BYTES) {
            content = new byte[KEPT_BYTES];
        }
        return page;
    }

    /** The page as it stands within a bucket's value. */
    byte[] inline() {
        settlePositions();
        byte[] page = new byte[Math.toIntExact(bytes())];
        Format.putHeader(page, 0, 0, Format.LEAF, count, 0);
        System.arraycopy(table, 0, page, Format.PAGE_HEADER_BYTES, tableBytes());
        int from = Format.PAGE_HEADER_BYTES + tableBytes();
        System.arraycopy(content, 0, page, from, contentBytes);
        return page;
    }

    private void settlePositions() {
        for (int i = 0; i < count; i++) {
            int at = i * Format.ELEMENT_BYTES + 4;
            int position = (count - i) * Format.ELEMENT_BYTES + Format.getInt(table, at);
            Format.INT.set(table, at, position);
        }
    }

    private int tableBytes() {
        return count * Format.ELEMENT_BYTES;
    }

    static byte[] room(byte[] bytes, int needed) {
        return needed <= bytes.length
                ? bytes
                : Arrays.copyOf(bytes, Math.max(needed, bytes.length + (bytes.length >> 1)));
    }
}
