package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import dev.kemudi.store.Watcher;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/*
 * How one kind is read
 * --------------------
 * Loaded at first use: one snapshot of the store at revision R, then a store watch from R+1. The watch's one
 * thread is the only writer: for each event it parses the object once, swaps it into the sorted map, appends
 * a Change to the window, offers the change to every feed, and only then publishes the revision. So:
 *   - whoever sees revision r and then an empty queue has every event up to r (see WatchFeed.safeRevision);
 *   - a list is the map under the lock, a consistent snapshot at exactly `revision`;
 *   - a read that must be fresh waits until `revision` has reached the store's revision of when it asked.
 * A watch may begin anywhere in the window. Further back it is told 410 and lists again, as Kubernetes does.
 * When the store ends its watch (it fell behind a compaction) all feeds end and the next use loads anew.
 * A kind with a follower is loaded anew at once: nobody else might ask for it.
 */
/**
 * The current objects of one kind, shared and immutable, and the last changes to them. Safe for
 * many threads.
 */
final class WatchCache {
    private static final System.Logger LOG = System.getLogger(WatchCache.class.getName());

    /** What a list reads: objects in key order as of one revision. */
    record Snapshot(long revision, NavigableMap<String, ApiObject> objects) {}

    /**
     * Hears of everything before it can be read here, wherever it was written. Called in order, by
     * one thread at a time, under the cache's lock: it must not wait for another cache.
     */
    interface Follower {
        /** All there is, at first and after changes were missed. */
        void loaded(Collection<ApiObject> all);

        void changed(Change change);
    }

    private final Store store;
    private final String prefix;
    private final Limits limits;
    private final Optional<Follower> follower;
    private final Object lock = new Object();
    private final NavigableMap<String, ApiObject> current = new TreeMap<>();
    private final ArrayDeque<Change> window = new ArrayDeque<>();
    private final Set<WatchFeed> feeds = new LinkedHashSet<>();
    private long windowBytes;
    private @Nullable Watcher watcher;
    private long floorRevision;
    private volatile long revision;
    private int generation;
    private volatile long changes;
    private boolean closed;

    /**
     * @param prefix of the kind's keys in the store, with its trailing slash
     */
    WatchCache(Store store, String prefix, Limits limits) {
        this(store, prefix, limits, Optional.empty());
    }

    WatchCache(Store store, String prefix, Limits limits, Optional<Follower> follower) {
        this.store = store;
        this.prefix = prefix;
        this.limits = limits;
        this.follower = follower;
    }

    /** The revision up to which this cache is complete; 0 before its first use. */
    long revision() {
        return revision;
    }

    /** Grows whenever anything here may have become different. */
    long changes() {
        return changes;
    }

    /** How many objects there are, as far as anybody has looked. */
    int size() {
        synchronized (lock) {
            return current.size();
        }
    }

    /** Begins to follow the store, if it does not yet. */
    void load() {
        synchronized (lock) {
            if (watcher != null || closed) {
                return;
            }
            current.clear();
            window.clear();
            windowBytes = 0;
            Op.Range range = Op.Range.of(KeyRange.prefix(Bytes.utf8(prefix)));
            long[] at = {0};
            Answer answer =
                    store.scan(
                            range,
                            kv -> {
                                current.put(relative(kv.key()), parse(kv));
                                return true;
                            });
            if (answer instanceof Answer.Ranged ranged) {
                at[0] = ranged.revision();
            } else {
                throw new ApiException(
                        Status.of(500, "InternalError", "the store refused to be read: " + answer));
            }
            follower.ifPresent(told -> told.loaded(current.values()));
            changes++;
            revision = at[0];
            floorRevision = at[0];
            int mine = ++generation;
            watcher =
                    store.watch(
                            KeyRange.prefix(Bytes.utf8(prefix)),
                            at[0] + 1,
                            true,
                            new Watcher.Listener() {
                                @Override
                                public void events(List<Watcher.Event> events, long upTo) {
                                    apply(mine, events, upTo);
                                }

                                @Override
                                public void progress(long upTo) {
                                    apply(mine, List.of(), upTo);
                                }

                                @Override
                                public void ended(long compactRevision) {
                                    lost(mine);
                                }
                            });
        }
    }

