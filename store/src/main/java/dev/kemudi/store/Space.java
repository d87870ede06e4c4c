package dev.kemudi.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A view with changes upon it: what the applier sees while it works through a batch. One command's
 * changes can be taken back. Used by one thread.
 */
final class Space implements Rows {
    private final View base;
    private final Changes changes = new Changes();
    private final Deque<Undo> undos = new ArrayDeque<>();

    /** Rows of CUR that were looked up below; those that are not there are GONE. */
    private final Map<Bytes, byte[]> below = new HashMap<>();

    private record Undo(Family family, byte[] key, byte @Nullable [] before) {}

    Space(View base) {
        this.base = base;
    }

    /** What there is to write; complete, births too. */
    Changes changes() {
        List<Changes.Birth> births = new ArrayList<>();
        long growth = 0;
        for (Map.Entry<byte[], byte[]> row : changes.of(Family.CUR).entrySet()) {
            byte[] key = row.getKey();
            byte[] before = below(key);
            growth += bytes(key, row.getValue()) - bytes(key, before);
            addBirth(births, key, before, row.getValue());
        }
        for (Map.Entry<byte[], byte[]> row : changes.of(Family.LOG).entrySet()) {
            growth += row.getKey().length + row.getValue().length;
        }
        changes.births(births);
        changes.grow(growth - changes.growth());
        return changes;
    }

    @SuppressWarnings("ReferenceEquality") // GONE is an identity
    private static long bytes(byte[] key, byte[] row) {
        return row == Changes.GONE ? 0 : key.length + row.length;
    }

    @SuppressWarnings("ReferenceEquality") // GONE is an identity
    private static void addBirth(
            List<Changes.Birth> births, byte[] key, byte[] before, byte[] after) {
        int delta = (after == Changes.GONE ? 0 : 1) - (before == Changes.GONE ? 0 : 1);
        if (delta != 0) {
            births.add(new Changes.Birth(key, delta));
        }
    }

    /** The row of CUR before the changes, or {@link Changes#GONE}. */
    private byte[] below(byte[] key) {
        Bytes wrapped = Bytes.of(key);
        byte[] known = below.get(wrapped);
        if (known == null) {
            byte[] row = base.get(Family.CUR, key);
            known = row == null ? Changes.GONE : row;
            below.put(wrapped, known);
        }
        return known;
    }

    /** From here on {@link #rollback} takes back. */
    void begin() {
        undos.clear();
    }

    void rollback() {
        while (!undos.isEmpty()) {
            Undo undo = undos.pop();
            if (undo.before == null) {
                changes.of(undo.family).remove(undo.key);
            } else {
                changes.of(undo.family).put(undo.key, undo.before);
            }
        }
    }

    void put(Family family, byte[] key, byte[] value) {
        byte[] before = changes.of(family).put(key, value);
        undos.push(new Undo(family, key, before));
    }

    void delete(Family family, byte[] key) {
        put(family, key, Changes.GONE);
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // GONE is an identity
    public byte @Nullable [] get(Family family, byte[] key) {
        byte[] row = changes.get(family, key);
        if (row == null && family == Family.CUR) {
            row = below(key);
        }
        if (row == null) {
            return base.get(family, key);
        }
        return row == Changes.GONE ? null : row;
    }

    @Override
    public long count(KeyRange range) {
        TreeMap<byte[], byte[]> changed = changes.of(Family.CUR);
        long count = base.count(range);
        if (changed.isEmpty()) {
            return count;
        }
        byte[] from = range.key().array();
        SortedMap<byte[], byte[]> within =
                range.isSingle()
                        ? changed.subMap(from, true, from, true)
                        : range.isOpenEnded()
                                ? changed.tailMap(from)
                                : range.key().compareTo(range.end()) < 0
                                        ? changed.subMap(from, range.end().array())
                                        : Collections.emptySortedMap();
        List<Changes.Birth> births = new ArrayList<>();
        within.forEach((key, row) -> addBirth(births, key, below(key), row));
        for (Changes.Birth birth : births) {
            count += birth.delta();
        }
        return count;
    }

    @Override
    public Cursor cursor(Family family, byte[] from) {
        TreeMap<byte[], byte[]> changed = changes.of(family);
        Cursor below = base.cursor(family, from);
        return changed.isEmpty() ? below : new Merged(changed, below, from);
    }

    @Override
    public Cursor cursor(Family family, byte[] from, byte @Nullable [] to) {
        return changes.of(family).isEmpty()
                ? base.cursor(family, from, to)
                : Rows.super.cursor(family, from, to);
    }

    /** Two ordered sources as one; a change hides the base row of the same key. */
    private static final class Merged implements Cursor {
        private final TreeMap<byte[], byte[]> changed;
        private final Cursor below;
        private Map.@Nullable Entry<byte[], byte[]> above;
        private boolean onAbove;

        Merged(TreeMap<byte[], byte[]> changed, Cursor below, byte[] from) {
            this.changed = changed;
            this.below = below;
            this.above = changed.ceilingEntry(from);
            settle();
        }

        @SuppressWarnings("ReferenceEquality")
        private void settle() {
            while (true) {
                Map.Entry<byte[], byte[]> top = above;
                if (top == null) {
                    onAbove = false;
                    return;
                }
                int order = below.valid() ? Arrays.compareUnsigned(top.getKey(), below.key()) : -1;
                if (order > 0) {
                    onAbove = false;
                    return;
                }
                if (order == 0) {
                    below.next();
                }
                if (top.getValue() != Changes.GONE) {
                    onAbove = true;
                    return;
                }
                above = changed.higherEntry(top.getKey());
            }
        }

        @Override
        public boolean valid() {
            return onAbove || below.valid();
        }

        @Override
        public byte[] key() {
            return onAbove && above != null ? above.getKey() : below.key();
        }

        @Override
        public byte[] value() {
            return onAbove && above != null ? above.getValue() : below.value();
        }

        @Override
        public void next() {
            if (onAbove && above != null) {
                above = changed.higherEntry(above.getKey());
            } else {
                below.next();
            }
            settle();
        }

        @Override
        public void seek(byte[] key) {
            below.seek(key);
            above = changed.ceilingEntry(key);
            settle();
        }

        @Override
        public void close() {
            below.close();
        }
    }
}
