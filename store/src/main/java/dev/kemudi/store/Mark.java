package dev.kemudi.store;

import java.nio.ByteBuffer;

/**
 * Where the state stands; written in the same atomic batch as what it speaks of.
 *
 * @param index the last applied entry of the log
 * @param compacted revisions below are gone for readers
 * @param reclaimed rows of revisions below are gone from disk as well: where a compaction resumes
 */
record Mark(long index, long revision, long compacted, long reclaimed) {
    /** etcd's empty store is at revision 1. */
    static final Mark EMPTY = new Mark(0, 1, 0, 0);

    static final byte[] KEY = {'m'};
    private static final byte FORMAT = 1;

    byte[] encode() {
        return ByteBuffer.allocate(1 + 4 * Long.BYTES)
                .put(FORMAT)
                .putLong(index)
                .putLong(revision)
                .putLong(compacted)
                .putLong(reclaimed)
                .array();
    }

    static Mark decode(byte[] row) {
        ByteBuffer buffer = ByteBuffer.wrap(row);
        byte format = buffer.get();
        if (format != FORMAT) {
            throw new IllegalStateException(
                    "the store's format is " + format + ", this version reads only " + FORMAT);
        }
        return new Mark(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.getLong());
    }

    Mark withReclaimed(long revision) {
        return new Mark(index, this.revision, compacted, revision);
    }
}
