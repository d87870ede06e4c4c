package dev.kemudi.store;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/*
 * How what was just written is read again
 * ---------------------------------------
 * A put needs the state before, a client reads what it has just written, and most keys that are written are
 * written again soon: so the last rows of CUR that were written stay at hand. They lie one after the other in
 * a ring of chunks; where, is told by one of the eight places that a key hashes to. Only writes fill it, in
 * their order, before their view is published. So a row says what its key has held since the write it came
 * from; a view that is older than that looks below.
 *
 * Positions only grow. Before the writer enters a chunk again it says that all positions in it are too old;
 * a reader asks for that after it has copied, so it never returns what was written over meanwhile. It may
 * miss what is there, and looks below: never wrong, and rare.
 *
 * What always holds: a position that is not too old is of the newest state of its key, deletes included,
 * because the next write of that key replaces it and nothing else puts a row of that key there.
 *
 * Refused: filling it from reads as well, which would race with writes that make what was read old. An object
 * per row: each lived just long enough to be copied into the old generation, and some hundred megabytes
 * later everybody waited for a collection of all. Two places for a key: one in eight of 10,000 keys had to
 * share them, and cost more than all the others.
 */
/** The newest rows of CUR. Written by one thread, read by many. */
final class Recent {
    private static final VarHandle LONG =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());
    private static final VarHandle INT =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final int KEY_LENGTH_AT = Long.BYTES;
    private static final int ROW_LENGTH_AT = KEY_LENGTH_AT + Integer.BYTES;
    private static final int HEAD_BYTES = ROW_LENGTH_AT + Integer.BYTES;
    private static final int DELETED = -1;
    private static final int CHUNKS = 16;
    private static final int CHUNKS_PER_ROW_MIN = 4;
    private static final int PLACES_PER_KEY = 8;
    private static final int BYTES_PER_PLACE = 256;

    /** Made when they are first written to: an idle store has none. */
    private final byte[] @Nullable [] chunks = new byte[CHUNKS][];

    private final AtomicIntegerArray hashes;
    private final AtomicLongArray positions;
    private final int chunkShift;
    private long next;
    private volatile long oldest;

    Recent(long bytesMax) {
        int chunk = Math.max(BYTES_PER_PLACE, Integer.highestOneBit((int) (bytesMax / CHUNKS)));
        chunkShift = Integer.numberOfTrailingZeros(chunk);
        int size = Math.max(PLACES_PER_KEY, chunk / BYTES_PER_PLACE * CHUNKS);
        hashes = new AtomicIntegerArray(size);
        positions = new AtomicLongArray(size);
        // Position 0 is that of nothing: it is too old from the start.
        oldest = chunk;
        next = chunk;
    }

    private static int hash(byte[] key) {
        int hash = Arrays.hashCode(key) * 0x9E3779B9;
        return hash ^ hash >>> 15;
    }

    private int first(int hash) {
        return hash & positions.length() - 1 & -PLACES_PER_KEY;
    }

    private int offset(long position) {
        return (int) (position & (1L << chunkShift) - 1);
    }

    private byte @Nullable [] chunk(long position) {
        return chunks[(int) (position >>> chunkShift) % CHUNKS];
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
                long position = positions.get(place);
                if (position >= oldest && isOf(key, position)) {
                    byte[] row = copy(key.length, position, index);
                    VarHandle.loadLoadFence();
                    return position >= oldest ? row : null;
                }
            }
        }
        return null;
    }

    private boolean isOf(byte[] key, long position) {
        byte[] chunk = chunk(position);
        int at = offset(position);
        return chunk != null
                && (int) INT.get(chunk, at + KEY_LENGTH_AT) == key.length
                && Arrays.equals(
                        key,
                        0,
                        key.length,
                        chunk,
                        at + HEAD_BYTES,
                        Math.min(at + HEAD_BYTES + key.length, chunk.length));
    }

    /** May be read while it is written over: whatever it finds, it stays within the chunk. */
    private byte @Nullable [] copy(int keyLength, long position, long index) {
        byte[] chunk = chunk(position);
        int at = offset(position);
        if (chunk == null || (long) LONG.get(chunk, at) > index) {
            return null;
        }
        int from = at + HEAD_BYTES + keyLength;
        int length = (int) INT.get(chunk, at + ROW_LENGTH_AT);
        if (length == DELETED) {
            return Changes.GONE;
        }
        return length < 0 || length > chunk.length - from
                ? null
                : Arrays.copyOfRange(chunk, from, from + length);
    }

    /** Takes rows of CUR in that the entries up to {@code index} wrote. */
    void write(Map<byte[], byte[]> rows, long index) {
        rows.forEach((key, row) -> put(key, row, index));
    }

    private void put(byte[] key, byte[] row, long index) {
        int hash = hash(key);
        int place = choose(key, hash);
        int size = HEAD_BYTES + key.length + row.length + Long.BYTES & -Long.BYTES;
        if (size > (1 << chunkShift) / CHUNKS_PER_ROW_MIN) {
            // What is too large to keep still has to make the row before it go.
            positions.set(place, 0);
            return;
        }
        long position = append(size, key, row, index);
        hashes.setPlain(place, hash);
        positions.set(place, position);
    }

    @SuppressWarnings("ReferenceEquality") // GONE is an identity
    private long append(int size, byte[] key, byte[] row, long index) {
        if (offset(next) + size > 1 << chunkShift || offset(next) == 0) {
            enter((next + (1L << chunkShift) - 1) >>> chunkShift);
        }
        byte[] chunk = chunks[(int) (next >>> chunkShift) % CHUNKS];
        int at = offset(next);
        LONG.set(chunk, at, index);
        INT.set(chunk, at + KEY_LENGTH_AT, key.length);
        INT.set(chunk, at + ROW_LENGTH_AT, row == Changes.GONE ? DELETED : row.length);
        System.arraycopy(key, 0, chunk, at + HEAD_BYTES, key.length);
        System.arraycopy(row, 0, chunk, at + HEAD_BYTES + key.length, row.length);
        long position = next;
        next += size;
        return position;
    }

    private void enter(long number) {
        next = number << chunkShift;
        oldest = Math.max(oldest, number - CHUNKS + 1 << chunkShift);
        // Nothing of the chunk changes before all can know that it is about to.
        VarHandle.fullFence();
        int slot = (int) number % CHUNKS;
        if (chunks[slot] == null) {
            chunks[slot] = new byte[1 << chunkShift];
        }
    }

    /** Where the key is, or else where the oldest position is: most often one that is too old. */
    private int choose(byte[] key, int hash) {
        int first = first(hash);
        int chosen = first;
        for (int place = first; place < first + PLACES_PER_KEY; place++) {
            long position = positions.getPlain(place);
            if (hashes.getPlain(place) == hash && position >= oldest && isOf(key, position)) {
                return place;
            }
            if (position < positions.getPlain(chosen)) {
                chosen = place;
            }
        }
        return chosen;
    }
}
