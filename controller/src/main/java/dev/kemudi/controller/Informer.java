package dev.kemudi.controller;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Resource;
import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.datapoints.GaugeDataPoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/*
 * How an event travels
 * --------------------
 * reflector thread → EventQueue → cache thread: indexer, then every handler's queue → one thread per handler.
 * All are virtual threads. The object that was decoded (or, in process, the server's own) is the object that
 * arrives.
 *
 * What holds always: the indexer shows a state before any handler hears of it; each handler hears per object
 * a subsequence of the true states, in order; handlers join and leave under the same lock under which events
 * are handed out, so a late one gets the cache as additions and then every event after, no gap and no
 * repetition.
 */

/**
 * A cache of one kind of object that follows the API server, and tells handlers what changes. Make
 * it, add indexes, start it, and share it: one informer per kind serves a whole process. Reading
 * never blocks on the network. Safe for use by many threads.
 *
 * <p>Source: the shared informers of Kubernetes' client-go.
 */
public final class Informer implements AutoCloseable {
    private final Resource resource;
    private final EventQueue queue;
    private final Indexer indexer;
    private final Reflector reflector;
    private final Limits limits;
    private final TimeSource time;
    private final CounterDataPoint events;
    private final GaugeDataPoint objects;
    private final CounterDataPoint foldings;
    private final CounterDataPoint handlerErrors;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition advanced = lock.newCondition();
    private final List<HandlerThread> handlers = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private boolean synced;
    private boolean closed;
    private volatile String revision = "";

    private Informer(Builder builder) {
        this.resource = builder.resource;
        this.limits = builder.limits;
        ControllerMetrics metrics =
                builder.metrics == null ? ControllerMetrics.unregistered() : builder.metrics;
        this.time = builder.time;
        this.queue = new EventQueue(limits.queueEvents(), limits.batchEvents());
        this.indexer = new Indexer(builder.indexes);
        this.reflector =
                new Reflector(
                        new Reflector.Source(
                                builder.client,
                                resource,
                                builder.namespace,
                                builder.labelSelector,
                                builder.fieldSelector,
                                builder.transform,
                                builder.watchList),
                        queue,
                        time,
                        builder.random,
                        limits.listPageObjects(),
                        metrics);
        String label = resource.qualifiedName();
        this.events = metrics.events.labelValues(label);
        this.objects = metrics.objects.labelValues(label);
        this.foldings = metrics.foldings.labelValues(label);
        this.handlerErrors = metrics.handlerErrors.labelValues(label);
    }

    /** An informer for every object of {@code resource} in all namespaces, not yet started. */
    public static Informer of(ApiClient client, Resource resource) {
        return builder(client, resource).build();
    }

    public static Builder builder(ApiClient client, Resource resource) {
        return new Builder(client, resource);
    }

    /** What an informer is made of. */
    public static final class Builder {
        private final ApiClient client;
        private final Resource resource;
        private final Map<String, Function<ApiObject, ? extends Collection<String>>> indexes =
                new HashMap<>();
        private String namespace = "";
        private String labelSelector = "";
        private String fieldSelector = "";
        private UnaryOperator<ApiObject> transform = UnaryOperator.identity();
        private boolean watchList;
        private Limits limits = Limits.defaults();
        private TimeSource time = TimeSource.system();
        private RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
        private @Nullable ControllerMetrics metrics;

        private Builder(ApiClient client, Resource resource) {
            this.client = client;
            this.resource = resource;
            if (resource.namespaced()) {
                indexes.put(Indexer.BY_NAMESPACE, object -> List.of(object.namespace()));
            }
        }

        /** Only this namespace; empty for all, which is the default. */
        public Builder namespace(String namespace) {
            this.namespace = namespace;
            return this;
        }

        public Builder labelSelector(String labelSelector) {
            this.labelSelector = labelSelector;
            return this;
        }

