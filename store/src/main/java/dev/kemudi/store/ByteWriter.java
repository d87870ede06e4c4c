package dev.kemudi.store;

import java.util.Arrays;

/** Appends numbers and byte strings to a growing array; the counterpart of {@link ByteReader}. */
final class ByteWriter {
    private static final int SMALL = 64;

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
        room(10);
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
        room(bytes.length);
        System.arraycopy(bytes, 0, array, size, bytes.length);
        size += bytes.length;
        return this;
    }

    int size() {
        return size;
    }

    byte[] done() {
        return size == array.length ? array : Arrays.copyOf(array, size);
    }
}
