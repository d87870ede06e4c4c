package dev.kemudi.bolt;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the few kinds of protobuf fields that etcd's records have; defaults are left out. */
final class ProtoWriter {
    static final int VARINT = 0;
    static final int BYTES = 2;
    private static final int VARINT_BYTES_MAX = 10;

    private byte[] bytes;
    private int length;

    ProtoWriter(int expectedBytes) {
        this.bytes = new byte[expectedBytes];
    }

    ProtoWriter number(int field, long value) {
        if (value != 0) {
            varint((long) field << 3 | VARINT);
            varint(value);
        }
        return this;
    }

    ProtoWriter bytes(int field, byte[] value) {
        return value.length == 0 ? this : message(field, value);
    }

    ProtoWriter text(int field, String value) {
        return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Bytes that are there even when they are none: a message, an element of a list. */
    ProtoWriter message(int field, byte[] value) {
        varint((long) field << 3 | BYTES);
        varint(value.length);
        room(value.length);
        System.arraycopy(value, 0, bytes, length, value.length);
        length += value.length;
        return this;
    }

    private void varint(long value) {
        room(VARINT_BYTES_MAX);
        long left = value;
        while ((left & ~0x7fL) != 0) {
            bytes[length++] = (byte) (left | 0x80);
            left >>>= 7;
        }
        bytes[length++] = (byte) left;
    }

    private void room(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(length + more, 2 * bytes.length));
        }
    }

    byte[] done() {
        return bytes.length == length ? bytes : Arrays.copyOf(bytes, length);
    }
}
