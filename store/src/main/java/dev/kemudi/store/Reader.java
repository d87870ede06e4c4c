package dev.kemudi.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads keys from rows, at the newest or any retained revision. Stateless. */
final class Reader {
    /** Stands for the revision of the rows themselves: OLD need not be looked at. */
    static final long NEWEST = Long.MAX_VALUE;

    /** An older count is today's, taken back over so many changes; past it keys are walked. */
    private static final int GROWTH_ROWS_MAX = 4_096;

    private Reader() {}

    static Optional<KeyValue> newest(Rows rows, Bytes key) {
        byte[] row = rows.get(Family.CUR, key.array());
        return row == null ? Optional.empty() : Optional.of(RowFormat.current(key, row));
    }

    static Optional<KeyValue> at(Rows rows, Bytes key, long revision) {
        Optional<KeyValue> newest = newest(rows, key);
        if (revision == NEWEST || (newest.isPresent() && newest.get().modRevision() <= revision)) {
            return newest;
        }
        byte[] from = RowFormat.oldKey(key, revision);
        try (Rows.Cursor cursor = rows.cursor(Family.OLD, from)) {
            if (!cursor.valid() || !sameKey(cursor.key(), from)) {
                return Optional.empty();
            }
            RowFormat.Superseded old = RowFormat.superseded(key, cursor.value());
            return old.supersededAt() > revision ? Optional.of(old.kv()) : Optional.empty();
        }
    }

    private static boolean sameKey(byte[] oldKey, byte[] other) {
        int length = other.length - Long.BYTES;
        return oldKey.length == other.length && Arrays.equals(oldKey, 0, length, other, 0, length);
    }

    /**
     * Answers a range.
     *
     * @param current the revision of {@code rows}
     */
    static Answer range(Rows rows, Op.Range op, long current, long compacted) {
        Optional<Answer> refused = refused(op, current, compacted);
        if (refused.isPresent()) {
            return refused.get();
        }
        long at = wanted(op, current);
        if (op.countOnly()) {
            return new Answer.Ranged(current, List.of(), false, count(rows, op.range(), at));
        }
        List<KeyValue> kvs = new ArrayList<>();
        long limit = op.limit() <= 0 ? Long.MAX_VALUE : op.limit();
        boolean[] more = {false};
        walk(
                rows,
                op.range(),
                at,
                op.keysOnly(),
                new Sink() {
                    @Override
                    public boolean wanted() {
                        return true;
                    }

                    @Override
                    public boolean take(KeyValue kv) {
                        more[0] = kvs.size() >= limit;
                        if (!more[0]) {
                            kvs.add(kv);
                        }
                        return !more[0];
                    }
                });
        long count = more[0] ? count(rows, op.range(), at) : kvs.size();
        return new Answer.Ranged(current, kvs, more[0], count);
    }

    /** How many keys of {@code range} existed at {@code revision}. */
    static long count(Rows rows, KeyRange range, long revision) {
        if (revision == NEWEST) {
            return rows.count(range);
        }
        if (range.isSingle()) {
            return at(rows, range.key(), revision).isPresent() ? 1 : 0;
        }
        OptionalLong since = growth(rows, range, revision);
        if (since.isPresent()) {
            return rows.count(range) - since.getAsLong();
        }
        long[] count = {0};
        walk(
                rows,
                range,
                revision,
                true,
                new Sink() {
                    @Override
                    public boolean wanted() {
                        count[0]++;
                        return false;
                    }

                    @Override
                    public boolean take(KeyValue kv) {
                        return true;
                    }
                });
        return count[0];
    }

    /** By how many keys {@code range} has grown since; empty when too much has happened. */
    private static OptionalLong growth(Rows rows, KeyRange range, long revision) {
        long growth = 0;
        int looked = 0;
        try (Rows.Cursor cursor = rows.cursor(Family.LOG, RowFormat.logKey(revision + 1, 0))) {
            for (; cursor.valid(); cursor.next()) {
                if (looked++ == GROWTH_ROWS_MAX) {
                    return OptionalLong.empty();
                }
                byte[] row = cursor.value();
                if (range.contains(RowFormat.keyOfLogged(row))) {
                    growth += RowFormat.growth(row);
                }
            }
        }
        return OptionalLong.of(growth);
    }

    static Answer scan(
            Rows rows, Op.Range op, long current, long compacted, Predicate<KeyValue> visitor) {
        Optional<Answer> refused = refused(op, current, compacted);
        if (refused.isPresent()) {
            return refused.get();
        }
        long limit = op.limit() <= 0 ? Long.MAX_VALUE : op.limit();
        long[] visited = {0};
        boolean[] cut = {false};
        walk(
                rows,
                op.range(),
                wanted(op, current),
                op.keysOnly(),
                new Sink() {
                    @Override
                    public boolean wanted() {
                        return true;
                    }

                    @Override
                    public boolean take(KeyValue kv) {
                        if (visited[0] == limit) {
                            cut[0] = true;
                            return false;
                        }
                        visited[0]++;
                        return visitor.test(kv);
                    }
                });
        return new Answer.Ranged(current, List.of(), cut[0], visited[0]);
    }

