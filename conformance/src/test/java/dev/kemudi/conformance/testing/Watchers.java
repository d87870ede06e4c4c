package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.WatchSpec;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Watches one node all the time: one watch that sees everything from the first revision and resumes
 * where it was cut off, and others at random places that come and go.
 */
final class Watchers implements Runnable {
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(4);

    private final Node node;
    private final History history;
    private final Random random;
    private final AtomicBoolean stop;
    private volatile long seen;
    private volatile long resumes;

    Watchers(Node node, History history, long seed, AtomicBoolean stop) {
        this.node = node;
        this.history = history;
        this.random = new Random(seed);
        this.stop = stop;
    }

    /** Up to here the watch of everything has seen everything. */
    long seen() {
        return seen;
    }

    long resumes() {
        return resumes;
    }

    @Override
    public void run() {
        long from = 2;
        Watching all = everything(from);
        Watching some = anywhere();
        long someUntil = until();
        while (!stop.get()) {
            Pace.millis(200);
            long last = all.lastRevision();
            seen = Math.max(seen, last);
            if (random.nextInt(5) == 0) {
                all.askProgress();
            }
            if (all.ended() || all.silentNanos() > SILENCE_NANOS) {
                end(all);
                from = Math.max(from, all.lastRevision() + 1);
                seen = from - 1;
                all = everything(from);
                resumes++;
            }
            if (some.ended() || System.nanoTime() > someUntil) {
                end(some);
                some = anywhere();
                someUntil = until();
            }
        }
        end(all);
        end(some);
    }

    private void end(Watching watching) {
        watching.end();
        history.add(watching.run());
    }

    private Watching everything(long from) {
        return Watching.open(
                node,
                new WatchSpec(Traffic.FIRST_KEY, Traffic.LAST_KEY, from, true, false, false),
                false);
    }

    private long until() {
        return System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1_000 + random.nextInt(4_000));
    }

    private Watching anywhere() {
        String key = List.of("k", "lease/", "k1", "rk", "new/").get(random.nextInt(5));
        String end = random.nextInt(4) == 0 ? "" : key + "~";
        int filter = random.nextInt(4);
        long start = Math.max(1, seen - 60 + random.nextInt(90));
        return Watching.open(
                node,
                new WatchSpec(
                        end.isEmpty() ? "k2" : key,
                        end,
                        random.nextInt(5) == 0 ? 0 : start,
                        random.nextBoolean(),
                        filter == 0,
                        filter == 1),
                random.nextBoolean());
    }
}
