package dev.kemudi.apiserver;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.WatchEvent;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * One event as watchers of one sort see it: the same change is Added to a watcher whose selector
 * begins to match and Modified to another. Shared by all of them, together with its bytes: each
 * encoding is made once, by the first watcher that needs it.
 */
final class Notice {
    /** What happened, from the watcher's point of view. */
    enum Type {
        ADDED,
        MODIFIED,
        DELETED
    }

    private final Type type;
    private final ApiObject object;
    private final int bytes;
    private final Map<Encoding, byte[]> encodings = new HashMap<>(2);

    /**
     * @param bytes the memory that a queue holding this is charged with; 0 for what the cache holds
     *     anyway
     */
    Notice(Type type, ApiObject object, int bytes) {
        this.type = type;
        this.object = object;
        this.bytes = bytes;
    }

    Type type() {
        return type;
    }

    ApiObject object() {
        return object;
    }

    int bytes() {
        return bytes;
    }

    WatchEvent toWatchEvent() {
        return switch (type) {
            case ADDED -> new WatchEvent.Added(object);
            case MODIFIED -> new WatchEvent.Modified(object);
            case DELETED -> new WatchEvent.Deleted(object);
        };
    }

    /**
     * The event's bytes, shared by every watcher that asked for the same {@code encoding}: for
     * reading only.
     */
    byte[] encoded(Encoding encoding, Function<Notice, byte[]> encoder) {
        synchronized (encodings) {
            return encodings.computeIfAbsent(encoding, e -> encoder.apply(this));
        }
    }
}