    private static Optional<Answer> refused(Op.Range op, long current, long compacted) {
        if (op.range().key().isEmpty()) {
            return Optional.of(new Answer.Refused(Answer.Reason.EMPTY_KEY, current));
        }
        if (op.revision() > current) {
            return Optional.of(new Answer.Refused(Answer.Reason.FUTURE_REVISION, current));
        }
        if (op.revision() > 0 && op.revision() < compacted) {
            return Optional.of(new Answer.Refused(Answer.Reason.COMPACTED, current));
        }
        return Optional.empty();
    }

    private static long wanted(Op.Range op, long current) {
        return op.revision() <= 0 || op.revision() == current ? NEWEST : op.revision();
    }

    /** Where found keys go. */
    interface Sink {
        /** Called once per key found, in order; false: only the key's existence mattered. */
        boolean wanted();

        /** Takes a wanted key; false ends the walk. */
        boolean take(KeyValue kv);
    }

    /** Every key of {@code range} that existed at {@code revision}, in key order. */
    static void walk(Rows rows, KeyRange range, long revision, Sink sink) {
        walk(rows, range, revision, false, sink);
    }

    /** As {@link #walk(Rows, KeyRange, long, Sink)}, with empty values when only keys matter. */
    static void walk(Rows rows, KeyRange range, long revision, boolean keysOnly, Sink sink) {
        if (range.isSingle()) {
            Optional<KeyValue> kv = at(rows, range.key(), revision);
            if (kv.isPresent() && sink.wanted()) {
                sink.take(keysOnly ? withoutValue(kv.get()) : kv.get());
            }
            return;
        }
        byte[] end = range.isOpenEnded() ? null : range.end().array();
        try (Rows.Cursor now = rows.cursor(Family.CUR, range.key().array(), end);
                Older older = new Older(rows, range, revision)) {
            while (true) {
                Bytes key = now.valid() ? Bytes.of(now.key()) : null;
                // OLD rows before the next CUR key belong to keys that are gone or were put anew
                // later.
                Optional<KeyValue> before = revision == NEWEST ? Optional.empty() : older.next(key);
                if (before.isPresent()) {
                    KeyValue kv = before.get();
                    if (sink.wanted() && !sink.take(keysOnly ? withoutValue(kv) : kv)) {
                        return;
                    }
                    continue;
                }
                if (key == null) {
                    return;
                }
                boolean existed = revision == NEWEST || modOf(now.value()) <= revision;
                if (existed
                        && sink.wanted()
                        && !sink.take(RowFormat.current(key, now.value(), keysOnly))) {
                    return;
                }
                now.next();
            }
        }
    }

    private static KeyValue withoutValue(KeyValue kv) {
        return new KeyValue(
                kv.key(),
                kv.createRevision(),
                kv.modRevision(),
                kv.version(),
                Bytes.EMPTY,
                kv.lease());
    }

    private static long modOf(byte[] currentRow) {
        ByteReader in = new ByteReader(currentRow);
        in.number();
        return in.number();
    }

    /**
     * The states of OLD that were valid at a revision, in key order, read along with CUR. A key
     * whose CUR row is already valid at the revision has no such state, so no key comes twice. At
     * the newest revision OLD has nothing to say.
     */
    private static final class Older implements AutoCloseable {
        private final Rows.@Nullable Cursor cursor;
        private final KeyRange range;
        private final long revision;
        private @Nullable KeyValue found;

        Older(Rows rows, KeyRange range, long revision) {
            this.range = range;
            this.revision = revision;
            this.cursor =
                    revision == NEWEST
                            ? null
                            : rows.cursor(
                                    Family.OLD,
                                    RowFormat.oldFrom(range.key()),
                                    range.isOpenEnded() ? null : RowFormat.oldFrom(range.end()));
            advance();
        }

        private void advance() {
            found = null;
            while (cursor != null && cursor.valid() && found == null) {
                byte[] row = cursor.key();
                Bytes key = RowFormat.keyOfOld(row);
                if (!range.contains(key)) {
                    return;
                }
                if (RowFormat.modOfOld(row) > revision) {
                    cursor.seek(RowFormat.oldKey(key, revision));
                    continue;
                }
                RowFormat.Superseded old = RowFormat.superseded(key, cursor.value());
                if (old.supersededAt() > revision) {
                    found = old.kv();
                }
                cursor.seek(RowFormat.oldAfter(key));
            }
        }

        /** The next one at or before {@code key}; null: whatever is left. */
        Optional<KeyValue> next(@Nullable Bytes key) {
            KeyValue next = found;
            if (next == null || (key != null && next.key().compareTo(key) > 0)) {
                return Optional.empty();
            }
            advance();
            return Optional.of(next);
        }

        @Override
        public void close() {
            if (cursor != null) {
                cursor.close();
            }
        }
    }
}
