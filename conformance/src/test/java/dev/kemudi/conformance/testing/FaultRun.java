package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.Call;
import dev.kemudi.conformance.testing.History.Outcome;
import dev.kemudi.conformance.testing.History.Request;
import dev.kemudi.conformance.testing.History.Step;
import dev.kemudi.conformance.testing.History.Violation;
import dev.kemudi.conformance.testing.RegisterSearch.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The program behind {@code faults.sh}: starts a cluster, loads it, hurts it so many times, and
 * judges what the clients were told.
 */
final class FaultRun {
    private static final int CLIENTS = 6;
    private static final int SEARCH_CONFIGURATIONS = 200_000;
    private static final int SHOWN_MAX = 12;

    private final Node.Setup setup;
    private final Map<String, String> options;
    private final long seed;
    private final History history = new History();
    private final Faulty cluster;
    private final List<Violation> violations = new ArrayList<>();

    private FaultRun(Map<String, String> options) {
        this.options = options;
        this.seed = Long.parseLong(required(options, "seed"));
        setup =
                new Node.Setup(
                        required(options, "server"),
                        Path.of(required(options, "dir")),
                        Integer.parseInt(required(options, "nodes")),
                        required(options, "namespaces").equals("yes"),
                        required(options, "prefix"),
                        required(options, "subnet"),
                        options.getOrDefault("faketime", ""));
        cluster =
                new Faulty(
                        setup,
                        seed,
                        required(options, "etcdctl"),
                        required(options, "disks").equals("yes"));
    }

    private static String required(Map<String, String> options, String name) {
        return Objects.requireNonNull(options.get(name), () -> "expected " + name + "=…");
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (String argument : arguments) {
            String[] pair = argument.split("=", 2);
            options.put(pair[0], pair[1]);
        }
        FaultRun run = new FaultRun(options);
        boolean fine;
        try {
            fine = run.go();
        } finally {
            run.cluster.close();
        }
        System.exit(fine ? 0 : 1);
    }

    private static void say(String text, Object... arguments) {
        System.out.println(text.formatted(arguments));
    }

