package dev.kemudi.node;

import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/*
 * When a probe looks
 * ------------------
 * After its initial delay at once, then every period. A container that just started and did not pass its
 * readiness or startup probe yet is looked at more often (50 ms, doubled up to the period), so that it is
 * ready when it is ready and not up to a period later. Such extra looks can only help: a failure counts
 * towards the threshold at most once a period.
 */
/**
 * Looks at one container with one probe until told to stop. The pod's thread reads what it found.
 */
final class ProbeLoop implements Runnable {
    private static final long FIRST_PAUSE_MILLIS = 50;

    /** What the loop tells; called on the loop's own thread. */
    interface Listener {
        /**
         * @param healthy whether the threshold says so; {@code message} why not
         */
        void changed(boolean healthy);

        void failed(String message);
    }

    /** One look. */
    interface Look {
        Probe.Outcome once() throws InterruptedException;
    }

    private final Probe probe;
    private final Look look;
    private final BooleanSupplier enabled;
    private final Semaphore places;
    private final Listener listener;
    private boolean healthy;
    private boolean everHealthy;
    private int successes;
    private int failures;

    /**
     * @param healthy what is believed before the first look
     * @param enabled whether looking makes sense now: liveness and readiness wait for startup
     */
    ProbeLoop(
            Probe probe,
            boolean healthy,
            Look look,
            BooleanSupplier enabled,
            Semaphore places,
            Listener listener) {
        this.probe = probe;
        this.healthy = healthy;
        this.look = look;
        this.enabled = enabled;
        this.places = places;
        this.listener = listener;
    }

    @Override
    public void run() {
        try {
            Thread.sleep(probe.initialDelaySeconds() * 1000L);
            while (!enabled.getAsBoolean()) {
                Thread.sleep(FIRST_PAUSE_MILLIS / 2);
            }
            long periodNanos = probe.periodSeconds() * 1_000_000_000L;
            long lastCounted = System.nanoTime() - periodNanos;
            long pauseMillis = FIRST_PAUSE_MILLIS;
            while (true) {
                long began = System.nanoTime();
                Probe.Outcome outcome = once();
                // A small allowance: a sleep of one period may wake a little early.
                boolean counts = began - lastCounted >= periodNanos - 5_000_000;
                if (outcome.success() || counts) {
                    lastCounted = counts ? began : lastCounted;
                    count(outcome);
                }
                if (everHealthy || probe.kind().equals("liveness")) {
                    Thread.sleep(
                            Math.max(1, (began + periodNanos - System.nanoTime()) / 1_000_000));
                } else {
                    Thread.sleep(pauseMillis);
                    pauseMillis = Math.min(probe.periodSeconds() * 1000L, pauseMillis * 2);
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private Probe.Outcome once() throws InterruptedException {
        places.acquire();
        try {
            return look.once();
        } finally {
            places.release();
        }
    }

    private void count(Probe.Outcome outcome) {
        if (outcome.success()) {
            failures = 0;
            successes++;
            if (!healthy && successes >= probe.successThreshold()) {
                healthy = true;
                listener.changed(true);
            }
            everHealthy |= healthy;
            return;
        }
        successes = 0;
        failures++;
        listener.failed(outcome.message());
        if (failures >= probe.failureThreshold()
                && (healthy || !probe.kind().equals("readiness"))) {
            healthy = false;
            failures = 0;
            listener.changed(false);
        }
    }
}
