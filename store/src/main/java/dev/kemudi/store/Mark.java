package dev.kemudi.store;

import java.nio.ByteBuffer;

/**
 * Where the state stands; written in the same atomic batch as what it speaks of.
 *
 * @param index the last applied entry of the log
 * @param term the leadership under which that entry was accepted
 * @param compacted revisions below are gone for readers
 * @param reclaimed rows of revisions below are gone from disk as well: where a compaction resumes
 */
record Mark(long index, long term, long revision, long compacted, long reclaimed) {
    /** etcd's empty store is at revision 1. */
    static final Mark EMPTY = new Mark(0, 0, 1, 0, 0);

    /**
     * What is loaded counts as the first entry, of no term: so a member of a cluster that has none
     * of it is told by the log that it must copy.
     */
    static final long LOADED_INDEX = 1;

    static final byte[] KEY = {'m'};
    private static final byte FORMAT = 2;

    byte[] encode() {
        return ByteBuffer.allocate(1 + 5 * Long.BYTES)
                .put(FORMAT)
                .putLong(index)
                .putLong(term)
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
        return new Mark(
                buffer.getLong(),
                buffer.getLong(),
                buffer.getLong(),
                buffer.getLong(),
                buffer.getLong());
    }

    /** Whether this is as it was loaded, before any entry. */
    boolean isLoaded() {
        return index == LOADED_INDEX && term == 0;
    }

    Mark at(long newIndex, long newTerm) {
        return new Mark(newIndex, newTerm, revision, compacted, reclaimed);
    }

    Mark withRevision(long newest) {
        return new Mark(index, term, newest, compacted, reclaimed);
    }

    Mark withCompacted(long floor) {
        return new Mark(index, term, revision, floor, reclaimed);
    }

    /** Never back: a step that was worked out before the state was replaced by a newer one. */
    Mark withReclaimed(long reached) {
        return new Mark(index, term, revision, compacted, Math.max(reclaimed, reached));
    }
}
