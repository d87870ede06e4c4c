package dev.kemudi.store;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/*
 * What history is, whatever has been reclaimed
 * --------------------------------------------
 * After a compaction to C these are retained, and no more, though rows may still lie on disk: the states
 * that were alive at C, and every change from C on. CUR holds a state when it is the newest of its key; OLD
 * holds it with the revision that superseded it, so it is retained when that is after C; LOG holds every
 * change from C on. Nodes that reclaimed more or less, and nodes that applied more or less, therefore visit
 * the same.
 *
 * In the order of revisions come first the states that are older than C, sorted outside of memory, for they
 * lie in key order (and of one revision in key order, since what their places in it were is gone); then LOG,
 * which is in order.
 */
/** Walks over everything that is retained of one view. */
final class History {
    private History() {}

    /** Every retained change in the order of revisions. */
    static void visit(View view, Path scratch, int sortBytesMax, Consumer<Watcher.Event> visitor)
            throws IOException {
        long compacted = view.mark().compacted();
        if (compacted > 0) {
            try (RowSort sort = new RowSort(scratch, sortBytesMax)) {
                collect(view, compacted, sort);
                sort.forEach(row ->
                        visitor.accept(
                                new Watcher.Event(
                                        Watcher.Type.PUT, unpack(row), java.util.List.of())));
            }
        }
        try (Rows.Cursor cursor =
                view.cursor(Family.LOG, RowFormat.logKey(Math.max(compacted, 0), 0))) {
            for (; cursor.valid(); cursor.next()) {
                RowFormat.Logged logged = RowFormat.logged(cursor.key(), cursor.value());
                visitor.accept(new Watcher.Event(logged.type(), logged.kv(), java.util.List.of()));
            }
        }
    }

    /** The states older than {@code compacted} that were alive then. */
    private static void collect(View view, long compacted, RowSort sort) throws IOException {
        try (Rows.Cursor cursor = view.cursor(Family.CUR, new byte[0])) {
            for (; cursor.valid(); cursor.next()) {
                KeyValue kv = RowFormat.current(Bytes.of(cursor.key()), cursor.value());
                if (kv.modRevision() < compacted) {
                    sort.add(pack(kv));
                }
            }
        }
        try (Rows.Cursor cursor = view.cursor(Family.OLD, new byte[0])) {
            for (; cursor.valid(); cursor.next()) {
                RowFormat.Superseded old =
                        RowFormat.superseded(RowFormat.keyOfOld(cursor.key()), cursor.value());
                if (old.kv().modRevision() < compacted && old.supersededAt() > compacted) {
                    sort.add(pack(old.kv()));
                }
            }
        }
    }

    /** Begins with the revision and the key, so that bytes order as they should. */
    private static byte[] pack(KeyValue kv) {
        byte[] order = RowFormat.oldFrom(kv.key());
        return new ByteWriter(order.length + kv.value().length() + 48)
                .fixed(kv.modRevision())
                .raw(order)
                .u8(0)
                .u8(1)
                .number(kv.createRevision())
                .number(kv.version())
                .number(kv.lease())
                .raw(kv.value().array())
                .done();
    }

    private static KeyValue unpack(byte[] row) {
        long mod = new ByteReader(row).fixed();
        int end = Long.BYTES;
        while (row[end] != 0 || row[end + 1] != 1) {
            end += row[end] == 0 ? 2 : 1;
        }
        ByteWriter key = new ByteWriter(end);
        for (int i = Long.BYTES; i < end; i++) {
            key.u8(row[i]);
            if (row[i] == 0) {
                i++;
            }
        }
        ByteReader in = new ByteReader(row, end + 2);
        long create = in.number();
        long version = in.number();
        long lease = in.number();
        return new KeyValue(Bytes.of(key.done()), create, mod, version, in.rest(), lease);
    }
}
