package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.Call;
import dev.kemudi.conformance.testing.History.Cell;
import dev.kemudi.conformance.testing.History.Guard;
import dev.kemudi.conformance.testing.History.Outcome;
import dev.kemudi.conformance.testing.History.Result;
import dev.kemudi.conformance.testing.History.Step;
import dev.kemudi.conformance.testing.History.Target;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/*
 * Wing and Gong's search with Lowe's memory: from the empty prefix, take any operation that no other must
 * come before, if the register allows it, and never visit the same set of taken operations with the same
 * value twice. Linearizability is local, so what a request does to one key is judged alone. This uses no
 * revision: it is there to find what the checker by revision would overlook if the revisions lied.
 */
/** Searches for an order of the operations on one key that explains what each was told. */
final class RegisterSearch {
    private static final String ABSENT = "";
    private final int configurationsMax;

    /**
     * @param configurationsMax gives up, undecided, after so many
     */
    RegisterSearch(int configurationsMax) {
        this.configurationsMax = configurationsMax;
    }

    enum Verdict {
        LINEARIZABLE,
        NOT_LINEARIZABLE,
        UNDECIDED
    }

    enum Kind {
        READ,
        WRITE,
        DELETE,
        SWAP,
        NO_SWAP
    }

    /**
     * What one call did to the key.
     *
     * @param expected of a swap: the value it asked for
     * @param value read or written; empty when absent
     * @param known whether its answer is known; else it may have happened or not
     */
    record Operation(
            long called, long returned, Kind kind, String expected, String value, boolean known) {}

    private record Configuration(BitSet taken, String value) {}

    Verdict search(List<Operation> operations) {
        List<Operation> sorted = new ArrayList<>(operations);
        sorted.sort(Comparator.comparingLong(Operation::called));
        Deque<Configuration> open = new ArrayDeque<>();
        Set<Configuration> visited = new HashSet<>();
        open.push(new Configuration(new BitSet(), ABSENT));
        while (!open.isEmpty()) {
            Configuration now = open.pop();
            if (!visited.add(now)) {
                continue;
            }
            if (visited.size() > configurationsMax) {
                return Verdict.UNDECIDED;
            }
            List<Integer> candidates = candidates(sorted, now.taken());
            if (candidates.stream().noneMatch(i -> sorted.get(i).known())) {
                return Verdict.LINEARIZABLE;
            }
            // Pushed in reverse, so that the one that returned first is tried first.
            candidates.sort(
                    Comparator.comparingLong((Integer i) -> sorted.get(i).returned()).reversed());
            for (int candidate : candidates) {
                after(sorted.get(candidate), now.value())
                        .ifPresent(value -> {
                            BitSet taken = (BitSet) now.taken().clone();
                            taken.set(candidate);
                            open.push(new Configuration(taken, value));
                        });
            }
        }
        return Verdict.NOT_LINEARIZABLE;
    }

    /** What is not taken and was called before anything not taken returned. */
    private static List<Integer> candidates(List<Operation> sorted, BitSet taken) {
        List<Integer> found = new ArrayList<>();
        long firstReturn = History.NEVER;
        for (int i = taken.nextClearBit(0); i < sorted.size(); i = taken.nextClearBit(i + 1)) {
            if (sorted.get(i).called() > firstReturn) {
                break;
            }
            firstReturn = Math.min(firstReturn, sorted.get(i).returned());
            found.add(i);
        }
        long bound = firstReturn;
        found.removeIf(i -> sorted.get(i).called() > bound);
        return found;
    }

    private static Optional<String> after(Operation operation, String value) {
        return switch (operation.kind()) {
            case READ -> operation.value().equals(value) ? Optional.of(value) : Optional.empty();
            case WRITE -> Optional.of(operation.value());
            case DELETE -> Optional.of(ABSENT);
            case SWAP ->
                    operation.expected().equals(value)
                            ? Optional.of(operation.value())
                            : Optional.empty();
            case NO_SWAP ->
                    operation.expected().equals(value) ? Optional.empty() : Optional.of(value);
        };
    }

    /**
     * What the history's linearizable calls did to {@code key}. Writes of unknown outcome whose
     * value the log never shows are left out; lease ends must be added by the caller as deletes.
     */
    static List<Operation> of(History history, EventLog log, String key) {
        List<Operation> found = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        log.revisions()
                .values()
                .forEach(events ->
                        Optional.ofNullable(events.get(key))
                                .ifPresent(event -> seen.add(event.cell().value())));
        for (Call call : history.calls()) {
            if (call.request().serializable() || call.request().atRevision() != 0) {
                continue;
            }
            switch (call.outcome()) {
                case Outcome.Done done -> known(call, done, key, found);
                case Outcome.Unknown ignored -> unknown(call, key, seen, found);
                case Outcome.Refused ignored -> {}
            }
        }
        return found;
    }

    private static void known(Call call, Outcome.Done done, String key, List<Operation> into) {
        List<Step> branch = call.request().branch(done.succeeded());
        Optional<Guard> guard =
                call.request().guards().stream()
                        .filter(g -> g.key().equals(key) && g.target() == Target.VALUE)
                        .findFirst();
        long called = call.calledNanos();
        long returned = call.returnedNanos();
        if (guard.isPresent() && call.request().guards().size() == 1 && !done.succeeded()) {
            String expected = guard.get().expected();
            into.add(new Operation(called, returned, Kind.NO_SWAP, expected, "", true));
        }
        for (int i = 0; i < branch.size(); i++) {
            switch (branch.get(i)) {
                case Step.Put put when put.key().equals(key) ->
                        into.add(
                                guard.isPresent()
                                        ? new Operation(
                                                called,
                                                returned,
                                                Kind.SWAP,
                                                guard.get().expected(),
                                                put.value(),
                                                true)
                                        : new Operation(
                                                called,
                                                returned,
                                                Kind.WRITE,
                                                "",
                                                put.value(),
                                                true));
                case Step.Delete delete when delete.key().equals(key) ->
                        into.add(new Operation(called, returned, Kind.DELETE, "", "", true));
                case Step.Get get when HistoryChecker.covers(get.key(), get.end()).test(key) -> {
                    Cell cell = ((Result.Got) done.results().get(i)).cells().get(key);
                    String value = cell == null ? ABSENT : cell.value();
                    into.add(new Operation(called, returned, Kind.READ, "", value, true));
                }
                default -> {}
            }
        }
    }

    private static void unknown(Call call, String key, Set<String> seen, List<Operation> into) {
        long called = call.calledNanos();
        for (Step step : call.request().then()) {
            if (step instanceof Step.Put put
                    && put.key().equals(key)
                    && seen.contains(put.value())) {
                into.add(new Operation(called, History.NEVER, Kind.WRITE, "", put.value(), false));
            } else if (step instanceof Step.Delete delete && delete.key().equals(key)) {
                into.add(new Operation(called, History.NEVER, Kind.DELETE, "", "", false));
            }
        }
    }
}
