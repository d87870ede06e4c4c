package dev.kemudi.bolt;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the fields of one protobuf message in the order in which they come; unknown ones are
 * skipped by going on.
 */
final class ProtoReader {
    private static final int FIXED64 = 1;
    private static final int FIXED32 = 5;

    private final String where;
    private final byte[] bytes;
    private int at;
    private int kind;
    private long number;
    private int from;
    private int to;

    /**
     * @param where what an exception says about the place
     */
    ProtoReader(String where, byte[] bytes) {
        this.where = where;
        this.bytes = bytes;
    }

    /** Moves to the next field and answers its number; 0 at the end. */
    int next() throws BoltException {
        if (at == bytes.length) {
            return 0;
        }
        long tag = varint();
        int field = (int) (tag >>> 3);
        if (field <= 0 || tag >>> 32 != 0) {
            throw damage("a protobuf field", "tag " + Long.toHexString(tag));
        }
        kind = (int) tag & 7;
        switch (kind) {
            case ProtoWriter.VARINT -> number = varint();
            case ProtoWriter.BYTES -> take(varint());
            case FIXED64 -> take(8);
            case FIXED32 -> take(4);
            default -> throw damage("a kind of protobuf field", String.valueOf(kind));
        }
        return field;
    }

    long number() throws BoltException {
        expect(ProtoWriter.VARINT);
        return number;
    }

    byte[] bytes() throws BoltException {
        expect(ProtoWriter.BYTES);
        return Arrays.copyOfRange(bytes, from, to);
    }

    String text() throws BoltException {
        expect(ProtoWriter.BYTES);
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    private void expect(int expected) throws BoltException {
        if (kind != expected) {
            throw damage("protobuf kind " + expected, String.valueOf(kind));
        }
    }

    private void take(long length) throws BoltException {
        if (length < 0 || length > bytes.length - at) {
            throw damage(
                    "at most " + (bytes.length - at) + " bytes of a field",
                    Long.toUnsignedString(length));
        }
        from = at;
        at += (int) length;
        to = at;
    }

    private long varint() throws BoltException {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == bytes.length) {
                throw damage("a whole number", "the end of the record");
            }
            byte next = bytes[at++];
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw damage("a number of at most 10 bytes", "more");
    }

    BoltException damage(String expected, String found) {
        return new BoltException(where + ", byte " + at, expected, found);
    }
}
