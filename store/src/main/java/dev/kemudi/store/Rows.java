package dev.kemudi.store;

import org.jspecify.annotations.Nullable;

/** Ordered rows, read by whoever holds them. */
interface Rows {
    byte @Nullable [] get(Family family, byte[] key);

    /** A cursor on the first row at or after {@code from}. */
    Cursor cursor(Family family, byte[] from);

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
}
