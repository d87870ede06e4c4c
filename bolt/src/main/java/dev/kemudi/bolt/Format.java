package dev.kemudi.bolt;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/*
 * What a bbolt file is
 * --------------------
 * Pages of one size, numbered from 0, little endian. A page begins with a header of 16 bytes: its
 * number (8), its kind (2), how many elements it has (2), how many pages after it belong to it (4,
 * "overflow"). Pages 0 and 1 are metas, written in turn by transactions: the valid one with the
 * higher transaction counts. A meta names the root bucket's first page, the page that lists free
 * pages, and the first page number never used.
 *
 * A bucket is a B+ tree. Branch: elements of 16 bytes (position 4, key size 4, page 8), then the
 * keys. Leaf: elements of 16 bytes (flags 4, position 4, key size 4, value size 4), then keys and
 * values. A position counts from the element's own first byte. The key of a branch's element is the
 * first key of its child. The pairs of the root bucket are the buckets: value = root page (8),
 * sequence (8); root page 0 means that the bucket's only leaf follows within the value ("inline").
 *
 * Facts from bbolt's page.go, node.go, bucket.go, db.go. Nothing but metas has a checksum, which is
 * why etcd appends a SHA-256 to its snapshots.
 */
final class Format {
    static final int MAGIC = 0xED0CDAED;
    static final int VERSION = 2;

    static final int BRANCH = 0x01;
    static final int LEAF = 0x02;
    static final int META = 0x04;
    static final int FREELIST = 0x10;

    static final int PAGE_HEADER_BYTES = 16;
    static final int ELEMENT_BYTES = 16;
    static final int BUCKET_HEADER_BYTES = 16;

    /** A leaf's element is a bucket, not a pair. */
    static final int ELEMENT_IS_BUCKET = 0x01;

    /** An element count is 16 bits wide, of which the last value means something else. */
    static final int ELEMENTS_MAX = 0xFFFE;

    static final VarHandle SHORT =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Format() {}

    static int getInt(byte[] bytes, int at) {
        return (int) INT.get(bytes, at);
    }

    static long getLong(byte[] bytes, int at) {
        return (long) LONG.get(bytes, at);
    }

    static void putHeader(byte[] to, int at, long page, int kind, int count, int overflow) {
        LONG.set(to, at, page);
        SHORT.set(to, at + 8, (short) kind);
        SHORT.set(to, at + 10, (short) count);
        INT.set(to, at + 12, overflow);
    }

    static String kind(int flags) {
        return switch (flags) {
            case BRANCH -> "a branch";
            case LEAF -> "a leaf";
            case META -> "a meta";
            case FREELIST -> "a freelist";
            default -> "kind 0x" + Integer.toHexString(flags);
        };
    }
}