    private void apply(int from, List<Watcher.Event> events, long upTo) {
        synchronized (lock) {
            if (from != generation) {
                return;
            }
            for (Watcher.Event event : events) {
                change(event)
                        .ifPresent(change -> {
                            remember(change);
                            follower.ifPresent(told -> told.changed(change));
                            feeds.forEach(feed -> feed.offer(change));
                        });
            }
            changes += events.size();
            revision = Math.max(revision, upTo);
            lock.notifyAll();
        }
    }

    private void remember(Change change) {
        window.addLast(change);
        windowBytes += change.bytes();
        while (window.size() > limits.watchHistoryEvents()
                || (windowBytes > limits.watchHistoryBytes() && window.size() > 1)) {
            Change oldest = window.removeFirst();
            windowBytes -= oldest.bytes();
            floorRevision = oldest.revision();
        }
    }

    private static int bytes(Watcher.Event event) {
        int bytes = event.kv().value().length();
        for (KeyValue previous : event.previous()) {
            bytes += previous.value().length();
        }
        return bytes;
    }

    private Optional<Change> change(Watcher.Event event) {
        KeyValue kv = event.kv();
        String key = relative(kv.key());
        return switch (event.type()) {
            case PUT -> {
                ApiObject now = parse(kv);
                Optional<ApiObject> before = Optional.ofNullable(current.put(key, now));
                yield Optional.of(
                        Change.of(
                                kv.modRevision(),
                                key,
                                before,
                                Optional.of(now),
                                now,
                                bytes(event)));
            }
            case DELETE -> {
                ApiObject before = current.remove(key);
                if (before == null) {
                    yield Optional.empty();
                }
                ApiObject last = withRevision(before, kv.modRevision());
                yield Optional.of(
                        Change.of(
                                kv.modRevision(),
                                key,
                                Optional.of(before),
                                Optional.empty(),
                                last,
                                bytes(event)));
            }
        };
    }

    private void lost(int from) {
        synchronized (lock) {
            if (from == generation) {
                watcher = null;
                feeds.forEach(WatchFeed::end);
                feeds.clear();
                lock.notifyAll();
                if (follower.isPresent()) {
                    Thread.ofVirtual().name("reload " + prefix).start(this::load);
                }
            }
        }
    }

