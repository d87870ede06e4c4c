package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.Call;
import dev.kemudi.conformance.testing.History.Cell;
import dev.kemudi.conformance.testing.History.Change;
import dev.kemudi.conformance.testing.History.Guard;
import dev.kemudi.conformance.testing.History.Outcome;
import dev.kemudi.conformance.testing.History.Request;
import dev.kemudi.conformance.testing.History.Result;
import dev.kemudi.conformance.testing.History.Step;
import dev.kemudi.conformance.testing.History.Violation;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/*
 * Why no search is needed
 * -----------------------
 * Every answer of etcd carries the revision at which it was true, and every write makes one revision. So
 * the order that a linearizability checker would have to search for is told. What is left to check:
 *
 * 1. The log of all events, merged from all watches, is one history: each revision is there, versions
 *    count up.
 * 2. Each acknowledged write is in the log at its revision, whole, with nothing else beside it; guards held.
 * 3. Each revision has a cause: an acknowledged write, one of unknown outcome (found by its unique value, at
 *    most once), or a lease that ended.
 * 4. Real time: a write's revision is above, a linearizable read's at or above, every revision that anybody
 *    had been told before the call.
 * 5. A read, linearizable or not, shows the state at the revision that it names.
 *
 * Sorting dominates: O(n log n). RegisterSearch does search, on single keys, as a check of this checker.
 */
/**
 * Judges a history of calls against the events that watches saw. Values written must be unique in
 * the history, so that a write of unknown outcome can be recognised.
 */
final class HistoryChecker {
    private final History history;
    private final EventLog log;
    private final List<Violation> violations = new ArrayList<>();
    private final Map<Long, Call> causes = new HashMap<>();
    private final Map<String, Call> unknownByValue = new HashMap<>();
    private final Map<String, Call> knownByValue = new HashMap<>();
    private final Map<String, Deque<Call>> unknownDeletes = new HashMap<>();
    private final Map<Call, Long> settled = new HashMap<>();
    private final Set<String> valuesWritten = new HashSet<>();
    private final TreeMap<Long, Long> toldBefore = new TreeMap<>();

    HistoryChecker(History history, EventLog log) {
        this.history = history;
        this.log = log;
    }

    /** Every broken promise, in no particular order; empty when the history is right. */
    List<Violation> check() {
        violations.addAll(log.violations());
        List<Call> calls = history.calls();
        told(calls);
        log.revisions()
                .values()
                .forEach(events ->
                        events.values().forEach(event -> valuesWritten.add(event.cell().value())));
        for (Call call : calls) {
            switch (call.outcome()) {
                case Outcome.Done done -> acknowledged(call, done);
                case Outcome.Unknown ignored -> unknown(call);
                case Outcome.Refused ignored -> values(call, call.request().then(), knownByValue);
            }
        }
        unknownDeletes
                .values()
                .forEach(queue -> {
                    List<Call> sorted = new ArrayList<>(queue);
                    sorted.sort(Comparator.comparingLong(Call::calledNanos));
                    queue.clear();
                    queue.addAll(sorted);
                });
        log.revisions().forEach(this::caused);
        return violations;
    }

    /** How many calls of unknown outcome the log shows to have happened. */
    int settledCount() {
        return settled.size();
    }

    private void violate(String rule, String text, Object... arguments) {
        violations.add(new Violation(rule, text.formatted(arguments)));
    }

    /** Fills {@code toldBefore}: time to the highest revision anybody had been told by then. */
    private void told(List<Call> calls) {
        record Told(long nanos, long revision) {}
        List<Told> all = new ArrayList<>();
        for (Call call : calls) {
            if (call.outcome() instanceof Outcome.Done done) {
                all.add(new Told(call.returnedNanos(), done.revision()));
            }
        }
        log.revisions()
                .keySet()
                .forEach(revision -> all.add(new Told(log.firstSeenNanos(revision), revision)));
        all.sort(Comparator.comparingLong(Told::nanos));
        long highest = 0;
        for (Told one : all) {
            highest = Math.max(highest, one.revision());
            toldBefore.put(one.nanos(), highest);
        }
    }

