package dev.kemudi.conformance;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Protobuf by hand, without objects: the load generator's own cost must not hide the servers'. Not
 * safe for use by more than one thread.
 */
final class LoadMessage {
    private static final int LENGTH_DELIMITED = 2;
    private static final int FIRST_BYTES = 256;

    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;

    byte[] array() {
        return bytes;
    }

    int length() {
        return length;
    }

    LoadMessage clear() {
        length = 0;
        return this;
    }

    private void room(int more) {
        if (length + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }

    private void raw(long value) {
        room(10);
        long left = value;
        while ((left & ~0x7fL) != 0) {
            bytes[length++] = (byte) (left | 0x80);
            left >>>= 7;
        }
        bytes[length++] = (byte) left;
    }

    LoadMessage number(int field, long value) {
        if (value != 0) {
            raw((long) field << 3);
            raw(value);
        }
        return this;
    }

    /** As {@link #number}, but on the wire even when it is zero. */
    LoadMessage oneOf(int field, long value) {
        raw((long) field << 3);
        raw(value);
        return this;
    }

    LoadMessage bytes(int field, byte[] value) {
        return bytes(field, value, value.length);
    }

    LoadMessage bytes(int field, byte[] value, int count) {
        raw((long) field << 3 | LENGTH_DELIMITED);
        raw(count);
        room(count);
        System.arraycopy(value, 0, bytes, length, count);
        length += count;
        return this;
    }

    LoadMessage message(int field, LoadMessage inner) {
        return bytes(field, inner.bytes, inner.length);
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Reads the fields of one message in place. */
    static final class Fields {
        private final byte[] bytes;
        private final int end;
        private int at;
        int field;
        long number;
        int from;
        int size;

        Fields(byte[] bytes, int from, int size) {
            this.bytes = bytes;
            this.at = from;
            this.end = from + size;
        }

        private long raw() {
            long value = 0;
            for (int shift = 0; ; shift += 7) {
                byte next = bytes[at++];
                value |= (long) (next & 0x7f) << shift;
                if (next >= 0) {
                    return value;
                }
            }
        }

        boolean next() {
            if (at >= end) {
                return false;
            }
            long tag = raw();
            field = (int) (tag >>> 3);
            if ((tag & 7) == LENGTH_DELIMITED) {
                size = (int) raw();
                from = at;
                at += size;
            } else {
                number = raw();
            }
            return true;
        }

        Fields inner() {
            return new Fields(bytes, from, size);
        }
    }

    /** The revision in the header of an answer. */
    static long revision(byte[] bytes, int from, int size) {
        return header(bytes, from, size, 3);
    }

    /** A number in the header of an answer: 2 the member's id, 3 the revision. */
    static long header(byte[] bytes, int from, int size, int wanted) {
        Fields fields = new Fields(bytes, from, size);
        while (fields.next()) {
            if (fields.field == 1) {
                Fields header = fields.inner();
                while (header.next()) {
                    if (header.field == wanted) {
                        return header.number;
                    }
                }
            }
        }
        return 0;
    }

    /** The last number with that field, 0 when there is none. */
    static long number(byte[] bytes, int from, int size, int wanted) {
        Fields fields = new Fields(bytes, from, size);
        long found = 0;
        while (fields.next()) {
            if (fields.field == wanted) {
                found = fields.number;
            }
        }
        return found;
    }

    /** How often a field is there. */
    static int count(byte[] bytes, int from, int size, int wanted) {
        Fields fields = new Fields(bytes, from, size);
        int count = 0;
        while (fields.next()) {
            if (fields.field == wanted) {
                count++;
            }
        }
        return count;
    }
}
