package dev.kemudi.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Some whole revisions read from LOG.
 *
 * @param revisions those that have a matching event, in order
 * @param through every revision up to here has been looked at
 */
record LogChunk(List<Machine.Revision> revisions, long through) {
    /** Rows of other keys that one step may pass over before it pauses. */
    private static final int ROWS_PER_EVENT = 32;

    static LogChunk read(
            View view, long from, Predicate<Bytes> wanted, boolean prevKv, Limits limits) {
        List<Machine.Revision> revisions = new ArrayList<>();
        List<Watcher.Event> events = new ArrayList<>();
        long revision = from;
        long bytes = 0;
        int found = 0;
        long rows = 0;
        try (Rows.Cursor cursor = view.cursor(Family.LOG, RowFormat.logKey(from, 0))) {
            for (; cursor.valid(); cursor.next()) {
                byte[] key = cursor.key();
                long next = RowFormat.revisionOf(key);
                if (next != revision) {
                    events = close(revisions, revision, events);
                    if (found >= limits.catchUpEventsMax()
                            || bytes >= limits.catchUpBytesMax()
                            || rows >= (long) limits.catchUpEventsMax() * ROWS_PER_EVENT) {
                        return new LogChunk(revisions, next - 1);
                    }
                    revision = next;
                }
                rows++;
                byte[] row = cursor.value();
                if (wanted.test(RowFormat.keyOfLogged(row))) {
                    events.add(event(view, RowFormat.logged(key, row), prevKv));
                    found++;
                    bytes += row.length;
                }
            }
        }
        close(revisions, revision, events);
        return new LogChunk(revisions, Math.max(view.mark().revision(), from - 1));
    }

    private static List<Watcher.Event> close(
            List<Machine.Revision> revisions, long revision, List<Watcher.Event> events) {
        if (events.isEmpty()) {
            return events;
        }
        revisions.add(new Machine.Revision(revision, events));
        return new ArrayList<>();
    }

    private static Watcher.Event event(View view, RowFormat.Logged logged, boolean prevKv) {
        return new Watcher.Event(
                logged.type(),
                logged.kv(),
                prevKv ? previous(view, logged).stream().toList() : List.of());
    }

    /** The state before, if compaction has left it. */
    private static Optional<KeyValue> previous(View view, RowFormat.Logged logged) {
        if (logged.previousMod() == 0) {
            return Optional.empty();
        }
        Bytes key = logged.kv().key();
        byte[] row = view.get(Family.OLD, RowFormat.oldKey(key, logged.previousMod()));
        return row == null ? Optional.empty() : Optional.of(RowFormat.superseded(key, row).kv());
    }
}
