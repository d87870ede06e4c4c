package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.DeleteOptions;
import dev.kemudi.api.DeleteOptions.Propagation;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.OwnerReference;
import dev.kemudi.api.Resource;
import dev.kemudi.controller.Informer;
import dev.kemudi.controller.WorkQueue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/*
 * How ownership is enforced
 * -------------------------
 * An object whose owners are all gone is deleted. Three things make an object be looked at: it changed and
 * has owners; an owner of it is gone; it is being deleted in the foreground or orphaning way. What the caches
 * do not show is asked of the server before anything is deleted, because the owner's kind may reach its cache
 * later than the dependent's.
 *
 * Foreground: the owner stays, held by the finalizer foregroundDeletion, until every dependent that blocks it
 * is gone. Orphan: dependents lose their reference first, then the owner its finalizer orphan. An owner must
 * live in the dependent's own namespace or in none; any other reference is to something absent.
 *
 * What holds always: a uid that was once found absent is absent for ever (uids are never given twice), so
 * that answer may be remembered; every deletion names the uid it means.
 */

/** Collects objects whose owners are gone. */
final class Collector implements Monitors.Listener {
    private static final System.Logger LOG = System.getLogger(Collector.class.getName());
    private static final String FOREGROUND = "foregroundDeletion";
    private static final String ORPHAN = "orphan";

    /** One object among all kinds. */
    private record Item(Resource resource, ObjectKey key) {}

    private enum Owner {
        PRESENT,
        ABSENT,
        WAITING
    }

    private final Floor floor;
    private final Monitors monitors;
    private final WorkQueue<Item> queue;
    private final Set<String> absent;
    private final List<Thread> workers = new ArrayList<>();

    Collector(Floor floor, Monitors monitors) {
        this.floor = floor;
        this.monitors = monitors;
        this.queue =
                new WorkQueue<>(
                        "garbagecollector",
                        floor.time,
                        dev.kemudi.controller.Limits.defaults(),
                        floor.metrics);
        int most = floor.limits.collectorAbsentOwners();
        this.absent =
                Collections.synchronizedSet(
                        Collections.newSetFromMap(
                                new LinkedHashMap<>() {
                                    @Override
                                    protected boolean removeEldestEntry(
                                            Map.Entry<String, Boolean> eldest) {
                                        return size() > most;
                                    }
                                }));
    }

    @Override
    public void changed(Resource resource, ApiObject object) {
        boolean finalizes =
                object.deleting()
                        && (object.finalizers().contains(FOREGROUND)
                                || object.finalizers().contains(ORPHAN));
        if (finalizes || !object.at("/metadata/ownerReferences").isEmpty()) {
            add(new Item(resource, object.key()));
        }
    }

    @Override
    public void deleted(Resource resource, ApiObject last) {
        absent.add(last.uid());
        monitors.dependents(last.uid()).forEach(d -> add(new Item(d.resource(), d.object().key())));
        for (OwnerReference owner : last.ownerReferences()) {
            monitors.resource(owner.apiVersion(), owner.kind())
                    .flatMap(kind ->
                            cached(kind, ownerKey(kind, last, owner))
                                    .map(o -> new Item(kind, o.key())))
                    .ifPresent(this::add);
        }
    }

    private void add(Item item) {
        queue.addAfter(item, 0);
    }

    void start() {
        for (int i = 0; i < floor.limits.workersPerController(); i++) {
            workers.add(Thread.ofVirtual().name("garbagecollector worker " + i).start(this::work));
        }
    }

