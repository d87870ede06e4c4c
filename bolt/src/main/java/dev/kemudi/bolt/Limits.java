package dev.kemudi.bolt;

/**
 * Everything this module bounds.
 *
 * @param keyBytesMax 32_768: what bbolt itself allows
 * @param valueBytesMax 33_554_432: eight times the store's largest command; one value is held whole
 * @param pageBytesMax 65_536: the largest page of memory any Linux machine has, and so of any file
 * @param windowBytesMax 65_536: of one page with its overflow that is held; what lies beyond is
 *     read when asked for
 * @param depthMax 32: pages from the root to a pair; a tree of this depth fits no disk
 * @param bucketsMax 1_024: etcd has ten
 * @param writeBufferBytes 1_048_576: between pages and the file; more writes no faster
 * @param pendingEntriesMax 1_000_000: entries of a write-ahead log that its database lacks; etcd
 *     itself lets the one be 10,000 ahead of the other
 */
public record Limits(
        int keyBytesMax,
        int valueBytesMax,
        int pageBytesMax,
        int windowBytesMax,
        int depthMax,
        int bucketsMax,
        int writeBufferBytes,
        int pendingEntriesMax) {
    public static Limits defaults() {
        return new Limits(32_768, 32 << 20, 65_536, 65_536, 32, 1_024, 1 << 20, 1_000_000);
    }
}
