package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.Cell;
import dev.kemudi.conformance.testing.History.Change;
import dev.kemudi.conformance.testing.History.Delivery;
import dev.kemudi.conformance.testing.History.Violation;
import dev.kemudi.conformance.testing.History.WatchRun;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * All events that any watch was told, merged by revision and replayed: what each key was at each
 * revision, and what is wrong with the log itself. Not safe for use by many threads.
 */
final class EventLog {
    private static final Cell GONE = new Cell("", 0, 0, 0, 0);

    private final TreeMap<Long, TreeMap<String, Change>> revisions = new TreeMap<>();
    private final Map<Long, Long> firstSeenNanos = new HashMap<>();
    private final Map<String, TreeMap<Long, Cell>> cells = new TreeMap<>();
    private final Map<Long, Set<String>> leased = new HashMap<>();
    private final List<Violation> violations = new ArrayList<>();

    /**
     * @param first the revision that the first write makes; earlier events are not expected
     */
    EventLog(List<WatchRun> runs, long first) {
        for (WatchRun run : runs) {
            for (Delivery delivery : run.deliveries()) {
                delivery.changes().forEach(change -> merge(run, delivery, change));
            }
        }
        long expected = first;
        for (Map.Entry<Long, TreeMap<String, Change>> entry : revisions.entrySet()) {
            if (entry.getKey() > expected) {
                violate(
                        "lost revision",
                        "%d to %d were never seen by any watch",
                        expected,
                        entry.getKey() - 1);
            }
            expected = entry.getKey() + 1;
            entry.getValue().values().forEach(this::replay);
        }
    }

    private void violate(String rule, String text, Object... arguments) {
        violations.add(new Violation(rule, text.formatted(arguments)));
    }

    private void merge(WatchRun run, Delivery delivery, Change change) {
        long revision = change.cell().mod();
        firstSeenNanos.merge(revision, delivery.receivedNanos(), Math::min);
        Change known =
                revisions
                        .computeIfAbsent(revision, ignored -> new TreeMap<>())
                        .putIfAbsent(change.key(), change);
        if (known != null && !sameEvent(known, change)) {
            violate(
                    "watches disagree",
                    "revision %d of %s is %s, and %s on %s",
                    revision,
                    change.key(),
                    known,
                    change,
                    run.endpoint());
        }
    }

    static boolean sameEvent(Change one, Change other) {
        return one.delete() == other.delete()
                && one.key().equals(other.key())
                && (one.delete()
                        ? one.cell().mod() == other.cell().mod()
                        : one.cell().equals(other.cell()));
    }

    private void replay(Change change) {
        TreeMap<Long, Cell> history = cells.computeIfAbsent(change.key(), k -> new TreeMap<>());
        Cell before = history.isEmpty() ? GONE : history.lastEntry().getValue();
        Cell now = change.cell();
        if (change.delete()) {
            if (before.version() == 0) {
                violate("delete of nothing", "%s at revision %d", change.key(), now.mod());
            }
            history.put(now.mod(), new Cell("", 0, now.mod(), 0, 0));
            return;
        }
        long create = before.version() == 0 ? now.mod() : before.create();
        if (now.version() != before.version() + 1 || now.create() != create) {
            violate(
                    "version and creation",
                    "%s at revision %d: expected version %d created at %d, found %s",
                    change.key(),
                    now.mod(),
                    before.version() + 1,
                    create,
                    now);
        }
        history.put(now.mod(), now);
        if (now.lease() != 0) {
            leased.computeIfAbsent(now.lease(), ignored -> new HashSet<>()).add(change.key());
        }
    }

    List<Violation> violations() {
        return violations;
    }

    /** 0 when nothing was ever written. */
    long lastRevision() {
        return revisions.isEmpty() ? 0 : revisions.lastKey();
    }

    SortedMap<Long, TreeMap<String, Change>> revisions() {
        return revisions;
    }

    /** What was written at {@code revision}, by key; empty when nothing was. */
    SortedMap<String, Change> at(long revision) {
        return revisions.getOrDefault(revision, new TreeMap<>());
    }

    long firstSeenNanos(long revision) {
        return firstSeenNanos.getOrDefault(revision, History.NEVER);
    }

    /** The key as it was after {@code revision}; empty when it did not exist. */
    Optional<Cell> cell(String key, long revision) {
        TreeMap<Long, Cell> history = cells.get(key);
        Map.Entry<Long, Cell> entry = history == null ? null : history.floorEntry(revision);
        return entry == null || entry.getValue().version() == 0
                ? Optional.empty()
                : Optional.of(entry.getValue());
    }

    /** All keys that a range covers, as they were after {@code revision}. */
    Map<String, Cell> range(Predicate<String> covers, long revision) {
        Map<String, Cell> found = new TreeMap<>();
        for (String key : cells.keySet()) {
            if (covers.test(key)) {
                cell(key, revision).ifPresent(cell -> found.put(key, cell));
            }
        }
        return found;
    }

    /** The keys that hang on a lease after {@code revision}. */
    Set<String> keysOf(long lease, long revision) {
        Set<String> found = new HashSet<>();
        for (String key : leased.getOrDefault(lease, Set.of())) {
            if (cell(key, revision).filter(cell -> cell.lease() == lease).isPresent()) {
                found.add(key);
            }
        }
        return found;
    }
}
