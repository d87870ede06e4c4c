package dev.kemudi.store;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * How keys are counted without walking them
 * -----------------------------------------
 * etcd answers every range with the number of keys in it, whatever the limit, and walks them all to know.
 * Here the key space is cut into buckets of a few hundred keys; of each its first possible key and its
 * number of keys are held, in blocks of buckets with their sums. The count of a range is the sum of the
 * whole buckets in it and a walk in the two at its edges.
 *
 * A census is never changed: each write that makes or deletes keys derives the next one, sharing every block
 * it did not touch, and publishes it together with the view it belongs to. Its buckets are rows of COUNT,
 * written in the same batch as the keys: nothing is counted again at a restart.
 *
 * What always holds: the first bucket begins at the empty key, so that every key has a bucket; the sum of
 * all buckets is the number of rows of CUR in the same view. Buckets need not be the same on every node.
 *
 * Tried and refused: a count per key in an order-statistics tree, which is an index of all keys on the heap;
 * counting per known prefix, which needs to know what prefixes people use.
 */
/** How many keys there are, by buckets: 12 million keys take about 3 MB. Immutable. */
final class Census {
    /** Keys looked at beyond an edge before the walk is made on its other side. */
    private static final int PEEK = 16;

    static final Census EMPTY = new Census(new Block[] {Block.of(new byte[0], 0)});

    private final Block[] blocks;

    /** Keys before each block, and at the end all of them. */
    private final long[] before;

    /**
     * Some neighbouring buckets; the arrays are not written to once a census has been made of it.
     */
    static final class Block {
        final byte[][] firsts;
        final int[] counts;
        final int size;

        Block(byte[][] firsts, int[] counts, int size) {
            this.firsts = firsts;
            this.counts = counts;
            this.size = size;
        }

        static Block of(byte[] first, int count) {
            return new Block(new byte[][] {first}, new int[] {count}, 1);
        }

        long sum() {
            return sum(size);
        }

        long sum(int until) {
            long sum = 0;
            for (int i = 0; i < until; i++) {
                sum += counts[i];
            }
            return sum;
        }

        /** The bucket in which {@code key} lies, given that it lies in this block. */
        int find(byte[] key) {
            int low = 0;
            int high = size - 1;
            while (low < high) {
                int middle = (low + high + 1) >>> 1;
                if (Arrays.compareUnsigned(firsts[middle], key) <= 0) {
                    low = middle;
                } else {
                    high = middle - 1;
                }
            }
            return low;
        }
    }

    private Census(Block[] blocks) {
        this.blocks = blocks;
        this.before = new long[blocks.length + 1];
        for (int i = 0; i < blocks.length; i++) {
            before[i + 1] = before[i] + blocks[i].sum();
        }
    }

    /** Of blocks in order; the first begins at the empty key. */
    static Census of(List<Block> blocks) {
        return new Census(blocks.toArray(Block[]::new));
    }

    List<Block> blocks() {
        return List.of(blocks);
    }

    long total() {
        return before[blocks.length];
    }

    static int find(List<Block> blocks, byte[] key) {
        int low = 0;
        int high = blocks.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (Arrays.compareUnsigned(blocks.get(middle).firsts[0], key) <= 0) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    /**
     * How many keys lie in {@code range}.
     *
     * @param rows of the same moment
     */
    long count(KeyRange range, Rows rows) {
        byte[] from = range.key().array();
        if (range.isSingle()) {
            return rows.get(Family.CUR, from) == null ? 0 : 1;
        }
        byte[] to = range.isOpenEnded() ? null : range.end().array();
        if (to != null && Arrays.compareUnsigned(from, to) >= 0) {
            return 0;
        }
        Place start = place(from);
        if (to == null) {
            return total() - rank(start, from, rows);
        }
        Place end = place(to);
        return start.equals(end)
                ? rows.tally(from, to, Long.MAX_VALUE)
                : rank(end, to, rows) - rank(start, from, rows);
    }

    private record Place(int block, int slot) {}

    private Place place(byte[] key) {
        int block = find(Arrays.asList(blocks), key);
        return new Place(block, blocks[block].find(key));
    }

    /** How many keys lie before {@code key}. */
    private long rank(Place at, byte[] key, Rows rows) {
        Block block = blocks[at.block];
        long whole = before[at.block] + block.sum(at.slot);
        byte[] first = block.firsts[at.slot];
        int count = block.counts[at.slot];
        if (count == 0 || Arrays.equals(first, key)) {
            return whole;
        }
        // Ranges people ask for often begin and end where nothing lies on one side.
        long after = rows.tally(key, next(at), PEEK);
        return whole + (after < PEEK ? count - after : rows.tally(first, key, Long.MAX_VALUE));
    }

    /** Where the bucket after {@code at} begins; null: nowhere. */
    private byte @Nullable [] next(Place at) {
        Block block = blocks[at.block];
        if (at.slot + 1 < block.size) {
            return block.firsts[at.slot + 1];
        }
        return at.block + 1 < blocks.length ? blocks[at.block + 1].firsts[0] : null;
    }
}