    private long toldBefore(long nanos) {
        Map.Entry<Long, Long> entry = toldBefore.lowerEntry(nanos);
        return entry == null ? 0 : entry.getValue();
    }

    private void acknowledged(Call call, Outcome.Done done) {
        Request request = call.request();
        List<Step> branch = request.branch(done.succeeded());
        values(call, request.then(), knownByValue);
        values(call, request.otherwise(), knownByValue);
        boolean wrote = false;
        for (Result result : done.results()) {
            wrote |=
                    result instanceof Result.Wrote
                            || (result instanceof Result.Deleted deleted && deleted.count() > 0);
        }
        long bound = toldBefore(call.calledNanos());
        long before = wrote ? done.revision() - 1 : done.revision();
        if (wrote) {
            if (done.revision() <= bound) {
                violate("revision went back", "%d was told before %s", bound, call);
            }
            Call other = causes.put(done.revision(), call);
            if (other != null) {
                violate("one revision, two writes", "%s and %s", other, call);
            }
            written(call, branch, done.revision());
        } else if (!request.serializable() && done.revision() < bound) {
            violate("stale read", "%d was told before %s", bound, call);
        }
        guards(call, request.guards(), done.succeeded(), before);
        results(call, branch, done, before);
    }

    private void guards(Call call, List<Guard> guards, boolean succeeded, long before) {
        boolean holds = guards.stream().allMatch(guard -> holds(guard, before));
        if (holds != succeeded) {
            violate(
                    "wrong branch",
                    "guards %s at revision %d: %s",
                    holds ? "held" : "did not hold",
                    before,
                    call);
        }
    }

    private boolean holds(Guard guard, long revision) {
        Optional<Cell> cell = log.cell(guard.key(), revision);
        String found =
                switch (guard.target()) {
                    case VALUE -> cell.map(Cell::value).orElse(null);
                    case VERSION -> cell.map(c -> Long.toString(c.version())).orElse("0");
                    case CREATE -> cell.map(c -> Long.toString(c.create())).orElse("0");
                    case MOD -> cell.map(c -> Long.toString(c.mod())).orElse("0");
                };
        return guard.expected().equals(found);
    }

    /** Reads see the state before their own request's writes: the traffic never mixes the two. */
    private void results(Call call, List<Step> branch, Outcome.Done done, long before) {
        for (int i = 0; i < branch.size(); i++) {
            Result result = done.results().get(i);
            long at = call.request().atRevision() == 0 ? before : call.request().atRevision();
            if (branch.get(i) instanceof Step.Get get && result instanceof Result.Got got) {
                Map<String, Cell> expected = log.range(covers(get.key(), get.end()), at);
                if (!expected.equals(got.cells()) || expected.size() != got.count()) {
                    violate(
                            "read differs from the state",
                            "at revision %d expected %s: %s",
                            at,
                            expected,
                            call);
                }
            } else if (branch.get(i) instanceof Step.Delete delete
                    && result instanceof Result.Deleted deleted) {
                long expected = log.cell(delete.key(), before).isPresent() ? 1 : 0;
                if (deleted.count() != expected) {
                    violate("wrong count of deleted keys", "expected %d: %s", expected, call);
                }
            }
        }
    }

    static Predicate<String> covers(String key, String end) {
        return new History.WatchSpec(key, end, 0, false, false, false)::covers;
    }

    /** The log must hold exactly what the branch writes, at the revision that was acknowledged. */
    private boolean written(Call call, List<Step> branch, long revision) {
        SortedMap<String, Change> events = log.at(revision);
        if (events.isEmpty()) {
            violate("lost write", "nothing was seen at revision %d: %s", revision, call);
            return false;
        }
        int expected = 0;
        boolean right = true;
        for (Step step : branch) {
            switch (step) {
                case Step.Put put -> {
                    Change event = events.get(put.key());
                    right &=
                            event != null
                                    && !event.delete()
                                    && event.cell().value().equals(put.value())
                                    && event.cell().lease() == put.lease();
                    expected++;
                }
                case Step.Delete delete -> {
                    Change event = events.get(delete.key());
                    boolean existed = log.cell(delete.key(), revision - 1).isPresent();
                    right &= existed == (event != null && event.delete());
                    expected += existed ? 1 : 0;
                }
                case Step.Get ignored -> {}
            }
        }
        if (!right || expected != events.size()) {
            violate("half applied", "revision %d holds %s: %s", revision, events.values(), call);
            return false;
        }
        return true;
    }

