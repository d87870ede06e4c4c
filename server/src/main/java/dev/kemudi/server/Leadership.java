package dev.kemudi.server;

import dev.kemudi.api.ApiException;
import dev.kemudi.log.Standing;
import dev.kemudi.store.Store;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;

/*
 * Who acts
 * --------
 * Every member serves the APIs; only the member that leads the log acts: one scheduler, one set of
 * controllers, one node with its pods, one gateway. A member that begins to lead starts them upon what
 * the store says, as a restart does; one that leads no longer stops them, pods first, before it does
 * anything else. A leader that is cut off learns of it when its heartbeats go unanswered for an
 * election's time, about when the others elect; until its pods have stopped, a pod may run twice. What
 * the controllers of a leader that is cut off would write is refused: a write needs a majority.
 */
/** Starts and stops {@link Actors} as leadership comes and goes. Safe for use by many threads. */
final class Leadership implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Leadership.class.getName());

    /** A tenth of an election: leadership is noticed early, and asking costs nothing. */
    private static final int ASK_EVERY_MILLIS = 50;

    /**
     * After a failed start, such as a port in use, so that the reason is not logged at every turn.
     */
    private static final int RETRY_MILLIS = 2_000;

    private final Store store;
    private final Making making;
    private final AtomicReference<PrometheusRegistry> acting = new AtomicReference<>();
    private final Thread thread;
    private Optional<Actors> actors = Optional.empty();
    private volatile boolean closed;

    /** Makes and starts the actors, with a registry of their own. */
    @FunctionalInterface
    interface Making {
        Actors make(PrometheusRegistry registry)
                throws IOException, InterruptedException, ExecutionException;
    }

    Leadership(Store store, Making making, PrometheusRegistry registry) {
        this.store = store;
        this.making = making;
        registry.register(
                (MultiCollector)
                        () -> {
                            PrometheusRegistry now = acting.get();
                            return now == null ? MetricSnapshots.of() : now.scrape();
                        });
        this.thread = Thread.ofVirtual().name("kemudi-leadership").start(this::follow);
    }

    private void follow() {
        try {
            while (!closed) {
                Standing standing = store.standing();
                if (standing.leading() && actors.isEmpty()) {
                    begin();
                } else if (!standing.leading() && actors.isPresent()) {
                    LOG.log(Level.WARNING, "no longer the leader: stopping pods and controllers");
                    end();
                }
                Thread.sleep(ASK_EVERY_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void begin() throws InterruptedException {
        PrometheusRegistry registry = new PrometheusRegistry();
        LOG.log(Level.INFO, "leader: starting controllers, pods and the gateway");
        try {
            actors = Optional.of(making.make(registry));
            acting.set(registry);
        } catch (IOException | ExecutionException | RuntimeException e) {
            failed(
                    e instanceof ExecutionException && e.getCause() instanceof Exception why
                            ? why
                            : e);
        }
    }

    private static void failed(Exception why) throws InterruptedException {
        if (why instanceof ApiException refused && Patience.isPassing(refused)) {
            LOG.log(Level.WARNING, "this member leads no longer: {0}", why.getMessage());
            return;
        }
        LOG.log(Level.ERROR, "this member leads and cannot act; trying again", why);
        Thread.sleep(RETRY_MILLIS);
    }

    private void end() {
        acting.set(null);
        actors.ifPresent(Actors::close);
        actors = Optional.empty();
    }

    /** Stops following, and the actors. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        end();
    }
}
