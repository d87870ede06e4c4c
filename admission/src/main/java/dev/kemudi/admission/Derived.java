package dev.kemudi.admission;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Something made from all objects of one kind, and made anew by the first who asks after they have
 * changed. Safe for use by many threads.
 */
final class Derived<T> {
    private final Cluster cluster;
    private final Resource resource;
    private final Function<List<ApiObject>, T> make;
    private volatile @Nullable Made<T> made;

    private record Made<T>(long changes, T value) {}

    Derived(Cluster cluster, Resource resource, Function<List<ApiObject>, T> make) {
        this.cluster = cluster;
        this.resource = resource;
        this.make = make;
    }

    T get() {
        long now = cluster.changes(resource);
        Made<T> known = made;
        if (known == null || known.changes() != now) {
            known = new Made<>(now, make.apply(cluster.all(resource)));
            made = known;
        }
        return known.value();
    }
}
