package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.Call;
import dev.kemudi.conformance.testing.History.Cell;
import dev.kemudi.conformance.testing.History.Change;
import dev.kemudi.conformance.testing.History.Delivery;
import dev.kemudi.conformance.testing.History.Guard;
import dev.kemudi.conformance.testing.History.LeaseAct;
import dev.kemudi.conformance.testing.History.LeaseCall;
import dev.kemudi.conformance.testing.History.Outcome;
import dev.kemudi.conformance.testing.History.Request;
import dev.kemudi.conformance.testing.History.Result;
import dev.kemudi.conformance.testing.History.Step;
import dev.kemudi.conformance.testing.History.Target;
import dev.kemudi.conformance.testing.History.Violation;
import dev.kemudi.conformance.testing.History.WatchRun;
import dev.kemudi.conformance.testing.History.WatchSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A small history told by hand; times are whole seconds. */
final class Told {
    private static final long SECOND = 1_000_000_000L;
    static final WatchSpec ALL = new WatchSpec("a", "z", 2, false, false, false);

    private final History history = new History();
    private final List<Delivery> deliveries = new ArrayList<>();

    Told put(double from, double to, String key, String value, long revision) {
        return call(from, to, Request.of(new Step.Put(key, value, 0)), wrote(revision));
    }

    Told lostAnswer(double from, String key, String value) {
        return unknown(from, Request.of(new Step.Put(key, value, 0)));
    }

    Told unknown(double from, Request request) {
        history.add(
                new Call(
                        1,
                        "n1",
                        at(from),
                        History.NEVER,
                        request,
                        new Outcome.Unknown("no answer")));
        return this;
    }

    Told pair(double from, double to, String one, String other, String value, long revision) {
        Request request =
                Request.of(new Step.Put(one, value + "1", 0), new Step.Put(other, value + "2", 0));
        List<Result> results = List.of(new Result.Wrote(), new Result.Wrote());
        return call(from, to, request, new Outcome.Done(revision, true, results));
    }

    Told swap(double from, double to, String key, String old, String value, long revision) {
        return call(from, to, swap(key, old, value), wrote(revision));
    }

    static Request swap(String key, String old, String value) {
        return new Request(
                List.of(new Guard(key, Target.VALUE, old)),
                List.of(new Step.Put(key, value, 0)),
                List.of(new Step.Get(key, "")),
                false,
                0);
    }

    Told get(double from, double to, boolean serializable, long revision, String key, Cell cell) {
        Map<String, Cell> cells = cell == null ? Map.of() : Map.of(key, cell);
        return call(
                from,
                to,
                new Request(List.of(), List.of(new Step.Get(key, "")), List.of(), serializable, 0),
                new Outcome.Done(revision, true, List.of(new Result.Got(cells, cells.size()))));
    }

    Told call(double from, double to, Request request, Outcome outcome) {
        history.add(new Call(1, "n1", at(from), at(to), request, outcome));
        return this;
    }

    Told lease(LeaseAct act, long id, long ttl, double from, double to) {
        history.add(new LeaseCall(act, id, ttl, at(from), at(to), true));
        return this;
    }

    Told event(double at, String key, Cell cell) {
        return events(at, false, put(key, cell));
    }

    Told events(double at, boolean fragment, Change... changes) {
        long header = changes.length == 0 ? 0 : changes[changes.length - 1].cell().mod();
        deliveries.add(new Delivery(at(at), header, fragment, false, List.of(changes)));
        return this;
    }

    Told progress(double at, long revision) {
        deliveries.add(new Delivery(at(at), revision, false, true, List.of()));
        return this;
    }

    static Outcome.Done wrote(long revision) {
        return new Outcome.Done(revision, true, List.of(new Result.Wrote()));
    }

    static Cell cell(String value, long create, long mod, long version) {
        return new Cell(value, create, mod, version, 0);
    }

    static Change put(String key, Cell cell) {
        return new Change(false, key, cell, Optional.empty());
    }

    static Change gone(String key, long revision) {
        return new Change(true, key, new Cell("", 0, revision, 0, 0), Optional.empty());
    }

    static long at(double seconds) {
        return (long) (seconds * SECOND);
    }

    History history() {
        return history;
    }

    EventLog log() {
        return new EventLog(List.of(new WatchRun("n1", ALL, deliveries)), 2);
    }

    /** The rules that the history breaks. */
    List<String> broken() {
        return new HistoryChecker(history, log()).check().stream().map(Violation::rule).toList();
    }

    /** The rules that a watch with these deliveries would break, the told ones being the truth. */
    List<String> brokenBy(WatchSpec spec, List<Delivery> other) {
        return new WatchRules(log(), 0)
                .check(List.of(new WatchRun("n2", spec, other))).stream()
                        .map(Violation::rule)
                        .toList();
    }

    List<Delivery> deliveries() {
        return deliveries;
    }
}
