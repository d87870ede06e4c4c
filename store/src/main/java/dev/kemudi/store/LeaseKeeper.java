package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/*
 * How a lease runs out
 * --------------------
 * The keeper counts on the monotonic clock, so that a jump of the wall clock expires nothing early. A lease
 * that ran out is marked, and its revoke is proposed like anybody's; only when that is applied are the keys
 * gone, for everybody at one revision. A keep-alive sets the deadline anew unless the mark is there: then it
 * is answered as after the revoke.
 *
 * Only the leader counts: keep-alives reach it alone. Time left is not written anywhere: after a restart,
 * and whenever leadership moves, each lease gets its whole time again, as in etcd. So a lease may live
 * longer than granted, never shorter. A leader that was deposed and does not know yet may still find one run
 * out: its revoke names its term, and under another term it is refused (Command.LeaseExpire).
 */
/** Counts the time of leases. Safe for use by many threads. */
final class LeaseKeeper {
    private final Map<Long, Term> terms = new ConcurrentHashMap<>();
    private final TimeSource time;
    private long knownTerm;
    private boolean leading;

    /** The term this node leads in, 0 while it follows. */
    private volatile long leadingTerm;

    /**
     * @param expiring its revoke is on the way: no keep-alive helps any more
     */
    private record Term(long ttlSeconds, long deadlineNanos, boolean expiring) {}

    LeaseKeeper(TimeSource time) {
        this.time = time;
    }

    private Term fresh(long ttlSeconds) {
        return new Term(ttlSeconds, time.nanoTime() + TimeUnit.SECONDS.toNanos(ttlSeconds), false);
    }

    /** What leadership is now; an older word than the last is ignored. */
    synchronized void standing(long term, boolean nowLeading) {
        if (term < knownTerm || (term == knownTerm && nowLeading == leading)) {
            return;
        }
        knownTerm = term;
        leading = nowLeading;
        // First the time, then the right to expire.
        leadingTerm = 0;
        terms.replaceAll((id, old) -> fresh(old.ttlSeconds));
        leadingTerm = nowLeading ? term : 0;
    }

    /** The term this node leads in, 0 while it follows. */
    long leadingTerm() {
        return leadingTerm;
    }

    /** Everything of a view, in place of what was known. */
    synchronized void load(View view) {
        Map<Long, Long> found = read(view);
        terms.keySet().retainAll(found.keySet());
        found.forEach((id, ttlSeconds) -> terms.put(id, fresh(ttlSeconds)));
    }

    /** Every lease with its time to live, by id. */
    static SortedMap<Long, Long> read(Rows rows) {
        SortedMap<Long, Long> found = new TreeMap<>();
        try (Rows.Cursor cursor = rows.cursor(Family.LEASE, RowFormat.leaseKey(0))) {
            while (cursor.valid()) {
                long id = new ByteReader(cursor.key()).fixed();
                found.put(id, RowFormat.ttlSeconds(cursor.value()));
                // Over the attachments, to the next lease.
                if (id == -1) {
                    break;
                }
                cursor.seek(RowFormat.leaseKey(id + 1));
            }
        }
        return found;
    }

    void changed(List<Machine.LeaseChange> changes) {
        for (Machine.LeaseChange change : changes) {
            if (change.ttlSeconds() == 0) {
                terms.remove(change.id());
            } else {
                terms.put(change.id(), fresh(change.ttlSeconds()));
            }
        }
    }

    /** Answers for the leader, or says that this is not the leader. */
    LeaseTalk.Reply answer(LeaseTalk.Question question) {
        long term = leadingTerm;
        long id = question.id();
        if (term == 0) {
            return new LeaseTalk.Reply(0, LeaseTalk.State.UNKNOWN, 0, 0);
        }
        OptionalLong ttl = question.renew() ? keepAlive(id) : ttlSeconds(id);
        if (ttl.isPresent()) {
            return new LeaseTalk.Reply(
                    term, LeaseTalk.State.ALIVE, ttl.getAsLong(), remainingSeconds(id));
        }
        return new LeaseTalk.Reply(
                term,
                terms.containsKey(id) ? LeaseTalk.State.EXPIRING : LeaseTalk.State.UNKNOWN,
                0,
                0);
    }

    boolean knows(long id) {
        return terms.containsKey(id);
    }

    /** The full time to live, counted anew; empty when there is no such lease any more. */
    OptionalLong keepAlive(long id) {
        Term renewed =
                terms.computeIfPresent(
                        id, (i, term) -> term.expiring ? term : fresh(term.ttlSeconds));
        return renewed == null || renewed.expiring
                ? OptionalLong.empty()
                : OptionalLong.of(renewed.ttlSeconds);
    }

    OptionalLong ttlSeconds(long id) {
        Term term = terms.get(id);
        return term == null || term.expiring
                ? OptionalLong.empty()
                : OptionalLong.of(term.ttlSeconds);
    }

    /** Whole seconds left, rounded down as etcd does; 0 when it is running out right now. */
    long remainingSeconds(long id) {
        Term term = terms.get(id);
        return term == null
                ? 0
                : Math.max(0, TimeUnit.NANOSECONDS.toSeconds(term.deadlineNanos - time.nanoTime()));
    }

    List<Long> ids() {
        return terms.entrySet().stream()
                .filter(entry -> !entry.getValue().expiring)
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }

    int size() {
        return terms.size();
    }

    /** Marks what has run out and names it: the caller proposes the revokes. */
    List<Long> expire(int max) {
        if (terms.isEmpty() || leadingTerm == 0) {
            return List.of();
        }
        long now = time.nanoTime();
        List<Long> expired = new ArrayList<>();
        for (Map.Entry<Long, Term> entry : terms.entrySet()) {
            Term term = entry.getValue();
            if (expired.size() == max) {
                break;
            }
            if (!term.expiring
                    && now - term.deadlineNanos >= 0
                    && terms.replace(
                            entry.getKey(),
                            term,
                            new Term(term.ttlSeconds, term.deadlineNanos, true))) {
                expired.add(entry.getKey());
            }
        }
        return expired;
    }

    /** The revoke did not get through: it is tried again at the next tick. */
    void notExpired(long id) {
        terms.computeIfPresent(
                id, (i, term) -> new Term(term.ttlSeconds, term.deadlineNanos, false));
    }
}
