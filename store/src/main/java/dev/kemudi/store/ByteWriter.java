package dev.kemudi.store;

import java.util.Arrays;

/** Appends numbers and byte strings to a growing array; the counterpart of {@link ByteReader}. */
final class ByteWriter {
    static final int SMALL = 64;

    private byte[] array;
    private int size;

    ByteWriter() {
        this(SMALL);
    }

    ByteWriter(int capacity) {
        array = new byte[capacity];
    }

    private void room(int bytes) {
        if (array.length - size < bytes) {
            array = Arrays.copyOf(array, Math.max(array.length * 2, size + bytes));
        }
    }

    ByteWriter u8(int value) {
        room(1);
        array[size++] = (byte) value;
        return this;
    }

    ByteWriter flag(boolean value) {
        return u8(value ? 1 : 0);
    }

    /** Base-128, low bits first; negative numbers take ten bytes. */
    ByteWriter number(long value) {
        room(sizeOf(value));
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            array[size++] = (byte) (rest & 0x7f | 0x80);
            rest >>>= 7;
        }
        array[size++] = (byte) rest;
        return this;
    }

    ByteWriter fixed(long value) {
        room(Long.BYTES);
        for (int shift = 56; shift >= 0; shift -= 8) {
            array[size++] = (byte) (value >>> shift);
        }
        return this;
    }

    ByteWriter fixedInt(int value) {
        room(Integer.BYTES);
        for (int shift = 24; shift >= 0; shift -= 8) {
            array[size++] = (byte) (value >>> shift);
        }
        return this;
    }

    ByteWriter bytes(Bytes bytes) {
        number(bytes.length());
        return raw(bytes.array());
    }

    /** Without a length in front. */
    ByteWriter raw(byte[] bytes) {
        return raw(bytes, 0, bytes.length);
    }

    ByteWriter raw(byte[] bytes, int from, int to) {
        room(to - from);
        System.arraycopy(bytes, from, array, size, to - from);
        size += to - from;
        return this;
    }

    /** How many bytes {@link #number} takes: a writer of the right capacity need not be copied. */
    static int sizeOf(long number) {
        return (Long.SIZE - Long.numberOfLeadingZeros(number | 1) + 6) / 7;
    }

    /** How many bytes {@link #bytes} takes. */
    static int sizeOf(Bytes bytes) {
        return sizeOf(bytes.length()) + bytes.length();
    }

    int size() {
        return size;
    }

    byte[] done() {
        return size == array.length ? array : Arrays.copyOf(array, size);
    }
}
