package dev.kemudi.conformance.testing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What clients asked of a store, what they were told, and when. Times are nanoseconds of one clock.
 * Filled by many threads, read when they are done.
 */
final class History {
    /** The time of return of a call that never did. */
    static final long NEVER = Long.MAX_VALUE;

    private final List<Call> calls = Collections.synchronizedList(new ArrayList<>());
    private final List<LeaseCall> leases = Collections.synchronizedList(new ArrayList<>());
    private final List<WatchRun> watches = Collections.synchronizedList(new ArrayList<>());

    /** One key's value at one revision. */
    record Cell(String value, long create, long mod, long version, long lease) {}

    /** One step of a request. An empty {@code end} means the one key. */
    sealed interface Step {
        record Put(String key, String value, long lease) implements Step {}

        record Delete(String key) implements Step {}

        record Get(String key, String end) implements Step {}
    }

    /** What a guard looks at. */
    enum Target {
        VALUE,
        VERSION,
        CREATE,
        MOD
    }

    /** Holds when the target of the key equals what is expected; numbers in decimal. */
    record Guard(String key, Target target, String expected) {}

    /**
     * @param atRevision 0 for the newest
     */
    record Request(
            List<Guard> guards,
            List<Step> then,
            List<Step> otherwise,
            boolean serializable,
            long atRevision) {
        static Request of(Step... steps) {
            return new Request(List.of(), List.of(steps), List.of(), false, 0);
        }

        List<Step> branch(boolean succeeded) {
            return succeeded ? then : otherwise;
        }
    }

    /** What one step answered. */
    sealed interface Result {
        record Wrote() implements Result {}

        record Deleted(long count) implements Result {}

        record Got(Map<String, Cell> cells, long count) implements Result {}
    }

    /** How a call ended. */
    sealed interface Outcome {
        record Done(long revision, boolean succeeded, List<Result> results) implements Outcome {}

        /** Certainly without effect. */
        record Refused(String why) implements Outcome {}

        /** Perhaps with effect, perhaps later. */
        record Unknown(String why) implements Outcome {}
    }

    record Call(
            int client,
            String endpoint,
            long calledNanos,
            long returnedNanos,
            Request request,
            Outcome outcome) {}

    enum LeaseAct {
        GRANT,
        KEEP,
        REVOKE
    }

    /**
     * @param ttlSeconds what the server said; 0 when it does not know the lease
     * @param known whether an answer came
     */
    record LeaseCall(
            LeaseAct act,
            long id,
            long ttlSeconds,
            long calledNanos,
            long returnedNanos,
            boolean known) {}

    record WatchSpec(
            String key,
            String end,
            long startRevision,
            boolean prevKv,
            boolean noPut,
            boolean noDelete) {
        boolean covers(String other) {
            return end.isEmpty()
                    ? other.equals(key)
                    : other.compareTo(key) >= 0 && other.compareTo(end) < 0;
        }
    }

    /** One event; of a delete only {@code cell.mod()} means something. */
    record Change(boolean delete, String key, Cell cell, Optional<Cell> previous) {}

    /** One answer on a watch. */
    record Delivery(
            long receivedNanos,
            long headerRevision,
            boolean fragment,
            boolean progress,
            List<Change> changes) {}

    /** One watch from its creation until it ended; a resumed watch is another one. */
    record WatchRun(String endpoint, WatchSpec spec, List<Delivery> deliveries) {}

    /** What breaks a promise: which, and how. */
    record Violation(String rule, String text) {
        @Override
        public String toString() {
            return rule + ": " + text;
        }
    }

    void add(Call call) {
        calls.add(call);
    }

    void add(LeaseCall call) {
        leases.add(call);
    }

    void add(WatchRun run) {
        watches.add(run);
    }

    List<Call> calls() {
        return snapshot(calls);
    }

    List<LeaseCall> leases() {
        return snapshot(leases);
    }

    List<WatchRun> watches() {
        return snapshot(watches);
    }

    private static <T> List<T> snapshot(List<T> list) {
        synchronized (list) {
            return List.copyOf(list);
        }
    }

    /** Every call, lease call and event, one a line, for a person to read. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        calls().forEach(call -> lines.add(call.toString()));
        leases().forEach(call -> lines.add(call.toString()));
        for (WatchRun run : watches()) {
            lines.add("Watch[" + run.endpoint() + ", " + run.spec() + "]");
            run.deliveries().forEach(delivery -> lines.add("  " + delivery));
        }
        return lines;
    }
}
