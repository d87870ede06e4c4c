package dev.kemudi.workloads;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.EventHandler;
import dev.kemudi.controller.Informer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * One informer for every kind that the server serves, custom ones included, following
 * CustomResourceDefinitions as they come and go. The collector and namespace deletion hear of every
 * object through here.
 */
final class Monitors {
    /** Events have no owners and no dependents, and there are many. */
    private static final Set<Resource> UNWATCHED = Set.of(Resource.EVENTS);

    /** Hears of every object of every kind. */
    interface Listener {
        void changed(Resource resource, ApiObject object);

        void deleted(Resource resource, ApiObject last);
    }

    private final Floor floor;
    private final Supplier<List<Resource>> served;
    private final List<Listener> listeners = new ArrayList<>();
    private final Map<Resource, Informer> informers = new ConcurrentHashMap<>();
    private boolean closed;

    Monitors(Floor floor, Supplier<List<Resource>> served) {
        this.floor = floor;
        this.served = served;
    }

    /** Before the first {@link #refresh}. */
    void listen(Listener listener) {
        listeners.add(listener);
    }

    /** Looks again at what is served: starts and ends informers. */
    synchronized void refresh() {
        if (closed) {
            return;
        }
        Set<Resource> now = new HashSet<>(served.get());
        now.removeAll(UNWATCHED);
        for (Resource resource : now) {
            informers.computeIfAbsent(resource, this::follow);
        }
        informers
                .entrySet()
                .removeIf(entry -> {
                    boolean ended = !now.contains(entry.getKey());
                    if (ended && !floor.shared.containsKey(entry.getKey())) {
                        entry.getValue().close();
                    }
                    return ended;
                });
    }

    private Informer follow(Resource resource) {
        Informer shared = floor.shared.get(resource);
        Informer informer = shared == null ? floor.informer(resource) : shared;
        informer.addHandler(
                new EventHandler() {
                    @Override
                    public void onAdd(ApiObject object, boolean initial) {
                        listeners.forEach(l -> l.changed(resource, object));
                    }

                    @Override
                    public void onUpdate(ApiObject old, ApiObject now) {
                        if (!old.uid().equals(now.uid())) {
                            listeners.forEach(l -> l.deleted(resource, old));
                        }
                        listeners.forEach(l -> l.changed(resource, now));
                    }

                    @Override
                    public void onDelete(ApiObject last, boolean stateUnknown) {
                        listeners.forEach(l -> l.deleted(resource, last));
                    }
                });
        if (shared == null) {
            informer.start();
        }
        return informer;
    }

    List<Resource> served() {
        return served.get();
    }

    Optional<Informer> informer(Resource resource) {
        return Optional.ofNullable(informers.get(resource));
    }

    /**
     * The kind that an owner reference names, in whatever version; empty when nothing of that kind
     * is served.
     */
    Optional<Resource> resource(String apiVersion, String kind) {
        int slash = apiVersion.indexOf('/');
        String group = slash < 0 ? "" : apiVersion.substring(0, slash);
        return informers.keySet().stream()
                .filter(r -> r.kind().equals(kind) && r.group().equals(group))
                .findFirst();
    }

    /** One object that names an owner. */
    record Dependent(Resource resource, ApiObject object) {}

    /** Everything that names {@code uid} as an owner. */
    List<Dependent> dependents(String uid) {
        List<Dependent> dependents = new ArrayList<>();
        informers.forEach((resource, informer) ->
                informer.byIndex(Floor.OWNER, uid)
                        .forEach(o -> dependents.add(new Dependent(resource, o))));
        return dependents;
    }

    /** Whether every informer has its first list. */
    boolean awaitSynced(Duration atMost) throws InterruptedException {
        for (Informer informer : informers.values()) {
            if (!informer.awaitSynced(atMost)) {
                return false;
            }
        }
        return true;
    }

    /** Ends the informers that belong to nobody else. */
    synchronized void close() {
        closed = true;
        informers.forEach((resource, informer) -> {
            if (!floor.shared.containsKey(resource)) {
                informer.close();
            }
        });
    }
}
