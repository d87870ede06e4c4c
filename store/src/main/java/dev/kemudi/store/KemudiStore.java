package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.FileLog;
import dev.kemudi.log.Log;
import dev.kemudi.log.MemoryLog;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The store on one log. Embedding takes five lines:
 *
 * {@snippet :
 * try (Store store = KemudiStore.open(directory, Limits.defaults(), TimeSource.system(), registry)) {
 *     store.watch(KeyRange.prefix(Bytes.utf8("gre")), 0, false, listener);
 *     store.put(Op.Put.of(Bytes.utf8("greeting"), Bytes.utf8("hello"))).join();
 *     Answer answer = store.range(Op.Range.of(KeyRange.single(Bytes.utf8("greeting"))));
 * }
 * }
 */
public final class KemudiStore implements Store {
    private static final System.Logger LOG = System.getLogger(KemudiStore.class.getName());

    private final Backend backend;
    private final Limits limits;
    private final TimeSource time;
    private final StoreMetrics metrics;
    private final LeaseKeeper leases;
    private final Areas areas = new Areas();
    private final WatchHub hub;
    private final Log<Answer> log;
    private final Upkeep upkeep;
    private final Writes writes;
    private volatile Mark mark;

    private KemudiStore(
            Backend backend,
            Function<Machine, Log<Answer>> openLog,
            BooleanSupplier diskHasRoom,
            Limits limits,
            TimeSource time,
            PrometheusRegistry registry) {
        this.backend = backend;
        this.limits = limits;
        this.time = time;
        this.metrics = new StoreMetrics(registry);
        this.leases = new LeaseKeeper(time);
        try (View view = backend.view()) {
            this.mark = view.mark();
            leases.load(view);
            areas.load(view);
        }
        this.hub = new WatchHub(backend, limits, metrics, mark.revision());
        try {
            this.log = openLog.apply(new Machine(backend, this::outcome));
        } catch (RuntimeException e) {
            hub.close();
            metrics.close();
            throw e;
        }
        this.upkeep =
                new Upkeep(backend, log, limits, time, metrics, this::revokeExpired, diskHasRoom);
        this.writes = new Writes(backend, log, areas, limits, time, metrics, upkeep::diskFull);
        upkeep.start();
        metrics.observe(this::stats);
    }

    /** A store without files, for tests and for what may be lost with the process. */
    public static KemudiStore inMemory(TimeSource time, PrometheusRegistry registry) {
        return inMemory(Limits.defaults(), time, registry);
    }

    /** As {@link #inMemory(TimeSource, PrometheusRegistry)}, with limits of your own. */
    public static KemudiStore inMemory(
            Limits limits, TimeSource time, PrometheusRegistry registry) {
        return new KemudiStore(
                new MemoryBackend(),
                machine ->
                        new MemoryLog<>(machine, dev.kemudi.log.Limits.defaults(), time, registry),
                () -> true,
                limits,
                time,
                registry);
    }

    /**
     * Opens, or creates, a store in {@code directory}: its log in {@code log/}, its state in {@code
     * state/}.
     *
     * @throws IOException when the directory is in use by another process or cannot be used
     */
    public static KemudiStore open(
            Path directory, Limits limits, TimeSource time, PrometheusRegistry registry)
            throws IOException {
        Backend backend = RocksBackend.open(directory.resolve("state"), limits);
        try {
            return new KemudiStore(
                    backend,
                    machine -> openLog(directory.resolve("log"), machine, time, registry),
                    () -> hasRoom(directory, limits.diskReserveBytes()),
                    limits,
                    time,
                    registry);
        } catch (UncheckedIOException e) {
            backend.close();
            throw e.getCause();
        } catch (RuntimeException e) {
            backend.close();
            throw e;
        }
    }

