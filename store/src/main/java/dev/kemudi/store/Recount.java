package dev.kemudi.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Derives the next {@link Census} from one, and the rows of COUNT that changed. Buckets that grew
 * too large are split by walking their keys once, those that shrank are merged with a neighbour.
 * Used by one thread, once.
 */
final class Recount {
    /** A larger bucket is split: a walk at the edge of a range stays below a tenth millisecond. */
    static final int SPLIT_OVER = 512;

    /** Two neighbours that have no more together become one. */
    static final int MERGE_UP_TO = SPLIT_OVER / 4;

    private static final int PIECE = SPLIT_OVER / 2;
    private static final int BLOCK_BUCKETS_MAX = 128;

    private final List<Census.Block> blocks;
    private final Set<Census.Block> owned = new HashSet<>();
    private final Set<Bytes> dirty = new HashSet<>();

    Recount(Census census) {
        blocks = new ArrayList<>(census.blocks());
    }

    /** Rows of COUNT, in order, as a census. */
    static Census read(Rows rows) {
        List<Census.Block> blocks = new ArrayList<>();
        List<byte[]> firsts = new ArrayList<>();
        List<Integer> counts = new ArrayList<>();
        try (Rows.Cursor cursor = rows.cursor(Family.COUNT, new byte[0])) {
            for (; cursor.valid(); cursor.next()) {
                firsts.add(cursor.key());
                counts.add(RowFormat.count(cursor.value()));
                if (firsts.size() == BLOCK_BUCKETS_MAX / 2) {
                    blocks.add(block(firsts, counts));
                }
            }
        }
        if (!firsts.isEmpty()) {
            blocks.add(block(firsts, counts));
        }
        return blocks.isEmpty() ? Census.EMPTY : Census.of(blocks);
    }

    private static Census.Block block(List<byte[]> firsts, List<Integer> counts) {
        byte[][] keys = firsts.toArray(byte[][]::new);
        int[] numbers = counts.stream().mapToInt(Integer::intValue).toArray();
        firsts.clear();
        counts.clear();
        return new Census.Block(keys, numbers, keys.length);
    }

    /** The first keys of the buckets that are too large. */
    static Collection<Bytes> overfull(Census census) {
        Set<Bytes> found = new HashSet<>();
        for (Census.Block block : census.blocks()) {
            for (int i = 0; i < block.size; i++) {
                if (block.counts[i] > SPLIT_OVER) {
                    found.add(Bytes.of(block.firsts[i]));
                }
            }
        }
        return found;
    }

    /**
     * Splits the bucket that begins at {@code first}, if there still is one and it is too large.
     *
     * @param rows of the moment that the census was made for: so this comes before {@link #apply}
     */
    void split(byte[] first, Rows rows) {
        int at = Census.find(blocks, first);
        int slot = blocks.get(at).find(first);
        Census.Block block = blocks.get(at);
        if (!Arrays.equals(block.firsts[slot], first) || block.counts[slot] <= SPLIT_OVER) {
            return;
        }
        List<byte[]> firsts = new ArrayList<>(List.of(first));
        List<Integer> counts = new ArrayList<>();
        int count = 0;
        try (Rows.Cursor cursor = rows.cursor(Family.CUR, first, next(at, slot))) {
            for (; cursor.valid(); cursor.next()) {
                if (count == PIECE) {
                    firsts.add(cursor.key());
                    counts.add(count);
                    count = 0;
                }
                count++;
            }
        }
        counts.add(count);
        firsts.forEach(key -> dirty.add(Bytes.of(key)));
        replace(at, slot, 1, firsts, counts);
    }

    private byte @Nullable [] next(int at, int slot) {
        Census.Block block = blocks.get(at);
        if (slot + 1 < block.size) {
            return block.firsts[slot + 1];
        }
        return at + 1 < blocks.size() ? blocks.get(at + 1).firsts[0] : null;
    }

