package dev.kemudi.store;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Ordered rows, read by whoever holds them. */
interface Rows {
    byte @Nullable [] get(Family family, byte[] key);

    /** A cursor on the first row at or after {@code from}. */
    Cursor cursor(Family family, byte[] from);

    /**
     * A cursor on the first row at or after {@code from} that ends before {@code to}; for use
     * forwards.
     */
    default Cursor cursor(Family family, byte[] from, byte @Nullable [] to) {
        Cursor cursor = cursor(family, from);
        return to == null ? cursor : new Ending(cursor, to);
    }

    /** How many keys of CUR lie in {@code range}. */
    long count(KeyRange range);

    /** Counts rows of CUR in [from, to), at most {@code max}, one by one. */
    default long tally(byte[] from, byte @Nullable [] to, long max) {
        long count = 0;
        try (Cursor cursor = cursor(Family.CUR, from, to)) {
            for (; count < max && cursor.valid(); cursor.next()) {
                count++;
            }
        }
        return count;
    }

    /** Walks rows in key order; used by one thread. */
    interface Cursor extends AutoCloseable {
        boolean valid();

        byte[] key();

        byte[] value();

        void next();

        /** Goes to the first row at or after {@code key}, in either direction. */
        void seek(byte[] key);

        @Override
        void close();
    }

    /** Ends another cursor early. */
    final class Ending implements Cursor {
        private final Cursor cursor;
        private final byte[] to;

        Ending(Cursor cursor, byte[] to) {
            this.cursor = cursor;
            this.to = to;
        }

        @Override
        public boolean valid() {
            return cursor.valid() && Arrays.compareUnsigned(cursor.key(), to) < 0;
        }

        @Override
        public byte[] key() {
            return cursor.key();
        }

        @Override
        public byte[] value() {
            return cursor.value();
        }

        @Override
        public void next() {
            cursor.next();
        }

        @Override
        public void seek(byte[] key) {
            cursor.seek(key);
        }

        @Override
        public void close() {
            cursor.close();
        }
    }
}
