package dev.kemudi.store;

import java.util.Arrays;

/**
 * Reads what {@link ByteWriter} wrote; anything else ends in {@link MalformedException}, never in a
 * wild allocation.
 */
final class ByteReader {
    private final byte[] array;
    private int at;

    /** The bytes are not what they should be. */
    static final class MalformedException extends RuntimeException {
        MalformedException(String message) {
            super(message);
        }
    }

    ByteReader(byte[] array) {
        this(array, 0);
    }

    ByteReader(byte[] array, int at) {
        this.array = array;
        this.at = at;
    }

    int u8() {
        if (at >= array.length) {
            throw new MalformedException("ends at byte " + at + ", more was expected");
        }
        return array[at++] & 0xff;
    }

    boolean flag() {
        int value = u8();
        if (value > 1) {
            throw new MalformedException("byte " + (at - 1) + " should be 0 or 1 and is " + value);
        }
        return value == 1;
    }

    long number() {
        long value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            int next = u8();
            value |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new MalformedException("the number before byte " + at + " has more than ten bytes");
    }

    long fixed() {
        long value = 0;
        for (int i = 0; i < Long.BYTES; i++) {
            value = value << 8 | u8();
        }
        return value;
    }

    int fixedInt() {
        int value = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            value = value << 8 | u8();
        }
        return value;
    }

    /** A count of things that take at least one byte each. */
    int count() {
        long count = number();
        if (count < 0 || count > array.length - at) {
            throw new MalformedException(
                    "a length of "
                            + count
                            + " at byte "
                            + at
                            + " with "
                            + (array.length - at)
                            + " bytes left");
        }
        return (int) count;
    }

    Bytes bytes() {
        int length = count();
        byte[] copy = Arrays.copyOfRange(array, at, at + length);
        at += length;
        return Bytes.of(copy);
    }

    /** Passes over what {@link #count} said is there. */
    void skip(int bytes) {
        at += bytes;
    }

    Bytes rest() {
        byte[] copy = Arrays.copyOfRange(array, at, array.length);
        at = array.length;
        return Bytes.of(copy);
    }

    boolean atEnd() {
        return at == array.length;
    }

    void end() {
        if (!atEnd()) {
            throw new MalformedException((array.length - at) + " bytes too many after byte " + at);
        }
    }
}