        public Builder fieldSelector(String fieldSelector) {
            this.fieldSelector = fieldSelector;
            return this;
        }

        /**
         * An index for {@link Informer#byIndex}.
         *
         * @param values the values under which an object is found; must depend on the object alone
         */
        public Builder index(
                String name, Function<ApiObject, ? extends Collection<String>> values) {
            indexes.put(name, values);
            return this;
        }

        /** Runs once per object before it is cached, for instance to drop what nobody reads. */
        public Builder transform(UnaryOperator<ApiObject> transform) {
            this.transform = transform;
            return this;
        }

        /**
         * Whether to fill the cache by a stream (WatchList) where the server can, instead of by a
         * list.
         */
        public Builder watchList(boolean watchList) {
            this.watchList = watchList;
            return this;
        }

        public Builder limits(Limits limits) {
            this.limits = limits;
            return this;
        }

        public Builder time(TimeSource time) {
            this.time = time;
            return this;
        }

        /** Where jitter comes from: seeded in tests. */
        public Builder random(RandomGenerator random) {
            this.random = random;
            return this;
        }

        public Builder metrics(ControllerMetrics metrics) {
            this.metrics = metrics;
            return this;
        }

        public Informer build() {
            return new Informer(this);
        }
    }

    // ---- reading
    // ---------------------------------------------------------------------------------------------------

    public Resource resource() {
        return resource;
    }

    public Optional<ApiObject> get(ObjectKey key) {
        return Optional.ofNullable(indexer.get(key));
    }

    public Optional<ApiObject> get(String namespace, String name) {
        return get(new ObjectKey(namespace, name));
    }

    /** Everything in the cache, in no order. */
    public List<ApiObject> list() {
        return indexer.list();
    }

    /**
     * What the cache holds of one namespace, in no order.
     *
     * @param namespace empty for all
     */
    public List<ApiObject> list(String namespace) {
        return namespace.isEmpty() || !resource.namespaced()
                ? indexer.list()
                : indexer.byIndex(Indexer.BY_NAMESPACE, namespace);
    }

    /**
     * The objects that {@code index} files under {@code value}.
     *
     * @throws IllegalArgumentException when there is no such index
     */
    public List<ApiObject> byIndex(String index, String value) {
        return indexer.byIndex(index, value);
    }

    /** The revision up to which the cache is known to be true; empty before the first list. */
    public String revision() {
        return revision;
    }

    public int size() {
        return indexer.size();
    }

