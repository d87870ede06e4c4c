package dev.kemudi.store;

import java.util.Map;

/**
 * A write batch in RocksDB's own form, so that it crosses into native code once and not once a row:
 * sequence (8 bytes, left to RocksDB), number of rows (4), then per row a tag, the column family's
 * number, and key and value with their lengths. The form is the one RocksDB keeps in its log and
 * reads for ever.
 */
final class BatchBytes {
    private static final int SEQUENCE_BYTES = 8;
    private static final int DELETE = 4;
    private static final int PUT = 5;
    private static final int DELETE_RANGE = 14;

    private final ByteWriter out;
    private int rows;

    BatchBytes(int capacity) {
        out = new ByteWriter(capacity).fixed(0).fixedInt(0);
    }

    private ByteWriter tagged(int tag, int family) {
        rows++;
        return out.u8(tag).number(family);
    }

    void put(int family, byte[] key, byte[] value) {
        tagged(PUT, family).number(key.length).raw(key).number(value.length).raw(value);
    }

    void delete(int family, byte[] key) {
        tagged(DELETE, family).number(key.length).raw(key);
    }

    void deleteRange(int family, byte[] from, byte[] to) {
        tagged(DELETE_RANGE, family).number(from.length).raw(from).number(to.length).raw(to);
    }

    @SuppressWarnings("ReferenceEquality") // GONE is an identity
    void all(int family, Map<byte[], byte[]> changed) {
        for (Map.Entry<byte[], byte[]> row : changed.entrySet()) {
            if (row.getValue() == Changes.GONE) {
                delete(family, row.getKey());
            } else {
                put(family, row.getKey(), row.getValue());
            }
        }
    }

    byte[] done() {
        byte[] bytes = out.done();
        for (int i = 0; i < Integer.BYTES; i++) {
            bytes[SEQUENCE_BYTES + i] = (byte) (rows >>> 8 * i);
        }
        return bytes;
    }
}
