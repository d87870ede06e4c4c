package dev.kemudi.schema;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/*
 * Why from the end
 * ----------------
 * In protobuf a nested message stands behind its length, which is known only when the message is
 * written. Written from its end, the message is there already when its length is due: one pass, no
 * sizes computed beforehand, no copies of nested parts. Fields therefore go in from the last to the
 * first.
 */
/** Bytes of one protobuf message, written from the last to the first. For one thread at a time. */
final class ProtobufWriter {
    private static final int CAPACITY_FIRST = 4_096;
    private static final int CONTINUES = 0x80;

    private byte[] buffer = new byte[CAPACITY_FIRST];
    private int at = buffer.length;

    /** How much is written. */
    int size() {
        return buffer.length - at;
    }

    /** Forgets what is written, and keeps its place for the next message. */
    void clear() {
        at = buffer.length;
    }

    void bytes(byte[] bytes) {
        reserve(bytes.length);
        at -= bytes.length;
        System.arraycopy(bytes, 0, buffer, at, bytes.length);
    }

    void varint(long value) {
        int length = varintSize(value);
        reserve(length);
        at -= length;
        long rest = value;
        for (int i = at; i < at + length - 1; i++) {
            buffer[i] = (byte) (rest | CONTINUES);
            rest >>>= 7;
        }
        buffer[at + length - 1] = (byte) rest;
    }

    static int varintSize(long value) {
        return Math.max(1, (70 - Long.numberOfLeadingZeros(value)) / 7);
    }

    /** Little endian, as protobuf's doubles and floats are. */
    void fixed(long bits, int length) {
        reserve(length);
        at -= length;
        for (int i = 0; i < length; i++) {
            buffer[at + i] = (byte) (bits >>> (8 * i));
        }
    }

    /** The length of what was written since {@link #size} was {@code before}. */
    void length(int before) {
        varint(size() - before);
    }

    void tag(int fieldNumber, int wireType) {
        varint(fieldNumber << 3 | wireType);
    }

    byte[] toByteArray() {
        return Arrays.copyOfRange(buffer, at, buffer.length);
    }

    void writeTo(OutputStream out) throws IOException {
        out.write(buffer, at, size());
    }

    private void reserve(int more) {
        if (more > at) {
            byte[] larger = new byte[Math.max(2 * buffer.length, Math.addExact(size(), more))];
            System.arraycopy(buffer, at, larger, larger.length - size(), size());
            at = larger.length - size();
            buffer = larger;
        }
    }
}