    private static void values(Call call, List<Step> steps, Map<String, Call> into) {
        for (Step step : steps) {
            if (step instanceof Step.Put put) {
                into.put(put.value(), call);
            }
        }
    }

    private void unknown(Call call) {
        values(call, call.request().then(), unknownByValue);
        values(call, call.request().otherwise(), unknownByValue);
        List<Step> steps = new ArrayList<>(call.request().then());
        steps.addAll(call.request().otherwise());
        // A call whose value is in the log wrote there, and deleted nothing.
        if (steps.stream().anyMatch(step -> step instanceof Step.Put put && isWritten(put))) {
            return;
        }
        for (Step step : steps) {
            if (step instanceof Step.Delete delete) {
                unknownDeletes.computeIfAbsent(delete.key(), k -> new ArrayDeque<>()).add(call);
            }
        }
    }

    private boolean isWritten(Step.Put put) {
        return valuesWritten.contains(put.value());
    }

    /** Each revision must have a cause. */
    private void caused(long revision, SortedMap<String, Change> events) {
        if (causes.containsKey(revision)) {
            return;
        }
        for (Change event : events.values()) {
            if (event.delete()) {
                continue;
            }
            Call known = knownByValue.get(event.cell().value());
            Call call = unknownByValue.get(event.cell().value());
            if (known != null) {
                String rule =
                        known.outcome() instanceof Outcome.Refused
                                ? "refused, yet written"
                                : "applied twice";
                violate(rule, "at revision %d: %s", revision, known);
            } else if (call == null) {
                violate("written by nobody", "revision %d holds %s", revision, event);
            } else {
                settle(call, revision);
            }
            return;
        }
        deleted(revision, events);
    }

    private void settle(Call call, long revision) {
        Long before = settled.putIfAbsent(call, revision);
        if (before != null) {
            violate("applied twice", "at revisions %d and %d: %s", before, revision, call);
            return;
        }
        causes.put(revision, call);
        if (revision <= toldBefore(call.calledNanos())) {
            violate("revision went back", "it was settled at %d: %s", revision, call);
        }
        written(call, branchAt(call, revision), revision);
    }

    private List<Step> branchAt(Call call, long revision) {
        Request request = call.request();
        return request.branch(
                request.guards().stream().allMatch(guard -> holds(guard, revision - 1)));
    }

    private boolean deletes(Call call, String key, long revision) {
        return toldBefore(call.calledNanos()) < revision
                && branchAt(call, revision).contains(new Step.Delete(key));
    }

    /** Only deletes: by a call of unknown outcome, or by a lease that ended. */
    private void deleted(long revision, SortedMap<String, Change> events) {
        if (events.size() == 1) {
            Deque<Call> candidates =
                    unknownDeletes.getOrDefault(events.firstKey(), new ArrayDeque<>());
            boolean leased = leaseAt(events.firstKey(), revision) != 0;
            Optional<Call> cause =
                    candidates.stream()
                            .filter(call -> deletes(call, events.firstKey(), revision))
                            .findFirst();
            if (cause.isPresent() && !leased) {
                candidates.remove(cause.get());
                settle(cause.get(), revision);
                return;
            }
        }
        long lease = leaseAt(events.firstKey(), revision);
        if (lease == 0) {
            violate("deleted by nobody", "revision %d holds %s", revision, events.values());
        } else if (!log.keysOf(lease, revision - 1).equals(events.keySet())) {
            violate(
                    "a lease ended half",
                    "revision %d took %s of %s",
                    revision,
                    events.keySet(),
                    log.keysOf(lease, revision - 1));
        } else {
            new LeaseRules(history, log).ended(lease, revision).ifPresent(violations::add);
        }
    }

    private long leaseAt(String key, long revision) {
        return log.cell(key, revision - 1).map(Cell::lease).orElse(0L);
    }
}