    private boolean go() throws Exception {
        say("seed %d, %d nodes of %s", seed, setup.nodes(), setup.server());
        if (!cluster.startAll()) {
            violations.add(new Violation("did not start", "see the logs in " + setup.directory()));
            return verdict(0);
        }
        AtomicBoolean stop = new AtomicBoolean();
        AtomicBoolean stopWatching = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        List<Traffic> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Traffic client = new Traffic(i, cluster.nodes(), history, seed * 31 + i, stop, 25);
            clients.add(client);
            threads.add(Thread.ofVirtual().start(client));
        }
        List<Watchers> watchers = new ArrayList<>();
        List<Thread> watching = new ArrayList<>();
        for (Node node : cluster.nodes()) {
            Watchers one = new Watchers(node, history, seed * 17 + node.number(), stopWatching);
            watchers.add(one);
            watching.add(Thread.ofVirtual().start(one));
        }
        cluster.compactable(
                () -> watchers.stream().mapToLong(Watchers::seen).min().orElseThrow() - 1);
        Map<Fault, Integer> done = hurt();
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        cluster.healAll();
        settle(watchers);
        stopWatching.set(true);
        for (Thread thread : watching) {
            thread.join();
        }
        done.forEach((fault, times) -> say("  %-15s %d", fault, times));
        say("  watches resumed %d times", watchers.stream().mapToLong(Watchers::resumes).sum());
        judge();
        return verdict(done.values().stream().mapToInt(Integer::intValue).sum());
    }

    private Map<Fault, Integer> hurt() {
        int wanted = Integer.parseInt(required(options, "faults"));
        long end =
                System.nanoTime()
                        + TimeUnit.SECONDS.toNanos(Long.parseLong(required(options, "seconds")));
        Map<Fault, Integer> done = new EnumMap<>(Fault.class);
        Set<Fault> possible = possible();
        Pace.millis(1_000);
        for (int i = 0; i < wanted && System.nanoTime() < end; i++) {
            Fault fault = cluster.draw(possible);
            long began = System.nanoTime();
            cluster.inject(fault);
            boolean recovered = cluster.recovered(120_000);
            long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            say(
                    "fault %3d %-15s %s, %d ms",
                    i + 1, fault, recovered ? "healed" : "NOT HEALED", millis);
            done.merge(fault, 1, Integer::sum);
            if (!recovered) {
                violations.add(new Violation("did not recover", fault + " with seed " + seed));
                break;
            }
            Pace.millis(1_000);
        }
        return done;
    }

    private Set<Fault> possible() {
        Set<Fault> possible = new TreeSet<>();
        List<String> only =
                options.getOrDefault("only", "").isEmpty()
                        ? List.of()
                        : Arrays.asList(required(options, "only").split(","));
        for (Fault fault : Fault.values()) {
            String why =
                    switch (fault.needs()) {
                        case NOTHING -> "";
                        case NAMESPACES -> setup.namespaces() ? "" : "no network namespaces";
                        case DISKS ->
                                required(options, "disks").equals("yes") ? "" : "no loop disks";
                        case FAKE_TIME -> setup.fakeTime().isEmpty() ? "no libfaketime" : "";
                    };
            if (setup.nodes() < fault.nodesMin()) {
                continue;
            }
            if (!why.isEmpty()) {
                say("not possible here: %s (%s)", fault, why);
            } else if (only.isEmpty() || only.contains(fault.name())) {
                possible.add(fault);
            }
        }
        return possible;
    }

    /** Last words: a write through each node, the state of each node, and all watches up to it. */
    private void settle(List<Watchers> watchers) {
        if (!cluster.recovered(120_000)) {
            violations.add(new Violation("did not recover", "after the last fault was healed"));
            return;
        }
        AtomicBoolean never = new AtomicBoolean();
        for (Node node : cluster.nodes()) {
            Traffic last = new Traffic(100 + node.number(), List.of(node), history, seed, never, 0);
            last.call(Request.of(new Step.Put("last", "last-" + node.name(), 0)));
        }
        // Leases that were left alone run out: 4 s of their own, and once more after a new leader.
        boolean ranOut = Pace.until(25_000, () -> cluster.leases() == 0);
        if (!ranOut) {
            violations.add(new Violation("leases do not end", cluster.leases() + " are left"));
        }
        for (Node node : cluster.nodes()) {
            Traffic last = new Traffic(100 + node.number(), List.of(node), history, seed, never, 0);
            Step all = new Step.Get(Traffic.FIRST_KEY, Traffic.LAST_KEY);
            last.call(Request.of(all));
            last.call(new Request(List.of(), List.of(all), List.of(), true, 0));
        }
        long end =
                history.calls().stream()
                        .filter(call -> call.outcome() instanceof Outcome.Done)
                        .mapToLong(call -> ((Outcome.Done) call.outcome()).revision())
                        .max()
                        .orElse(0);
        if (!Pace.until(20_000, () -> watchers.stream().allMatch(w -> w.seen() >= end))) {
            List<Long> seen = watchers.stream().map(Watchers::seen).toList();
            violations.add(new Violation("watch stuck", "at " + seen + ", the store at " + end));
        }
        if (setup.nodes() > 1) {
            cluster.hashes().ifPresent(violations::add);
        }
    }

    private void judge() {
        EventLog log = new EventLog(history.watches(), 2);
        HistoryChecker checker = new HistoryChecker(history, log);
        violations.addAll(checker.check());
        violations.addAll(new WatchRules(log, cluster.compacted()).check(history.watches()));
        int undecided = 0;
        for (int i = 0; i < Traffic.KEYS; i++) {
            Verdict verdict =
                    new RegisterSearch(SEARCH_CONFIGURATIONS)
                            .search(RegisterSearch.of(history, log, "k" + i));
            undecided += verdict == Verdict.UNDECIDED ? 1 : 0;
            if (verdict == Verdict.NOT_LINEARIZABLE) {
                violations.add(new Violation("not linearizable", "key k" + i + " by search"));
            }
        }
        List<Call> calls = history.calls();
        long known = calls.stream().filter(c -> c.outcome() instanceof Outcome.Done).count();
        long lost = calls.stream().filter(c -> c.outcome() instanceof Outcome.Unknown).count();
        say(
                "calls %d: %d answered, %d unknown (%d of them settled as done), %d refused",
                calls.size(), known, lost, checker.settledCount(), calls.size() - known - lost);
        say(
                "revisions %d, watches %d, events told %d, lease calls %d, compacted to %d",
                log.lastRevision(),
                history.watches().size(),
                history.watches().stream()
                        .flatMap(run -> run.deliveries().stream())
                        .mapToLong(delivery -> delivery.changes().size())
                        .sum(),
                history.leases().size(),
                cluster.compacted());
        say("search by key: %d of %d decided", Traffic.KEYS - undecided, Traffic.KEYS);
        Map<String, Integer> why = new TreeMap<>();
        for (Call call : calls) {
            switch (call.outcome()) {
                case Outcome.Unknown unknown -> why.merge(brief(unknown.why()), 1, Integer::sum);
                case Outcome.Refused refused -> why.merge(brief(refused.why()), 1, Integer::sum);
                case Outcome.Done ignored -> {}
            }
        }
        why.forEach((text, times) -> say("  %5d x %s", times, text));
        say("servers that ended by themselves: %d", cluster.exits());
    }

    /** Without what differs from call to call. */
    private static String brief(String why) {
        return why.replaceAll("\\d+(\\.\\d+)*", "#").lines().findFirst().orElse("");
    }

    private boolean verdict(int faults) throws IOException {
        violations.stream().limit(SHOWN_MAX).forEach(one -> say("VIOLATION %s", one));
        if (!violations.isEmpty()) {
            Path file = Path.of(required(options, "history"));
            List<String> lines = new ArrayList<>();
            violations.forEach(one -> lines.add("VIOLATION " + one));
            lines.addAll(history.lines());
            Files.write(file, lines);
            say("history written to %s", file);
        }
        say(
                "verdict: %s, %d faults, %d violations, seed %d",
                violations.isEmpty() ? "right" : "WRONG", faults, violations.size(), seed);
        return violations.isEmpty();
    }
}
