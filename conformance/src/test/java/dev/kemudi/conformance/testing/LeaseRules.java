package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.LeaseAct;
import dev.kemudi.conformance.testing.History.LeaseCall;
import dev.kemudi.conformance.testing.History.Violation;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A lease ends when it is revoked, or when its time has passed since the last time it was granted
 * or kept alive: never earlier, whatever happened to the leader.
 */
final class LeaseRules {
    private final History history;
    private final EventLog log;

    LeaseRules(History history, EventLog log) {
        this.history = history;
        this.log = log;
    }

    /** The end of a lease, seen as the deletes at one revision: was it too early? */
    Optional<Violation> ended(long lease, long revision) {
        long seen = log.firstSeenNanos(revision);
        for (LeaseCall call : history.leases()) {
            if (call.id() != lease) {
                continue;
            }
            if (call.act() == LeaseAct.REVOKE && call.calledNanos() <= seen) {
                return Optional.empty();
            }
        }
        for (LeaseCall call : history.leases()) {
            if (call.id() != lease || call.act() == LeaseAct.REVOKE || !call.known()) {
                continue;
            }
            long until = call.calledNanos() + TimeUnit.SECONDS.toNanos(call.ttlSeconds());
            if (call.ttlSeconds() > 0 && seen < until) {
                return Optional.of(
                        new Violation(
                                "lease ended early",
                                "%d at revision %d, %d ms before %s allowed it"
                                        .formatted(
                                                lease,
                                                revision,
                                                TimeUnit.NANOSECONDS.toMillis(until - seen),
                                                call)));
            }
        }
        return Optional.empty();
    }
}