    private void work() {
        try {
            while (queue.take() instanceof Optional<Item> item && item.isPresent()) {
                try {
                    collect(item.get());
                    queue.forget(item.get());
                } catch (RuntimeException e) {
                    boolean lostRace =
                            e instanceof ApiException refused
                                    && (refused.conflict() || refused.notFound());
                    LOG.log(
                            lostRace ? System.Logger.Level.DEBUG : System.Logger.Level.WARNING,
                            "collecting " + item.get() + " failed, will try again",
                            e);
                    queue.addRateLimited(item.get());
                } finally {
                    queue.done(item.get());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- one object
    // ------------------------------------------------------------------------------------------------

    private void collect(Item item) {
        Optional<ApiObject> found = cached(item.resource, item.key);
        if (found.isEmpty()) {
            return;
        }
        ApiObject object = found.get();
        if (object.deleting()) {
            if (object.finalizers().contains(ORPHAN)) {
                orphan(item.resource, object);
            } else if (object.finalizers().contains(FOREGROUND)) {
                foreground(item.resource, object);
            }
            return;
        }
        judge(item.resource, object);
    }

    private void judge(Resource resource, ApiObject object) {
        List<String> gone = new ArrayList<>();
        List<String> waiting = new ArrayList<>();
        int present = 0;
        for (OwnerReference owner : object.ownerReferences()) {
            switch (state(object, owner)) {
                case PRESENT -> present++;
                case ABSENT -> gone.add(owner.uid());
                case WAITING -> waiting.add(owner.uid());
            }
        }
        if (gone.isEmpty() && waiting.isEmpty()) {
            return;
        }
        if (present > 0) {
            gone.addAll(waiting);
            floor.client.update(
                    resource,
                    object.edit(tree -> Owners.remove(tree, o -> gone.contains(o.uid()))));
            return;
        }
        boolean hasDependents = !monitors.dependents(object.uid()).isEmpty();
        Propagation propagation = Propagation.BACKGROUND;
        if (object.finalizers().contains(ORPHAN)) {
            propagation = Propagation.ORPHAN;
        } else if (object.finalizers().contains(FOREGROUND)
                || (!waiting.isEmpty() && hasDependents)) {
            propagation = Propagation.FOREGROUND;
        }
        delete(resource, object, propagation);
    }

    private Owner state(ApiObject object, OwnerReference owner) {
        if (absent.contains(owner.uid())) {
            return Owner.ABSENT;
        }
        Optional<Resource> kind = monitors.resource(owner.apiVersion(), owner.kind());
        if (kind.isEmpty()) {
            return Owner.PRESENT; // nobody here can know of that kind: leave it alone
        }
        ObjectKey key = ownerKey(kind.get(), object, owner);
        Optional<ApiObject> found =
                cached(kind.get(), key).filter(o -> o.uid().equals(owner.uid()));
        if (found.isEmpty()) {
            found =
                    floor.client
                            .find(kind.get(), key.namespace(), key.name())
                            .filter(o -> o.uid().equals(owner.uid()));
        }
        if (found.isEmpty()) {
            absent.add(owner.uid());
            return Owner.ABSENT;
        }
        boolean waits = found.get().deleting() && found.get().finalizers().contains(FOREGROUND);
        return waits ? Owner.WAITING : Owner.PRESENT;
    }

    /** Owners live beside their dependents or in no namespace at all. */
    private static ObjectKey ownerKey(Resource kind, ApiObject dependent, OwnerReference owner) {
        return new ObjectKey(kind.namespaced() ? dependent.namespace() : "", owner.name());
    }

    private Optional<ApiObject> cached(Resource resource, ObjectKey key) {
        return monitors.informer(resource).flatMap((Informer informer) -> informer.get(key));
    }

    // ---- foreground and orphan
    // -------------------------------------------------------------------------------------

    private void foreground(Resource resource, ApiObject owner) {
        boolean blocked = false;
        for (Monitors.Dependent dependent : monitors.dependents(owner.uid())) {
            if (!refersTo(dependent, resource, owner)) {
                continue;
            }
            blocked |=
                    dependent.object().ownerReferences().stream()
                            .anyMatch(o -> o.uid().equals(owner.uid()) && o.blockOwnerDeletion());
            add(new Item(dependent.resource(), dependent.object().key()));
        }
        if (!blocked) {
            update(resource, owner, tree -> Owners.removeFinalizer(tree, FOREGROUND));
        }
    }

    private void orphan(Resource resource, ApiObject owner) {
        for (Monitors.Dependent dependent : monitors.dependents(owner.uid())) {
            if (refersTo(dependent, resource, owner)) {
                update(
                        dependent.resource(),
                        dependent.object(),
                        tree -> Owners.remove(tree, o -> o.uid().equals(owner.uid())));
            }
        }
        update(resource, owner, tree -> Owners.removeFinalizer(tree, ORPHAN));
    }

    private static boolean refersTo(
            Monitors.Dependent dependent, Resource ownerKind, ApiObject owner) {
        return !ownerKind.namespaced() || dependent.object().namespace().equals(owner.namespace());
    }

    private void update(Resource resource, ApiObject object, Consumer<ObjectNode> change) {
        try {
            floor.client.update(resource, object.edit(change));
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
    }

    private void delete(Resource resource, ApiObject object, Propagation propagation) {
        try {
            floor.client.delete(
                    resource,
                    object.namespace(),
                    object.name(),
                    new DeleteOptions(
                            propagation,
                            OptionalLong.empty(),
                            object.uid(),
                            object.resourceVersion()));
        } catch (ApiException e) {
            if (!e.notFound()) {
                throw e;
            }
        }
    }

    void close() {
        queue.shutdown();
        workers.forEach(Thread::interrupt);
    }
}