    private static Log<Answer> openLog(
            Path directory, Machine machine, TimeSource time, PrometheusRegistry registry) {
        try {
            return FileLog.open(
                    directory, machine, dev.kemudi.log.Limits.defaults(), time, registry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean hasRoom(Path directory, long reserveBytes) {
        try {
            return Files.getFileStore(directory).getUsableSpace() >= reserveBytes;
        } catch (IOException e) {
            // Whether there is room is then found out by writing.
            LOG.log(Level.DEBUG, "the file system does not tell its room", e);
            return true;
        }
    }

    /**
     * Called by the applier, after the outcome is visible to readers and before anybody is
     * answered.
     */
    private void outcome(Machine.Outcome outcome) {
        mark = outcome.mark();
        leases.changed(outcome.leases());
        areas.changed(outcome.areas());
        hub.offer(outcome.revisions());
        if (upkeep != null) {
            upkeep.applied(outcome.bytes());
        }
    }

    private void revokeExpired() {
        for (long id : leases.expire(limits.leaseRevokesPerTickMax())) {
            var unused =
                    propose(new Command.LeaseRevoke(id))
                            .whenComplete((answer, failure) -> {
                                if (failure != null) {
                                    leases.notExpired(id);
                                } else if (answer instanceof Answer.LeaseRevoked) {
                                    metrics.leasesExpired().inc();
                                }
                            });
        }
    }

    @Override
    public long revision() {
        return mark.revision();
    }

    @Override
    public long compactedRevision() {
        return mark.compacted();
    }

    @Override
    public Answer range(Op.Range range) {
        metrics.reads().inc();
        try (View view = backend.view()) {
            return Reader.range(view, range, view.mark().revision(), view.mark().compacted());
        }
    }

    @Override
    public Answer scan(Op.Range range, Predicate<KeyValue> visitor) {
        metrics.reads().inc();
        try (View view = backend.view()) {
            Mark at = view.mark();
            return Reader.scan(view, range, at.revision(), at.compacted(), visitor);
        }
    }

    @Override
    public CompletableFuture<Long> readBarrier() {
        return log.readBarrier().thenApply(index -> revision());
    }

    @Override
    public CompletableFuture<Answer> write(Op op, Origin origin) {
        return writes.write(op, origin);
    }

    private Answer refuse(Answer.Reason reason) {
        return writes.refuse(reason);
    }

    private CompletableFuture<Answer> propose(Command command) {
        return writes.propose(command, "");
    }

    @Override
    public Area area(String name) {
        return areas.get(name);
    }

    @Override
    public CompletableFuture<Answer> change(AreaChange change) {
        return writes.change(change, "");
    }

    @Override
    public void onChange(String area, Consumer<Area> listener) {
        areas.listen(area, listener);
    }

    @Override
    public dev.kemudi.log.Standing standing() {
        return log.standing();
    }

    @Override
    public Membership membership() {
        throw new UnsupportedOperationException("membership");
    }

    @Override
    public Answer hash(long revision) {
        throw new UnsupportedOperationException("hash");
    }

    @Override
    public long history(Consumer<Watcher.Event> visitor) {
        throw new UnsupportedOperationException("history");
    }

    @Override
    public List<Lease> allLeases() {
        throw new UnsupportedOperationException("leases");
    }

    @Override
    public CompletableFuture<Answer> compact(long revision, boolean physical) {
        return propose(new Command.Compact(revision));
    }

    @Override
    public Watcher watch(
            KeyRange range, long startRevision, boolean prevKv, Watcher.Listener listener) {
        long first = startRevision > 0 ? startRevision : revision() + 1;
        return hub.watch(range, first, prevKv, listener);
    }

    @Override
    public CompletableFuture<Answer> leaseGrant(long id, long ttlSeconds) {
        if (ttlSeconds > limits.leaseTtlSecondsMax()) {
            return CompletableFuture.completedFuture(refuse(Answer.Reason.LEASE_TTL_TOO_LARGE));
        }
        long ttl = Math.max(ttlSeconds, limits.leaseTtlSecondsMin());
        if (id != 0) {
            return propose(new Command.LeaseGrant(id, ttl));
        }
        long chosen = ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
        return propose(new Command.LeaseGrant(chosen, ttl))
                .thenCompose(answer ->
                        answer instanceof Answer.Refused refused
                                        && refused.reason() == Answer.Reason.LEASE_EXISTS
                                ? leaseGrant(0, ttl)
                                : CompletableFuture.completedFuture(answer));
    }

    @Override
    public CompletableFuture<Answer> leaseRevoke(long id) {
        return propose(new Command.LeaseRevoke(id));
    }

    @Override
    public CompletableFuture<Answer> leaseKeepAlive(long id) {
        OptionalLong ttl = leases.keepAlive(id);
        return CompletableFuture.completedFuture(
                ttl.isPresent()
                        ? new Answer.LeaseRenewed(revision(), id, ttl.getAsLong())
                        : refuse(Answer.Reason.LEASE_NOT_FOUND));
    }

    @Override
    public Optional<Lease> lease(long id) {
        OptionalLong ttl = leases.ttlSeconds(id);
        if (ttl.isEmpty()) {
            return Optional.empty();
        }
        try (View view = backend.view()) {
            List<Bytes> keys = Machine.attached(view, id);
            return Optional.of(new Lease(id, ttl.getAsLong(), leases.remainingSeconds(id), keys));
        }
    }

    @Override
    public List<Long> leases() {
        return leases.ids();
    }

    @Override
    public Stats stats() {
        Mark at = mark;
        return new Stats(
                at.revision(),
                at.compacted(),
                at.index(),
                backend.bytesOnDisk() + log.bytesOnDisk(),
                hub.watchers(),
                leases.size());
    }

    @Override
    public void close() {
        metrics.close();
        upkeep.close();
        log.close();
        hub.close();
        backend.close();
    }
}
