package dev.kemudi.server;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Store;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletionException;

/*
 * etcd's two ways of forgetting by itself. "revision": every five minutes, all but the newest so many
 * revisions. "periodic": what is older than so long; noted ten times in that time (at most every
 * minute, at least every hour's tenth), so that what is kept is never shorter than asked and at most a
 * tenth longer. Only the leader compacts.
 */
/** Compacts now and then, as {@code --auto-compaction-*} say. Safe for use by many threads. */
final class AutoCompaction implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(AutoCompaction.class.getName());
    private static final Duration REVISION_PERIOD = Duration.ofMinutes(5);
    private static final Duration PERIOD_MAX = Duration.ofHours(1);
    private static final int NOTES = 10;

    private final Store store;
    private final TimeSource time;
    private final boolean periodic;
    private final long retained;
    private final Duration period;
    private final Thread thread;
    // bounded by retention / period
    private final Deque<Note> notes = new ArrayDeque<>();

    private record Note(long nanos, long revision) {}

    private AutoCompaction(
            Store store, TimeSource time, boolean periodic, long retained, Duration period) {
        this.store = store;
        this.time = time;
        this.periodic = periodic;
        this.retained = retained;
        this.period = period;
        this.thread = Thread.ofVirtual().name("etcd-compaction").start(this::run);
    }

    /**
     * Starts it, unless the flags ask for none.
     *
     * @throws UsageException when mode or retention cannot be understood
     */
    static AutoCloseable start(EtcdSettings settings, Store store, TimeSource time) {
        String mode = settings.text("auto-compaction-mode");
        String retention = settings.text("auto-compaction-retention");
        if (mode.equals("revision")) {
            if (!retention.matches("\\d{1,18}")) {
                throw wrong(retention, "a number of revisions");
            }
            long revisions = Long.parseLong(retention);
            return revisions == 0
                    ? () -> {}
                    : new AutoCompaction(store, time, false, revisions, REVISION_PERIOD);
        }
        if (!mode.equals("periodic")) {
            throw new UsageException(
                    "invalid value \"%s\" for flag --auto-compaction-mode: expected periodic or revision"
                            .formatted(mode));
        }
        // Without a unit etcd takes hours.
        Duration kept =
                EtcdSettings.duration(retention.matches("\\d+") ? retention + "h" : retention)
                        .orElseThrow(() -> wrong(retention, "a duration such as 1h or 30m"));
        Duration notice = (kept.compareTo(PERIOD_MAX) < 0 ? kept : PERIOD_MAX).dividedBy(NOTES);
        return kept.isZero()
                ? () -> {}
                : new AutoCompaction(store, time, true, kept.toNanos(), notice);
    }

    private static UsageException wrong(String retention, String expected) {
        return new UsageException(
                "invalid value \"%s\" for flag --auto-compaction-retention: expected %s"
                        .formatted(retention, expected));
    }

    private void run() {
        try {
            while (true) {
                time.sleep(period.toMillis());
                long target = periodic ? olderThanRetained() : store.revision() - retained;
                if (target > store.compactedRevision() && store.standing().leading()) {
                    compact(target);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void compact(long target) {
        try {
            Answer answer = store.compact(target).join();
            LOG.log(Level.INFO, "compacted up to revision {0}: {1}", target, answer);
        } catch (CompletionException e) {
            LOG.log(Level.WARNING, "not compacted this time: {0}", e.getCause());
        }
    }

    private long olderThanRetained() {
        long now = time.nanoTime();
        notes.addLast(new Note(now, store.revision()));
        long target = 0;
        while (!notes.isEmpty() && now - notes.getFirst().nanos() >= retained) {
            target = notes.removeFirst().revision();
        }
        return target;
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
