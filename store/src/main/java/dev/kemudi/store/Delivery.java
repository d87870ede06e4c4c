package dev.kemudi.store;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What some revisions have for the watches of one range; shared by all of them. Safe for use by
 * many threads.
 */
final class Delivery {
    private static final int EVENT_OVERHEAD_BYTES = 128;

    private final EventBatch whole;
    private final long bytes;
    private volatile @Nullable EventBatch stripped;

    /**
     * @param through every revision up to here was looked at
     */
    Delivery(List<Watcher.Event> events, long through) {
        this.whole = new EventBatch(List.copyOf(events), through);
        this.bytes = bytesOf(events);
    }

    static long bytesOf(List<Watcher.Event> events) {
        long bytes = 0;
        for (Watcher.Event event : events) {
            bytes += EVENT_OVERHEAD_BYTES + event.kv().key().length() + event.kv().value().length();
        }
        return bytes;
    }

    long through() {
        return whole.revision();
    }

    long bytes() {
        return bytes;
    }

    int size() {
        return whole.events().size();
    }

    /** For a watch that wants what came at {@code from} or later; empty when that is nothing. */
    Optional<EventBatch> batch(boolean prevKv, long from) {
        EventBatch all = prevKv ? whole : stripped();
        if (all.events().getFirst().kv().modRevision() >= from) {
            return Optional.of(all);
        }
        List<Watcher.Event> later = new ArrayList<>(all.events());
        later.removeIf(event -> event.kv().modRevision() < from);
        return later.isEmpty() ? Optional.empty() : Optional.of(new EventBatch(later, through()));
    }

    private EventBatch stripped() {
        EventBatch now = stripped;
        if (now == null) {
            synchronized (this) {
                now = stripped;
                if (now == null) {
                    now = strip();
                    stripped = now;
                }
            }
        }
        return now;
    }

    private EventBatch strip() {
        if (whole.events().stream().allMatch(event -> event.previous().isEmpty())) {
            return whole;
        }
        List<Watcher.Event> without = new ArrayList<>(size());
        for (Watcher.Event event : whole.events()) {
            without.add(
                    event.previous().isEmpty()
                            ? event
                            : new Watcher.Event(event.type(), event.kv(), List.of()));
        }
        return new EventBatch(List.copyOf(without), through());
    }
}