    /**
     * Puts other buckets in the place of {@code gone} ones; a block that got too large becomes
     * many.
     */
    private void replace(int at, int slot, int gone, List<byte[]> firsts, List<Integer> counts) {
        Census.Block block = blocks.get(at);
        List<byte[]> keys = new ArrayList<>(Arrays.asList(block.firsts).subList(0, block.size));
        List<Integer> numbers = new ArrayList<>(block.size + counts.size());
        for (int i = 0; i < block.size; i++) {
            numbers.add(block.counts[i]);
        }
        keys.subList(slot, slot + gone).clear();
        numbers.subList(slot, slot + gone).clear();
        keys.addAll(slot, firsts);
        numbers.addAll(slot, counts);
        blocks.remove(at);
        int pieces = (keys.size() + BLOCK_BUCKETS_MAX - 1) / BLOCK_BUCKETS_MAX;
        for (int i = 0; i < pieces; i++) {
            int from = (int) ((long) keys.size() * i / pieces);
            int to = (int) ((long) keys.size() * (i + 1) / pieces);
            Census.Block piece =
                    block(
                            new ArrayList<>(keys.subList(from, to)),
                            new ArrayList<>(numbers.subList(from, to)));
            owned.add(piece);
            blocks.add(at + i, piece);
        }
    }

    /** Takes in that keys came to be or are no more, in key order. */
    void apply(List<Changes.Birth> births) {
        Set<Bytes> touched = new HashSet<>();
        for (Changes.Birth birth : births) {
            int at = Census.find(blocks, birth.key());
            Census.Block block = own(at);
            int slot = block.find(birth.key());
            block.counts[slot] += birth.delta();
            touched.add(Bytes.of(block.firsts[slot]));
        }
        dirty.addAll(touched);
        for (Bytes first : touched) {
            merge(first.array());
        }
    }

    private Census.Block own(int at) {
        Census.Block block = blocks.get(at);
        if (owned.contains(block)) {
            return block;
        }
        Census.Block copy = new Census.Block(block.firsts, block.counts.clone(), block.size);
        owned.add(copy);
        blocks.set(at, copy);
        return copy;
    }

    /** Merges the bucket that begins at {@code first} with a neighbour when both have few keys. */
    private void merge(byte[] first) {
        int at = Census.find(blocks, first);
        int slot = blocks.get(at).find(first);
        if (!Arrays.equals(blocks.get(at).firsts[slot], first)) {
            return; // merged a moment ago
        }
        if (slot > 0) {
            join(at, slot - 1, at, slot);
        } else if (at > 0) {
            join(at - 1, blocks.get(at - 1).size - 1, at, slot);
        }
        at = Census.find(blocks, first);
        slot = blocks.get(at).find(first);
        if (slot + 1 < blocks.get(at).size) {
            join(at, slot, at, slot + 1);
        } else if (at + 1 < blocks.size()) {
            join(at, slot, at + 1, 0);
        }
    }

    private void join(int leftAt, int leftSlot, int rightAt, int rightSlot) {
        int left = blocks.get(leftAt).counts[leftSlot];
        int right = blocks.get(rightAt).counts[rightSlot];
        if (left + right > MERGE_UP_TO) {
            return;
        }
        Census.Block into = own(leftAt);
        into.counts[leftSlot] = left + right;
        dirty.add(Bytes.of(into.firsts[leftSlot]));
        dirty.add(Bytes.of(blocks.get(rightAt).firsts[rightSlot]));
        replace(rightAt, rightSlot, 1, List.of(), List.of());
    }

    /** The next census; what changed of its rows goes into {@code changes}. */
    Census done(Changes changes, Collection<Bytes> overfull) {
        for (Bytes first : dirty) {
            Census.Block block = blocks.get(Census.find(blocks, first.array()));
            int slot = block.find(first.array());
            boolean there = Arrays.equals(block.firsts[slot], first.array());
            if (there && block.counts[slot] > SPLIT_OVER) {
                overfull.add(first);
            }
            changes.of(Family.COUNT)
                    .put(first.array(), there ? RowFormat.count(block.counts[slot]) : Changes.GONE);
        }
        return Census.of(blocks);
    }
}
