package dev.kemudi.etcd;

import dev.kemudi.log.Standing;
import dev.kemudi.store.Store;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Looks, a few times a second, at what nobody tells: whether there is a leader, whether this node
 * is a learner, whether certificates have changed. What it saw last is read by every call for one
 * volatile read.
 */
final class Lookout implements AutoCloseable {
    private static final long MILLIS_PER_SECOND = 1_000;

    private final Store store;
    private final Limits limits;
    private final Runnable leaderLost;
    private final EtcdSeries series;
    private final Optional<Certificates> certificates;
    private final Thread thread;
    private volatile Standing standing;

    /**
     * @param leaderLost called when no leader was known for too long
     */
    Lookout(
            Store store,
            Limits limits,
            Runnable leaderLost,
            EtcdSeries series,
            Optional<Certificates> certificates) {
        this.store = store;
        this.limits = limits;
        this.leaderLost = leaderLost;
        this.series = series;
        this.certificates = certificates;
        this.standing = store.standing();
        this.thread = Thread.ofVirtual().name("etcd-lookout").unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    boolean isLearner() {
        return standing.learner();
    }

    private void run() {
        long leaderless = 0;
        long sinceFiles = 0;
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(limits.lookMillis());
                standing = store.standing();
                series.look(standing);
                leaderless = standing.hasLeader() ? 0 : leaderless + limits.lookMillis();
                if (leaderless >= limits.leaderlessMillis()) {
                    leaderLost.run();
                }
                sinceFiles += limits.lookMillis();
                if (sinceFiles >= MILLIS_PER_SECOND) {
                    sinceFiles = 0;
                    certificates.ifPresent(Certificates::refresh);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
