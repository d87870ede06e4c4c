package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.Cell;
import dev.kemudi.conformance.testing.History.Change;
import dev.kemudi.conformance.testing.History.Delivery;
import dev.kemudi.conformance.testing.History.Violation;
import dev.kemudi.conformance.testing.History.WatchRun;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * etcd's promises for one watch: ordered, unique, atomic, reliable, resumable, bookmarkable, with
 * the right previous values, creation marks and filters. The rules are those of etcd's robustness
 * tests.
 */
final class WatchRules {
    private final EventLog log;
    private final long compactedMax;
    private final List<Violation> violations = new ArrayList<>();

    /**
     * @param compactedMax the highest revision that was compacted: previous values at or below it
     *     may be missing
     */
    WatchRules(EventLog log, long compactedMax) {
        this.log = log;
        this.compactedMax = compactedMax;
    }

    List<Violation> check(List<WatchRun> runs) {
        runs.forEach(this::check);
        return violations;
    }

    private void violate(String rule, WatchRun run, String text, Object... arguments) {
        String where = " (watch on %s, %s)".formatted(run.endpoint(), run.spec());
        violations.add(new Violation(rule, text.formatted(arguments) + where));
    }

    private void check(WatchRun run) {
        Set<String> seen = new HashSet<>();
        List<Change> told = new ArrayList<>();
        long last = 0;
        long promised = 0;
        boolean open = false;
        for (Delivery delivery : run.deliveries()) {
            boolean begins = true;
            for (Change change : delivery.changes()) {
                long revision = change.cell().mod();
                if (revision < last) {
                    violate("watch out of order", run, "%d after %d", revision, last);
                }
                if (revision == last && begins && !open) {
                    violate("watch split a revision", run, "%d came in two answers", revision);
                }
                if (!seen.add(revision + " " + change.key())) {
                    violate("watch duplicate", run, "%s at %d", change.key(), revision);
                }
                if (revision <= promised) {
                    violate(
                            "watch bookmark",
                            run,
                            "%d came after progress was told to be %d",
                            revision,
                            promised);
                }
                content(run, change);
                told.add(change);
                last = Math.max(last, revision);
                begins = false;
            }
            open = delivery.fragment();
            if (delivery.progress()) {
                promised = Math.max(promised, delivery.headerRevision());
            }
        }
        complete(run, told, Math.max(last, promised));
    }

    private void content(WatchRun run, Change change) {
        long revision = change.cell().mod();
        if (!run.spec().covers(change.key())) {
            violate("watch range", run, "%s is outside", change.key());
        }
        if (run.spec().startRevision() > revision) {
            violate("watch start", run, "%d is before the start", revision);
        }
        if (change.delete() ? run.spec().noDelete() : run.spec().noPut()) {
            violate("watch filter", run, "%s passed the filter", change);
        }
        Optional<Cell> before = log.cell(change.key(), revision - 1);
        if (!change.delete()) {
            boolean created = change.cell().create() == revision;
            if (created != before.isEmpty() || created != (change.cell().version() == 1)) {
                violate("watch creation mark", run, "%s, before it %s", change, before);
            }
        }
        if (run.spec().prevKv()) {
            boolean mayMiss = change.previous().isEmpty() && revision - 1 <= compactedMax;
            if (!change.previous().equals(before) && !mayMiss) {
                violate("watch previous value", run, "%s, expected %s", change, before);
            }
        } else if (change.previous().isPresent()) {
            violate("watch previous value", run, "%s was not asked for", change.previous());
        }
    }

    /**
     * From the start, or the first event told when the watch began at "now", nothing is missing.
     */
    private void complete(WatchRun run, List<Change> told, long until) {
        long from = run.spec().startRevision();
        if (from == 0) {
            if (told.isEmpty()) {
                return;
            }
            from = told.stream().mapToLong(change -> change.cell().mod()).min().orElseThrow();
        }
        if (from > until) {
            return;
        }
        Set<String> present = new HashSet<>();
        told.forEach(change -> present.add(change.cell().mod() + " " + change.key()));
        Map<Long, TreeMap<String, Change>> span = log.revisions().subMap(from, until + 1);
        Iterator<TreeMap<String, Change>> each = span.values().iterator();
        while (each.hasNext()) {
            for (Change change : each.next().values()) {
                boolean wanted =
                        run.spec().covers(change.key())
                                && !(change.delete() ? run.spec().noDelete() : run.spec().noPut());
                if (wanted && !present.contains(change.cell().mod() + " " + change.key())) {
                    violate("watch gap", run, "%s was never told", change);
                }
            }
        }
    }
}
