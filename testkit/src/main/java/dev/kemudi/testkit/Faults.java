package dev.kemudi.testkit;

import dev.kemudi.api.Status;
import dev.kemudi.apiserver.ApiServer;
import dev.kemudi.apiserver.RequestFilter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Makes the API server misbehave as servers do on their worst days. Everything here concerns
 * clients that come over HTTP; {@link Cluster#client} goes past it. Safe for use by many threads.
 */
public final class Faults {
    private static final Set<String> WRITES = Set.of("update", "patch");

    private final ApiServer server;
    private final List<Refusal> refusals = new ArrayList<>();
    private Duration latency = Duration.ZERO;

    /** So many more times. */
    private static final class Refusal {
        private final Predicate<RequestFilter.Request> which;
        private final Status status;
        private int left;

        Refusal(int left, Status status, Predicate<RequestFilter.Request> which) {
            this.left = left;
            this.status = status;
            this.which = which;
        }
    }

    Faults(ApiServer server) {
        this.server = server;
        server.filter(this::refusal);
    }

    private Optional<Status> refusal(RequestFilter.Request request) throws InterruptedException {
        Thread.sleep(latency());
        synchronized (this) {
            for (Refusal refusal : refusals) {
                if (refusal.left > 0 && refusal.which.test(request)) {
                    refusal.left--;
                    return Optional.of(refusal.status);
                }
            }
            return Optional.empty();
        }
    }

    private synchronized Duration latency() {
        return latency;
    }

    /** From now on each request waits for so long before it is looked at; zero ends that. */
    public synchronized void delayRequests(Duration by) {
        latency = by;
    }

    /** Answers the next {@code times} of these requests so, and lets later ones pass again. */
    public synchronized void refuseNext(
            int times, Status status, Predicate<RequestFilter.Request> which) {
        refusals.removeIf(refusal -> refusal.left == 0);
        refusals.add(new Refusal(times, status, which));
    }

    /**
     * The next {@code times} updates and patches are told that the object has changed (409), as
     * when another client was quicker.
     */
    public void conflictNext(int times) {
        refuseNext(
                times,
                Status.of(
                        409,
                        "Conflict",
                        "the object has been modified; please apply your changes to the latest"
                                + " version and try again"),
                request -> WRITES.contains(request.verb()));
    }

    /**
     * The next {@code times} watches and lists that go on from a revision are told that it is gone
     * (410), as after a compaction.
     */
    public void expireNext(int times) {
        refuseNext(
                times,
                Status.of(410, "Expired", "too old resource version"),
                request ->
                        !request.resourceVersion().isEmpty()
                                && !request.resourceVersion().equals("0"));
    }

    /** Ends the watches that are open now; clients have to begin them again. */
    public void dropWatches() {
        server.endWatches();
    }

    /** Stops the server for so long; afterwards it is there again on the same port. */
    public void restartServer(Duration away) throws InterruptedException {
        server.restart(away);
    }

    /** From now on everything is as it should be. */
    public synchronized void end() {
        latency = Duration.ZERO;
        refusals.clear();
    }
}
