package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
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
 * Time left is not written anywhere: after a restart (or, with several nodes, after a change of leader) each
 * lease gets its whole time again, as in etcd. So a lease may live longer than granted, never shorter.
 */
/** Counts the time of leases. Safe for use by many threads. */
final class LeaseKeeper {
    private final Map<Long, Term> terms = new ConcurrentHashMap<>();
    private final TimeSource time;

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

    void load(View view) {
        byte[] first = RowFormat.leaseKey(0);
        try (Rows.Cursor cursor = view.cursor(Family.LEASE, first)) {
            while (cursor.valid()) {
                byte[] key = cursor.key();
                long id = new ByteReader(key).fixed();
                terms.put(id, fresh(RowFormat.ttlSeconds(cursor.value())));
                // Over the attachments, to the next lease.
                if (id == -1) {
                    return;
                }
                cursor.seek(RowFormat.leaseKey(id + 1));
            }
        }
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
        if (terms.isEmpty()) {
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
