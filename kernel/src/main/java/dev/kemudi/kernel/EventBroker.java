package dev.kemudi.kernel;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;

/*
 * How a slow reader is treated
 * ----------------------------
 * The publisher numbers an event and puts it into each subscription's own bounded buffer. When that buffer
 * is full, what it holds is useless to a reader who will miss the next event anyway: it is thrown away, the
 * newest event becomes its only content, and the reader is told Resync(from = that event's number) before
 * it. So a reader sees either every event, or a Resync that says from where on it again sees every event; it
 * then lists the present state, which is at least as new as event from - 1, and goes on.
 *
 * What holds always
 * -----------------
 * - Numbers start at 1 and have no gaps; all subscribers see the same number on the same event.
 * - Between two items of one subscription there is a gap only when the second is a Resync.
 * - publish() waits for nobody but other publishers, for the time of visiting the buffers.
 */
/**
 * Tells events to many subscribers, each at its own pace, in one order. Safe for use by many
 * threads.
 *
 * @param <E> immutable events
 */
public final class EventBroker<E> implements AutoCloseable {
    private final String name;
    private final Limits limits;
    private final PrometheusRegistry registry;
    private final MultiCollector metrics = this::collect;
    private final LongAdder resyncs = new LongAdder();
    private final ReentrantLock lock = new ReentrantLock();
    private final Set<Subscription<E>> subscriptions = new LinkedHashSet<>();
    private volatile long sequence;
    private boolean closed;

    /**
     * @param name the label {@code broker}; one broker per name and registry
     */
    public EventBroker(String name, Limits limits, PrometheusRegistry registry) {
        this.name = name;
        this.limits = limits;
        this.registry = registry;
        registry.register(metrics);
    }

    /**
     * Numbers the event and hands it to everyone; never waits for a subscriber. After {@link
     * #close} nobody listens.
     *
     * @return the event's number, from 1
     */
    public long publish(E event) {
        lock.lock();
        try {
            long number = sequence + 1;
            sequence = number;
            Item.Event<E> item = new Item.Event<>(number, event);
            for (Subscription<E> subscription : subscriptions) {
                if (subscription.offer(item)) {
                    resyncs.increment();
                }
            }
            return number;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Everything published from now on. Subscribe first, then list the present state, then read:
     * nothing is missed.
     *
     * @throws RejectedExecutionException when {@link Limits#subscribersMax} are there already
     */
    public Subscription<E> subscribe() {
        lock.lock();
        try {
            if (subscriptions.size() >= limits.subscribersMax()) {
                throw new RejectedExecutionException(
                        "broker %s has %d subscribers, its limit"
                                .formatted(name, subscriptions.size()));
            }
            Subscription<E> subscription =
                    new Subscription<>(sequence, limits.subscriberEventsMax(), this::leave);
            if (closed) {
                subscription.end();
            } else {
                subscriptions.add(subscription);
            }
            return subscription;
        } finally {
            lock.unlock();
        }
    }

    /** Number of the last event, 0 before the first. */
    public long sequence() {
        return sequence;
    }

    public int subscribers() {
        lock.lock();
        try {
            return subscriptions.size();
        } finally {
            lock.unlock();
        }
    }

    private void leave(Subscription<E> subscription) {
        lock.lock();
        try {
            subscriptions.remove(subscription);
        } finally {
            lock.unlock();
        }
    }

    /** Subscribers read what they still hold and then {@link Item.Ended}. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            subscriptions.forEach(Subscription::end);
            subscriptions.clear();
        } finally {
            lock.unlock();
            registry.unregister(metrics);
        }
    }

    private MetricSnapshots collect() {
        return MetricSnapshots.of(
                counter("kemudi_kernel_broker_published", "Events published.", sequence),
                counter(
                        "kemudi_kernel_broker_resyncs",
                        "Times a slow subscriber was told to resync.",
                        resyncs.sum()));
    }

    private CounterSnapshot counter(String metric, String help, double value) {
        return CounterSnapshot.builder()
                .name(metric)
                .help(help)
                .dataPoint(
                        CounterDataPointSnapshot.builder()
                                .labels(Labels.of("broker", name))
                                .value(value)
                                .build())
                .build();
    }

    /** What a subscriber reads. */
    public sealed interface Item<E> {
        /**
         * @param sequence its number in the broker's one order
         */
        record Event<E>(long sequence, E event) implements Item<E> {}

        /**
         * Events were lost to this subscriber: list the present state, then go on with the next
         * item.
         *
         * @param fromSequence the next event that it will see
         */
        record Resync<E>(long fromSequence) implements Item<E> {}

        /** The broker or the subscription was closed; nothing follows. */
        record Ended<E>() implements Item<E> {}
    }
}
