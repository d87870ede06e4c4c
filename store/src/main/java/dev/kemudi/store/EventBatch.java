package dev.kemudi.store;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Events of whole revisions, as a watch gets them. The same object goes to every watch of the same
 * range (and the same wish for previous states) that is up to date, so what is made of it once, its
 * encoding above all, can be kept on it for the others. Immutable but for that; safe for use by
 * many threads.
 */
public final class EventBatch {
    private final List<Watcher.Event> events;
    private final long revision;
    private volatile @Nullable Object derived;

    EventBatch(List<Watcher.Event> events, long revision) {
        this.events = events;
        this.revision = revision;
    }

    /** Not empty, in order. */
    public List<Watcher.Event> events() {
        return events;
    }

    /** Every event up to here that matches is in this batch or came before it. */
    public long revision() {
        return revision;
    }

    /**
     * What was made of this batch, made now if nobody has yet. There is one place for it: who asks
     * for another {@code type} replaces what is there. When two threads make it at the same time
     * one of both stays.
     */
    public <T> T derived(Class<T> type, Function<EventBatch, T> make) {
        Object made = derived;
        if (type.isInstance(made)) {
            return type.cast(made);
        }
        T now = make.apply(this);
        derived = now;
        return now;
    }

    /** Some batches as one. */
    static EventBatch merged(List<EventBatch> batches) {
        if (batches.size() == 1) {
            return batches.getFirst();
        }
        List<Watcher.Event> all = new ArrayList<>();
        batches.forEach(batch -> all.addAll(batch.events));
        return new EventBatch(all, batches.getLast().revision);
    }
}
