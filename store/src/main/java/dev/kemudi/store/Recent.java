package dev.kemudi.store;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/*
 * How what was just written is read again
 * ---------------------------------------
 * A put needs the state before, a client reads what it has just written, and most keys that are written are
 * written again soon: so the last rows of CUR that were written stay at hand, each in one of the two places
 * its key hashes to. Only writes fill it, in their order, before their view is published. So an entry says
 * what its key has held since the write it came from; a view that is older than that looks below.
 *
 * What always holds: an entry is the newest state of its key, deletes included, because the next write of
 * that key replaces it and nothing else puts a row of that key there.
 *
 * Refused: filling it from reads as well, which would race with writes that make what was read old.
 */
/** The newest rows of CUR. Written by one thread, read by many. */
final class Recent {
    private static final int OVERHEAD_BYTES = 96;

    private final AtomicReferenceArray<@Nullable Entry> places;
    private final int mask;
    private final long bytesMax;
    private long bytes;
    private int hand;

    /**
     * @param row empty by {@link Changes#GONE}: deleted
     */
    private record Entry(byte[] key, byte[] row, long since) {
        int bytes() {
            return key.length + row.length + OVERHEAD_BYTES;
        }
    }

    Recent(long bytesMax) {
        this.bytesMax = bytesMax;
        int size = Integer.highestOneBit((int) Math.clamp(bytesMax / 256, 2, 1 << 20));
        this.places = new AtomicReferenceArray<>(size);
        this.mask = size - 1;
    }

    private int place(byte[] key) {
        int hash = Arrays.hashCode(key) * 0x9E3779B9;
        return (hash ^ hash >>> 15) & mask;
    }

    /**
     * What {@code key} held at {@code index}: its row, {@link Changes#GONE}, or null when that is
     * not known here.
     */
    byte @Nullable [] get(byte[] key, long index) {
        int place = place(key);
        Entry one = places.get(place);
        if (one != null && Arrays.equals(one.key, key)) {
            return one.since <= index ? one.row : null;
        }
        Entry two = places.get(place ^ 1);
        return two != null && two.since <= index && Arrays.equals(two.key, key) ? two.row : null;
    }

    /** Takes rows of CUR in that the entries up to {@code index} wrote. */
    void write(Map<byte[], byte[]> rows, long index) {
        rows.forEach((key, row) -> put(new Entry(key, row, index)));
    }

    private void put(Entry entry) {
        int place = choose(entry.key);
        // What is too large to keep still has to make the row before it go.
        drop(place);
        if (entry.bytes() > bytesMax / 16) {
            return;
        }
        bytes += entry.bytes();
        places.set(place, entry);
        while (bytes > bytesMax) {
            hand = hand + 1 & mask;
            if (hand != place) {
                drop(hand);
            }
        }
    }

    /** Where the key is, or else where nothing is, or else where the older one is. */
    private int choose(byte[] key) {
        int place = place(key);
        Entry one = places.getPlain(place);
        Entry two = places.getPlain(place ^ 1);
        if (one != null && Arrays.equals(one.key, key)) {
            return place;
        }
        if (two != null && Arrays.equals(two.key, key)) {
            return place ^ 1;
        }
        return one == null || (two != null && one.since <= two.since) ? place : place ^ 1;
    }

    private void drop(int place) {
        Entry entry = places.getPlain(place);
        if (entry != null) {
            bytes -= entry.bytes();
            places.set(place, null);
        }
    }
}