    /**
     * Waits until everything up to {@code wanted} is here.
     *
     * @throws ApiException 504 when it takes longer than {@code freshnessMillisMax}
     */
    void awaitRevision(long wanted) {
        load();
        if (revision >= wanted) {
            return;
        }
        long deadline = System.nanoTime() + limits.freshnessMillisMax() * 1_000_000L;
        Watcher following;
        synchronized (lock) {
            following = watcher;
        }
        if (following != null) {
            following.requestProgress();
        }
        synchronized (lock) {
            while (revision < wanted && !closed) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    throw tooLarge(wanted);
                }
                try {
                    lock.wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new ApiException(
                            Status.of(503, "ServiceUnavailable", "the read was interrupted"));
                }
            }
        }
    }

    private ApiException tooLarge(long wanted) {
        Status status =
                Status.of(
                        504,
                        "Timeout",
                        "Timeout: Too large resource version: "
                                + wanted
                                + ", current: "
                                + revision);
        status.details()
                .put("retryAfterSeconds", 1)
                .putArray("causes")
                .addObject()
                .put("reason", "ResourceVersionTooLarge")
                .put("message", "Too large resource version");
        return new ApiException(status);
    }

    /** As {@link #awaitRevision} with everything that was committed anywhere before now. */
    void awaitFresh() {
        awaitRevision(Storage.fresh(store));
    }

    /** The objects under {@code namespacePrefix} as of one revision. */
    Snapshot snapshot(String namespacePrefix) {
        load();
        synchronized (lock) {
            NavigableMap<String, ApiObject> part =
                    namespacePrefix.isEmpty()
                            ? current
                            : current.subMap(
                                    namespacePrefix,
                                    true,
                                    namespacePrefix + Character.MAX_VALUE,
                                    false);
            return new Snapshot(revision, new TreeMap<>(part));
        }
    }

    /** The object as it is known here now. */
    Optional<ApiObject> find(String key) {
        load();
        synchronized (lock) {
            return Optional.ofNullable(current.get(key));
        }
    }

    /** The shared tree of an object, if this cache holds it at exactly {@code modRevision}. */
    Optional<ApiObject> cached(String key, long modRevision) {
        synchronized (lock) {
            ApiObject object = current.get(key);
            return object != null && object.resourceVersion().equals(Long.toString(modRevision))
                    ? Optional.of(object)
                    : Optional.empty();
        }
    }

    /**
     * Opens a feed.
     *
     * @param after events after this revision; -1: the present state first
     * @throws ApiException 410 when {@code after} is before the window
     */
    WatchFeed watch(WatchFilter filter, long after) {
        load();
        synchronized (lock) {
            if (after < 0) {
                List<ApiObject> initial = new ArrayList<>();
                current.forEach((key, object) -> {
                    if (filter.test(key, object)) {
                        initial.add(object);
                    }
                });
                return register(
                        new WatchFeed(
                                this,
                                filter,
                                initial,
                                revision,
                                limits.watchBufferEvents(),
                                limits.watchBufferBytes()));
            }
            if (after < floorRevision) {
                throw new ApiException(
                        Status.expired(
                                "too old resource version: " + after + " (" + floorRevision + ")"));
            }
            List<Change> missed = window.stream().filter(c -> c.revision() > after).toList();
            WatchFeed feed =
                    new WatchFeed(
                            this,
                            filter,
                            List.of(),
                            revision,
                            limits.watchBufferEvents() + missed.size(),
                            limits.watchBufferBytes() + windowBytes);
            missed.forEach(feed::offer);
            return register(feed);
        }
    }

    private WatchFeed register(WatchFeed feed) {
        if (closed) {
            feed.end();
        } else {
            feeds.add(feed);
        }
        return feed;
    }

    void remove(WatchFeed feed) {
        synchronized (lock) {
            feeds.remove(feed);
        }
    }

    /** Ends every watch and stops following the store. */
    void close() {
        synchronized (lock) {
            closed = true;
            generation++;
            if (watcher != null) {
                watcher.close();
                watcher = null;
            }
            feeds.forEach(WatchFeed::end);
            feeds.clear();
            lock.notifyAll();
        }
    }

    private String relative(Bytes key) {
        return new String(
                key.array(),
                prefix.length(),
                key.length() - prefix.length(),
                StandardCharsets.UTF_8);
    }

    /** The object in {@code kv}, with its revision. */
    static ApiObject parse(KeyValue kv) {
        try {
            if (Json.MAPPER.readTree(kv.value().array()) instanceof ObjectNode tree) {
                tree.withObjectProperty("metadata")
                        .put("resourceVersion", Long.toString(kv.modRevision()));
                return ApiObject.of(tree);
            }
        } catch (IOException e) {
            LOG.log(
                    Level.ERROR,
                    "the stored object " + kv.key() + " cannot be read: " + e.getMessage());
        }
        // Someone wrote under our prefix through the etcd API; the object is shown as what can be
        // known of it.
        ObjectNode broken = Json.MAPPER.createObjectNode();
        broken.putObject("metadata").put("resourceVersion", Long.toString(kv.modRevision()));
        return ApiObject.of(broken);
    }

    static ApiObject withRevision(ApiObject object, long revision) {
        ObjectNode tree = object.tree().objectNode();
        tree.setAll(object.tree());
        ObjectNode metadata = tree.objectNode();
        if (object.tree().path("metadata") instanceof ObjectNode old) {
            metadata.setAll(old);
        }
        metadata.put("resourceVersion", Long.toString(revision));
        tree.set("metadata", metadata);
        return ApiObject.of(tree);
    }
}
