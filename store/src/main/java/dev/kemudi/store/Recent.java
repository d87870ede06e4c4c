package dev.kemudi.store;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/*
 * How what was just written is read again
 * ---------------------------------------
 * A put needs the state before, a client reads what it has just written, and most keys that are written are
 * written again soon: so the last rows of CUR that were written stay at hand, each in one of the eight places
 * its key hashes to. Only writes fill it, in their order, before their view is published. So an entry says
 * what its key has held since the write it came from; a view that is older than that looks below.
 *
 * Beside the entries lie their hashes: a look at a place that has another key touches nothing else. A reader
 * that sees an old hash misses what is there, and looks below: never wrong, and rare.
 *
 * What always holds: an entry is the newest state of its key, deletes included, because the next write of
 * that key replaces it and nothing else puts a row of that key there.
 *
 * Refused: filling it from reads as well, which would race with writes that make what was read old. Two
 * places for a key: one in eight of 10,000 keys had to share them, and cost more than all the others.
 */
/** The newest rows of CUR. Written by one thread, read by many. */
final class Recent {
    private static final int OVERHEAD_BYTES = 112;
    private static final int PLACES_PER_KEY = 8;

    private final AtomicReferenceArray<@Nullable Entry> places;
    private final AtomicIntegerArray hashes;
    private final int[] sizes;
    private final long[] sinces;
    private final int mask;
    private final long bytesMax;
    private long bytes;
    private int hand;

    /**
     * @param row empty by {@link Changes#GONE}: deleted
     */
    private record Entry(byte[] key, byte[] row, long since) {}

    Recent(long bytesMax) {
        this.bytesMax = bytesMax;
        int size = Integer.highestOneBit((int) Math.clamp(bytesMax / 256, PLACES_PER_KEY, 1 << 20));
        this.places = new AtomicReferenceArray<>(size);
        this.hashes = new AtomicIntegerArray(size);
        this.sizes = new int[size];
        this.sinces = new long[size];
        this.mask = size - 1;
    }

    private static int hash(byte[] key) {
        int hash = Arrays.hashCode(key) * 0x9E3779B9;
        return hash ^ hash >>> 15;
    }

    private int first(int hash) {
        return hash & mask & -PLACES_PER_KEY;
    }

    /**
     * What {@code key} held at {@code index}: its row, {@link Changes#GONE}, or null when that is
     * not known here.
     */
    byte @Nullable [] get(byte[] key, long index) {
        int hash = hash(key);
        int first = first(hash);
        for (int place = first; place < first + PLACES_PER_KEY; place++) {
            if (hashes.getPlain(place) == hash) {
                Entry entry = places.get(place);
                if (entry != null && Arrays.equals(entry.key, key)) {
                    return entry.since <= index ? entry.row : null;
                }
            }
        }
        return null;
    }

    /** Takes rows of CUR in that the entries up to {@code index} wrote. */
    void write(Map<byte[], byte[]> rows, long index) {
        rows.forEach((key, row) -> put(key, row, index));
    }

    private void put(byte[] key, byte[] row, long index) {
        int hash = hash(key);
        int place = choose(key, hash);
        // What is too large to keep still has to make the row before it go.
        int size = key.length + row.length + OVERHEAD_BYTES;
        if (size > bytesMax / 16) {
            drop(place);
            return;
        }
        bytes += size - sizes[place];
        sizes[place] = size;
        sinces[place] = index;
        hashes.setPlain(place, hash);
        places.set(place, new Entry(key, row, index));
        while (bytes > bytesMax) {
            hand = hand + 1 & mask;
            if (hand != place) {
                drop(hand);
            }
        }
    }

    /** Where the key is, or else where nothing is, or else where the oldest one is. */
    private int choose(byte[] key, int hash) {
        int first = first(hash);
        int oldest = first;
        for (int place = first; place < first + PLACES_PER_KEY; place++) {
            if (sizes[place] > 0 && hashes.getPlain(place) == hash) {
                Entry entry = places.getPlain(place);
                if (entry != null && Arrays.equals(entry.key, key)) {
                    return place;
                }
            }
            if (sinces[place] < sinces[oldest]) {
                oldest = place;
            }
        }
        return oldest;
    }

    private void drop(int place) {
        if (sizes[place] > 0) {
            bytes -= sizes[place];
            sizes[place] = 0;
            sinces[place] = 0;
            places.set(place, null);
        }
    }
}
