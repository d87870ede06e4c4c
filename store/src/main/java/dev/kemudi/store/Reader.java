package dev.kemudi.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Reads keys from rows, at the newest or any retained revision. Stateless. */
final class Reader {
    /** Stands for the revision of the rows themselves: OLD need not be looked at. */
    static final long NEWEST = Long.MAX_VALUE;

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
        List<KeyValue> kvs = new ArrayList<>();
        long limit = op.limit() <= 0 ? Long.MAX_VALUE : op.limit();
        long[] count = {0};
        // Past the limit only keys are counted: no value is decoded.
        walk(
                rows,
                op.range(),
                wanted(op, current),
                new Sink() {
                    @Override
                    public boolean wanted() {
                        count[0]++;
                        return !op.countOnly() && count[0] <= limit;
                    }

                    @Override
                    public boolean take(KeyValue kv) {
                        kvs.add(op.keysOnly() ? withoutValue(kv) : kv);
                        return true;
                    }
                });
        return new Answer.Ranged(current, kvs, !op.countOnly() && count[0] > kvs.size(), count[0]);
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
                        return visitor.test(op.keysOnly() ? withoutValue(kv) : kv);
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

    private static KeyValue withoutValue(KeyValue kv) {
        return new KeyValue(
                kv.key(),
                kv.createRevision(),
                kv.modRevision(),
                kv.version(),
                Bytes.EMPTY,
                kv.lease());
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
        if (range.isSingle()) {
            Optional<KeyValue> kv = at(rows, range.key(), revision);
            if (kv.isPresent() && sink.wanted()) {
                sink.take(kv.get());
            }
            return;
        }
        try (Rows.Cursor now = rows.cursor(Family.CUR, range.key().array());
                Older older = new Older(rows, range, revision)) {
            while (true) {
                Bytes key = now.valid() ? Bytes.of(now.key()) : null;
                if (key != null && !range.contains(key)) {
                    key = null;
                }
                // OLD rows before the next CUR key belong to keys that are gone or were put anew
                // later.
                Optional<KeyValue> before = older.next(key);
                if (before.isPresent()) {
                    if (sink.wanted() && !sink.take(before.get())) {
                        return;
                    }
                    continue;
                }
                if (key == null) {
                    return;
                }
                boolean existed = revision == NEWEST || modOf(now.value()) <= revision;
                if (existed && sink.wanted() && !sink.take(RowFormat.current(key, now.value()))) {
                    return;
                }
                now.next();
            }
        }
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
                            : rows.cursor(Family.OLD, RowFormat.oldFrom(range.key()));
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
