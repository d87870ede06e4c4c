package dev.kemudi.bolt;

/**
 * One of the two metas of a file.
 *
 * @param pages the first page number never used: so many pages count
 */
record Meta(int pageSize, long root, long freelist, long pages, long transaction) {
    static final int BYTES = 64;
    private static final int SUMMED_BYTES = 56;
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;
    private static final int PAGE_SIZE_MIN = 512;

    /** The page that holds it, whole. */
    byte[] page(long number) {
        byte[] page = new byte[pageSize];
        Format.putHeader(page, 0, number, Format.META, 0, 0);
        int at = Format.PAGE_HEADER_BYTES;
        Format.INT.set(page, at, Format.MAGIC);
        Format.INT.set(page, at + 4, Format.VERSION);
        Format.INT.set(page, at + 8, pageSize);
        Format.LONG.set(page, at + 16, root);
        Format.LONG.set(page, at + 32, freelist);
        Format.LONG.set(page, at + 40, pages);
        Format.LONG.set(page, at + 48, transaction);
        Format.LONG.set(page, at + SUMMED_BYTES, checksum(page, at));
        return page;
    }

    /** Reads a meta from behind its page header. */
    static Meta read(long number, byte[] bytes, int at, int pageSizeMax) throws BoltException {
        if (Format.getInt(bytes, at) != Format.MAGIC) {
            throw new BoltException(
                    number, "the magic of bbolt, ed0cdaed", hex(Format.getInt(bytes, at)));
        }
        if (Format.getInt(bytes, at + 4) != Format.VERSION) {
            throw new BoltException(
                    number, "format version 2", String.valueOf(Format.getInt(bytes, at + 4)));
        }
        long expected = checksum(bytes, at);
        long found = Format.getLong(bytes, at + SUMMED_BYTES);
        if (expected != found) {
            throw new BoltException(
                    number,
                    "the meta's checksum " + Long.toHexString(expected),
                    Long.toHexString(found));
        }
        int pageSize = Format.getInt(bytes, at + 8);
        if (Integer.bitCount(pageSize) != 1 || pageSize < PAGE_SIZE_MIN || pageSize > pageSizeMax) {
            throw new BoltException(
                    number,
                    "a page size from " + PAGE_SIZE_MIN + " to " + pageSizeMax,
                    String.valueOf(pageSize));
        }
        return new Meta(
                pageSize,
                Format.getLong(bytes, at + 16),
                Format.getLong(bytes, at + 32),
                Format.getLong(bytes, at + 40),
                Format.getLong(bytes, at + 48));
    }

    /** FNV-1a of 64 bits. */
    private static long checksum(byte[] bytes, int at) {
        long hash = FNV_OFFSET;
        for (int i = at; i < at + SUMMED_BYTES; i++) {
            hash = (hash ^ (bytes[i] & 0xff)) * FNV_PRIME;
        }
        return hash;
    }

    private static String hex(int value) {
        return Integer.toHexString(value);
    }
}
