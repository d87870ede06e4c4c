package dev.kemudi.controller;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The objects of one informer, by key and by what the indexes say. Many readers; the informer's
 * thread alone writes.
 */
final class Indexer {
    static final String BY_NAMESPACE = "namespace";

    private static final System.Logger LOG = System.getLogger(Indexer.class.getName());

    private record Index(
            String name,
            Function<ApiObject, ? extends Collection<String>> function,
            Map<String, Map<ObjectKey, ApiObject>> objects) {

        /** A user's function that throws files the object nowhere; it must not end the informer. */
        Collection<String> values(ApiObject object) {
            try {
                return function.apply(object);
            } catch (RuntimeException e) {
                LOG.log(
                        System.Logger.Level.ERROR,
                        "index " + name + " failed on " + object.key(),
                        e);
                return List.of();
            }
        }
    }

    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private final Map<ObjectKey, ApiObject> objects = new ConcurrentHashMap<>();
    private final Map<String, Index> indexes = new HashMap<>();

    Indexer(Map<String, Function<ApiObject, ? extends Collection<String>>> indexes) {
        indexes.forEach(
                (name, values) -> this.indexes.put(name, new Index(name, values, new HashMap<>())));
    }

    /** Runs {@code change} while no {@link #list} or {@link #byIndex} looks. */
    void write(Runnable change) {
        lock.writeLock().lock();
        try {
            change.run();
        } finally {
            lock.writeLock().unlock();
        }
    }

    @Nullable ApiObject get(ObjectKey key) {
        return objects.get(key);
    }

    /** What stood there before, or null. Only within {@link #write}. */
    @Nullable ApiObject put(ObjectKey key, ApiObject object) {
        ApiObject old = objects.put(key, object);
        for (Index index : indexes.values()) {
            Collection<String> after = index.values(object);
            if (old != null) {
                Collection<String> before = index.values(old);
                before.stream().filter(v -> !after.contains(v)).forEach(v -> drop(index, v, key));
            }
            after.forEach(v ->
                    index.objects.computeIfAbsent(v, _ -> new LinkedHashMap<>()).put(key, object));
        }
        return old;
    }

    /** What stood there before, or null. Only within {@link #write}. */
    @Nullable ApiObject remove(ObjectKey key) {
        ApiObject old = objects.remove(key);
        if (old != null) {
            for (Index index : indexes.values()) {
                index.values(old).forEach(v -> drop(index, v, key));
            }
        }
        return old;
    }

    private static void drop(Index index, String value, ObjectKey key) {
        Map<ObjectKey, ApiObject> bucket = index.objects.get(value);
        if (bucket != null) {
            bucket.remove(key);
            if (bucket.isEmpty()) {
                index.objects.remove(value);
            }
        }
    }

    List<ApiObject> list() {
        lock.readLock().lock();
        try {
            return List.copyOf(objects.values());
        } finally {
            lock.readLock().unlock();
        }
    }

    List<ApiObject> byIndex(String name, String value) {
        Index index = indexes.get(name);
        if (index == null) {
            throw new IllegalArgumentException(
                    "expected one of the indexes "
                            + indexes.keySet()
                            + ", found: \""
                            + name
                            + "\"");
        }
        lock.readLock().lock();
        try {
            Map<ObjectKey, ApiObject> bucket = index.objects.get(value);
            return bucket == null ? List.of() : List.copyOf(bucket.values());
        } finally {
            lock.readLock().unlock();
        }
    }

    int size() {
        return objects.size();
    }
}
