package dev.kemudi.store;

import org.jspecify.annotations.Nullable;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** A RocksDB iterator; key and value are copied once per position. Used by one thread. */
final class RocksCursor implements Rows.Cursor {
    private final RocksIterator iterator;
    private final Runnable freed;
    private boolean valid;
    private byte @Nullable [] key;
    private byte @Nullable [] value;

    /**
     * @param freed called after the iterator is closed: for what it was made with
     */
    RocksCursor(RocksIterator iterator, Runnable freed) {
        this.iterator = iterator;
        this.freed = freed;
    }

    private void moved() {
        key = null;
        value = null;
        valid = iterator.isValid();
        if (!valid) {
            try {
                iterator.status();
            } catch (RocksDBException e) {
                throw new IllegalStateException("the state cannot be read: " + e.getMessage(), e);
            }
        }
    }

    @Override
    public boolean valid() {
        return valid;
    }

    @Override
    public byte[] key() {
        byte[] copied = key;
        if (copied == null) {
            copied = iterator.key();
            key = copied;
        }
        return copied;
    }

    @Override
    public byte[] value() {
        byte[] copied = value;
        if (copied == null) {
            copied = iterator.value();
            value = copied;
        }
        return copied;
    }

    @Override
    public void next() {
        iterator.next();
        moved();
    }

    @Override
    public void seek(byte[] to) {
        iterator.seek(to);
        moved();
    }

    @Override
    public void close() {
        iterator.close();
        freed.run();
    }
}
