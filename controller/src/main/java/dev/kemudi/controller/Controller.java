package dev.kemudi.controller;

import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Workers that call a {@link Reconciler} for every key that informers report, each key with one
 * worker at a time. Starts working when all watched informers have synced. A reconcile that throws
 * comes back after a growing pause. Safe for use by many threads.
 */
public final class Controller implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Controller.class.getName());
    private static final long DRAIN_MILLIS = 5_000;
    private static final Duration SYNC_STEP = Duration.ofSeconds(10);

    /** A change of an object, as the keys of what must be looked at again. */
    @FunctionalInterface
    public interface Mapper extends Function<ApiObject, Collection<ObjectKey>> {}

    private final String name;
    private final Reconciler reconciler;
    private final WorkQueue<ObjectKey> queue;
    private final int workers;
    private final List<Informer> informers = new ArrayList<>();
    private final List<Registration> registrations = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final CounterDataPoint errors;
    private final DistributionDataPoint seconds;
    private final TimeSource time;
    private volatile boolean working;
    private volatile boolean closed;

    /**
     * @param workers keys that are worked on at the same time
     */
    public Controller(
            String name,
            Reconciler reconciler,
            int workers,
            TimeSource time,
            Limits limits,
            ControllerMetrics metrics) {
        this.name = name;
        this.reconciler = reconciler;
        this.workers = workers;
        this.time = time;
        this.queue = new WorkQueue<>(name, time, limits, metrics);
        this.errors = metrics.reconcileErrors.labelValues(name);
        this.seconds = metrics.reconcileSeconds.labelValues(name);
    }

    /**
     * Works on every object of {@code informer} that is added, changed or deleted. Before {@link
     * #start}.
     */
    public Controller watches(Informer informer) {
        return watches(informer, object -> List.of(object.key()));
    }

    /**
     * Works on the keys that {@code mapper} names for every object that is added, changed (before
     * and after) or deleted. Before {@link #start}.
     */
    public Controller watches(Informer informer, Mapper mapper) {
        informers.add(informer);
        registrations.add(
                informer.addHandler(
                        new EventHandler() {
                            @Override
                            public void onAdd(ApiObject object, boolean initial) {
                                mapper.apply(object).forEach(Controller.this::add);
                            }

                            @Override
                            public void onUpdate(ApiObject old, ApiObject now) {
                                Collection<ObjectKey> keys = mapper.apply(now);
                                keys.forEach(Controller.this::add);
                                mapper.apply(old).stream()
                                        .filter(k -> !keys.contains(k))
                                        .forEach(Controller.this::add);
                            }

                            @Override
                            public void onDelete(ApiObject last, boolean stateUnknown) {
                                mapper.apply(last).forEach(Controller.this::add);
                            }
                        }));
        return this;
    }

    /** The queue, for a reconciler or a handler that knows of more keys. */
    public WorkQueue<ObjectKey> queue() {
        return queue;
    }

    private void add(ObjectKey key) {
        try {
            queue.add(key);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Starts the workers; returns at once. */
    public Controller start() {
        for (int i = 0; i < workers; i++) {
            threads.add(Thread.ofVirtual().name(name + " worker " + i).start(this::work));
        }
        return this;
    }

    private void work() {
        try {
            for (Informer informer : informers) {
                while (!informer.awaitSynced(SYNC_STEP)) {
                    if (closed) {
                        return;
                    }
                }
            }
            working = true;
            while (queue.take() instanceof Optional<ObjectKey> key && key.isPresent()) {
                reconcile(key.get());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void reconcile(ObjectKey key) throws InterruptedException {
        long began = time.nanoTime();
        try {
            Result result = reconciler.reconcile(key);
            queue.forget(key);
            switch (result) {
                case Result.Done _ -> {}
                case Result.RequeueAfter(long millis) ->
                        queue.addAfter(key, millis - (time.nanoTime() - began) / 1_000_000);
            }
        } catch (InterruptedException e) {
            throw e;
        } catch (ApiException e) {
            failed(key, e, e.conflict() || e.notFound() || e.alreadyExists());
        } catch (Exception | LinkageError | StackOverflowError | AssertionError e) {
            failed(key, e, false);
        } finally {
            queue.done(key);
            seconds.observe((time.nanoTime() - began) / 1e9);
        }
    }

    /** Lost races are everyday: they are retried without a word. */
    private void failed(ObjectKey key, Throwable why, boolean lostRace) {
        if (!lostRace) {
            errors.inc();
            System.Logger.Level level =
                    closed ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING;
            LOG.log(level, name + " of " + key + " failed, will try again", why);
        }
        queue.addRateLimited(key);
    }

    /**
     * Takes no new work, lets running reconciles end (at most five seconds), then interrupts what
     * is left.
     */
    @Override
    public void close() {
        closed = true;
        registrations.forEach(Registration::close);
        try {
            if (working) {
                queue.shutdownWithDrain(DRAIN_MILLIS);
            } else {
                queue.shutdown();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.forEach(Thread::interrupt);
    }
}