    /** Whether the cache holds everything that existed when the informer started. */
    public boolean hasSynced() {
        lock.lock();
        try {
            return synced;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Blocks until {@link #hasSynced}; false when {@code atMost} has passed first or the informer
     * was closed.
     */
    public boolean awaitSynced(Duration atMost) throws InterruptedException {
        return await(atMost, () -> synced);
    }

    /**
     * Blocks until the cache has reached {@code wanted}, as written by a request: read your own
     * writes.
     */
    public boolean awaitRevision(String wanted, Duration atMost) throws InterruptedException {
        return await(atMost, () -> synced && ResourceVersions.reached(revision, wanted));
    }

    private boolean await(Duration atMost, BooleanSupplier condition) throws InterruptedException {
        long nanos = atMost.toNanos();
        lock.lockInterruptibly();
        try {
            while (!condition.getAsBoolean()) {
                if (nanos <= 0 || closed) {
                    return false;
                }
                nanos = advanced.awaitNanos(nanos);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    // ---- handlers
    // --------------------------------------------------------------------------------------------------

    /** Adds a handler, before or after {@link #start}; it first hears of everything that exists. */
    public Registration addHandler(EventHandler handler) {
        return addHandler(handler, Duration.ZERO);
    }

    /**
     * Adds a handler that wants to hear of every object again from time to time.
     *
     * @param resync how often; zero for never
     */
    public Registration addHandler(EventHandler handler, Duration resync) {
        HandlerThread thread = new HandlerThread(handler, resync);
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException(
                        "the informer of " + resource.qualifiedName() + " is closed");
            }
            if (synced) {
                List<Notification> initial = new ArrayList<>();
                indexer.list().forEach(o -> initial.add(new Notification.Added(o.key(), o, true)));
                initial.add(new Notification.InitialListEnd());
                thread.pending.offer(initial);
            }
            handlers.add(thread);
            thread.start();
        } finally {
            lock.unlock();
        }
        return thread;
    }

    /** One handler, its queue and its thread. */
    private final class HandlerThread implements Registration, Runnable {
        final HandlerQueue pending =
                new HandlerQueue(limits.handlerPendingEvents(), limits.batchEvents());
        final boolean wantsSync;
        private final EventHandler handler;
        private final Duration resync;
        private final Thread thread;
        private final Thread ticker;
        private long foldingsCounted;
        private volatile boolean initialListHeard;
        private volatile boolean stopped;

        HandlerThread(EventHandler handler, Duration resync) {
            this.handler = handler;
            this.resync = resync;
            this.wantsSync = resync.isPositive();
            this.thread = Thread.ofVirtual().name("handler " + resource.plural()).unstarted(this);
            this.ticker =
                    Thread.ofVirtual().name("resync " + resource.plural()).unstarted(this::tick);
        }

        void start() {
            thread.start();
            if (wantsSync) {
                ticker.start();
            }
        }

        @Override
        public void run() {
            try {
                while (!stopped) {
                    List<Notification> batch = pending.take();
                    if (batch.isEmpty()) {
                        return;
                    }
                    for (Notification notification : batch) {
                        if (!stopped) {
                            deliver(notification);
                        }
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private void deliver(Notification notification) {
            try {
                switch (notification) {
                    case Notification.Added(ObjectKey _, ApiObject object, boolean initial) ->
                            handler.onAdd(object, initial);
                    case Notification.Updated(ObjectKey _, ApiObject old, ApiObject now) ->
                            handler.onUpdate(old, now);
                    case Notification.Deleted(
                                    ObjectKey _,
                                    ApiObject last,
                                    boolean stateUnknown,
                                    ApiObject _) ->
                            handler.onDelete(last, stateUnknown);
                    case Notification.InitialListEnd _ -> initialListHeard = true;
                }
            } catch (RuntimeException | Error e) {
                handlerErrors.inc();
                System.getLogger(Informer.class.getName())
                        .log(
                                System.Logger.Level.ERROR,
                                "a handler of "
                                        + resource.qualifiedName()
                                        + " failed at "
                                        + notification.key(),
                                e);
            }
        }

        private void tick() {
            try {
                while (!stopped) {
                    time.sleep(resync.toMillis());
                    if (!queue.put(new Delta.SyncAll(pending))) {
                        return;
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void countFoldings() {
            long now = pending.foldings();
            foldings.inc(now - foldingsCounted);
            foldingsCounted = now;
        }

        @Override
        public boolean hasSynced() {
            return initialListHeard;
        }

        @Override
        public int pending() {
            return pending.pending();
        }

        @Override
        public long foldings() {
            return pending.foldings();
        }

        @Override
        public void close() {
            stopped = true;
            lock.lock();
            try {
                handlers.remove(this);
            } finally {
                lock.unlock();
            }
            pending.close();
            ticker.interrupt();
            if (Thread.currentThread() != thread) {
                join(thread);
            }
        }
    }

    // ---- running
    // ---------------------------------------------------------------------------------------------------

    /** Starts following the server; returns at once. */
    public Informer start() {
        lock.lock();
        try {
            if (closed || !threads.isEmpty()) {
                throw new IllegalStateException(
                        "expected an informer of "
                                + resource.qualifiedName()
                                + " that was neither started nor closed before");
            }
            threads.add(Thread.ofVirtual().name("reflector " + resource.plural()).start(reflector));
            threads.add(
                    Thread.ofVirtual().name("informer " + resource.plural()).start(this::follow));
        } finally {
            lock.unlock();
        }
        return this;
    }

    private void follow() {
        try {
            List<Delta> batch = queue.take();
            while (!batch.isEmpty()) {
                apply(batch);
                batch = queue.take();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void apply(List<Delta> batch) {
        lock.lock();
        try {
            List<Notification> told = new ArrayList<>(batch.size());
            List<Notification> syncs = new ArrayList<>();
            indexer.write(() -> batch.forEach(delta -> applyOne(delta, told, syncs)));
            events.inc(batch.size());
            objects.set(indexer.size());
            for (HandlerThread handler : handlers) {
                if (!told.isEmpty()) {
                    handler.pending.offer(told);
                }
                if (handler.wantsSync && !syncs.isEmpty()) {
                    handler.pending.offer(syncs);
                }
                handler.countFoldings();
            }
            advanced.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void applyOne(Delta delta, List<Notification> told, List<Notification> syncs) {
        switch (delta) {
            case Delta.Upsert(ApiObject object) -> {
                put(object, false, false, told, syncs);
                revision = object.resourceVersion();
            }
            case Delta.Delete(ApiObject last) -> {
                delete(last, told);
                revision = last.resourceVersion();
            }
            case Delta.ReplacedAll(List<ApiObject> all, String at) -> {
                replace(all, told, syncs);
                revision = at;
            }
            case Delta.SyncAll(HandlerQueue handler) -> {
                List<Notification> again = new ArrayList<>();
                indexer.list().forEach(o -> again.add(new Notification.Updated(o.key(), o, o)));
                handler.offer(again);
            }
            case Delta.Bookmark(String at) -> revision = at;
        }
    }

    private void put(
            ApiObject object,
            boolean listed,
            boolean initial,
            List<Notification> told,
            List<Notification> syncs) {
        ObjectKey key = object.key();
        ApiObject old = indexer.get(key);
        if (old == null) {
            indexer.put(key, object);
            told.add(new Notification.Added(key, object, initial));
            return;
        }
        boolean same = old.resourceVersion().equals(object.resourceVersion());
        if (!listed && ResourceVersions.older(object.resourceVersion(), old.resourceVersion())) {
            return; // told twice, or late: the cache never goes back on an event
        }
        indexer.put(key, object);
        (same ? syncs : told).add(new Notification.Updated(key, old, object));
    }

    private void delete(ApiObject last, List<Notification> told) {
        ObjectKey key = last.key();
        ApiObject old = indexer.get(key);
        if (old == null || ResourceVersions.older(last.resourceVersion(), old.resourceVersion())) {
            return;
        }
        indexer.remove(key);
        told.add(new Notification.Deleted(key, last, false, old));
    }

    private void replace(List<ApiObject> all, List<Notification> told, List<Notification> syncs) {
        Set<ObjectKey> listed = HashSet.newHashSet(all.size());
        for (ApiObject object : all) {
            listed.add(object.key());
            put(object, true, !synced, told, syncs);
        }
        for (ApiObject missed : indexer.list()) {
            if (!listed.contains(missed.key())) {
                indexer.remove(missed.key());
                told.add(new Notification.Deleted(missed.key(), missed, true, missed));
            }
        }
        if (!synced) {
            synced = true;
            told.add(new Notification.InitialListEnd());
        }
    }

    /**
     * Stops following and takes all handlers away; blocks until no handler runs. The cache can
     * still be read.
     */
    @Override
    public void close() {
        List<Thread> running;
        lock.lock();
        try {
            closed = true;
            running = List.copyOf(threads);
            advanced.signalAll();
        } finally {
            lock.unlock();
        }
        reflector.close();
        queue.close();
        running.forEach(Thread::interrupt);
        handlers.forEach(HandlerThread::close);
        running.forEach(Informer::join);
    }

    private static void join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
