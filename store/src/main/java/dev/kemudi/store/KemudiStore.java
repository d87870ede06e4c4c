package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.FileLog;
import dev.kemudi.log.Log;
import dev.kemudi.log.LogOpener;
import dev.kemudi.log.MemoryLog;
import dev.kemudi.log.Standing;
import dev.kemudi.log.StateMachine;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

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
    private final StoreMetrics metrics;
    private final LeaseKeeper keeper;
    private final Areas areas = new Areas();
    private final Compactions compactions = new Compactions();
    private final Limits limits;
    private final Path scratch;
    private final WatchHub hub;
    private final Log<Answer> log;
    private final Freshness freshness;
    private final Upkeep upkeep;
    private final Writes writes;
    private final LeaseDesk leases;
    private final Members members;
    private final MemberDuty memberDuty;
    private volatile Mark mark;

    private KemudiStore(
            Backend backend,
            Path scratch,
            Function<Machine, Log<Answer>> openLog,
            BooleanSupplier diskHasRoom,
            Identity identity,
            Limits limits,
            TimeSource time,
            PrometheusRegistry registry) {
        this.backend = backend;
        this.scratch = scratch;
        this.limits = limits;
        this.metrics = new StoreMetrics(registry);
        this.keeper = new LeaseKeeper(time);
        try (View view = backend.view()) {
            this.mark = view.mark();
            keeper.load(view);
            areas.load(view);
        }
        this.hub = new WatchHub(backend, limits, metrics, mark.revision());
        try {
            this.log = openLog.apply(new Machine(backend, new Told()));
        } catch (RuntimeException e) {
            hub.close();
            metrics.close();
            throw e;
        }
        this.freshness = new Freshness(log, time);
        this.upkeep = new Upkeep(backend, log, limits, time, metrics, this::beside, diskHasRoom);
        this.writes = new Writes(backend, log, areas, limits, time, metrics, upkeep::diskFull);
        this.leases = new LeaseDesk(backend, log, writes, keeper, limits, metrics);
        this.members = new Members(identity, areas, writes, log);
        this.memberDuty = new MemberDuty(identity, members, log);
        stand(log.standing());
        upkeep.start();
        metrics.observe(this::stats, freshness::staleness);
    }

    /** A store without files, for tests and for what may be lost with the process. */
    public static KemudiStore inMemory(TimeSource time, PrometheusRegistry registry) {
        return inMemory(Limits.defaults(), time, registry);
    }

    /** As {@link #inMemory(TimeSource, PrometheusRegistry)}, with limits of your own. */
    public static KemudiStore inMemory(
            Limits limits, TimeSource time, PrometheusRegistry registry) {
        return on(
                new MemoryBackend(),
                KemudiStore::memoryLog,
                Identity.embedded(),
                limits,
                time,
                registry);
    }

    /** Without files of its own, on any log. */
    static KemudiStore on(
            Backend backend,
            LogOpener opener,
            Identity identity,
            Limits limits,
            TimeSource time,
            PrometheusRegistry registry) {
        return new KemudiStore(
                backend,
                Path.of(System.getProperty("java.io.tmpdir")),
                machine -> openLog(opener, Path.of(""), machine, time, registry),
                () -> true,
                identity,
                limits,
                time,
                registry);
    }

    /**
     * Opens, or creates, a store in {@code directory} on a log of its own: the log in {@code log/},
     * the state in {@code state/}.
     *
     * @throws IOException when the directory is in use by another process or cannot be used
     */
    public static KemudiStore open(
            Path directory, Limits limits, TimeSource time, PrometheusRegistry registry)
            throws IOException {
        return open(directory, KemudiStore::fileLog, Identity.embedded(), limits, time, registry);
    }

    /**
     * As {@link #open(Path, Limits, TimeSource, PrometheusRegistry)}, on a log of your choice, as a
     * member of a cluster.
     */
    public static KemudiStore open(
            Path directory,
            LogOpener opener,
            Identity identity,
            Limits limits,
            TimeSource time,
            PrometheusRegistry registry)
            throws IOException {
        Generations.delete(directory.resolve("scratch"));
        Backend backend =
                Generations.open(directory, generation -> RocksBackend.open(generation, limits));
        try {
            return new KemudiStore(
                    backend,
                    directory.resolve("scratch"),
                    machine -> openLog(opener, directory.resolve("log"), machine, time, registry),
                    () -> hasRoom(directory, limits.diskReserveBytes()),
                    identity,
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

    /**
     * Makes a store in {@code directory}, which has none, from the contents of another; it is
     * opened afterwards on a new log. For a log with peers each member of the new cluster is made
     * from the same contents.
     *
     * @throws IOException when there is a store already, or the directory cannot be used
     * @throws IllegalArgumentException when the contents are not those of a store
     */
    public static void load(Path directory, Contents contents, Limits limits) throws IOException {
        Loader.load(directory, contents, limits);
    }

    private static Log<Answer> openLog(
            LogOpener opener,
            Path directory,
            Machine machine,
            TimeSource time,
            PrometheusRegistry registry) {
        try {
            return opener.open(directory, machine, time, registry);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The log on this machine's disk alone, for {@link #open} with an identity. */
    public static <R> Log<R> fileLog(
            Path directory, StateMachine<R> machine, TimeSource time, PrometheusRegistry registry)
            throws IOException {
        if (machine instanceof Machine loaded && hasNothing(directory)) {
            loaded.forgetLoading();
        }
        return FileLog.open(directory, machine, dev.kemudi.log.Limits.defaults(), time, registry);
    }

    private static boolean hasNothing(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return true;
        }
        try (Stream<Path> files = Files.list(directory)) {
            return files.findAny().isEmpty();
        }
    }

    private static <R> Log<R> memoryLog(
            Path directory, StateMachine<R> machine, TimeSource time, PrometheusRegistry registry) {
        return new MemoryLog<>(machine, dev.kemudi.log.Limits.defaults(), time, registry);
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

    /** What the log's threads tell, also while the log is still being opened. */
    private final class Told implements Machine.Listener {
        @Override
        public void applied(Machine.Outcome outcome) {
            mark = outcome.mark();
            keeper.changed(outcome.leases());
            areas.changed(outcome.areas());
            hub.offer(outcome.revisions());
            metrics.answered(outcome.answers());
            if (upkeep != null) {
                upkeep.applied(outcome.bytes());
            }
        }

        @Override
        public void installed() {
            try (View view = backend.view()) {
                mark = view.mark();
                keeper.load(view);
                areas.load(view);
            }
            hub.replaced(mark.revision());
            metrics.statesInstalled().inc();
        }

        @Override
        public void standing(Standing now) {
            stand(now);
        }

        @Override
        public byte[] answer(byte[] question) {
            return keeper.answer(LeaseTalk.Question.decode(question)).encode();
        }
    }

    private void stand(Standing now) {
        keeper.standing(now.term(), now.leading());
    }

    /** Beside the housekeeping, every tick. */
    private void beside() {
        stand(log.standing());
        leases.expire();
        memberDuty.tick();
        try (View view = backend.view()) {
            compactions.reached(view.mark().reclaimed());
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
        return freshness.barrier().thenApply(index -> revision());
    }

    @Override
    public CompletableFuture<Long> readBarrier(Duration bound) {
        if (bound.isNegative()) {
            throw new IllegalArgumentException("bound: expected no less than zero, found " + bound);
        }
        return !bound.isZero() && freshness.within(bound)
                ? CompletableFuture.completedFuture(revision())
                : readBarrier();
    }

    @Override
    public Duration staleness() {
        return freshness.staleness();
    }

    @Override
    public CompletableFuture<Answer> write(Op op, Origin origin) {
        return writes.write(op, origin);
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
    public Standing standing() {
        return log.standing();
    }

    @Override
    public Membership membership() {
        return members;
    }

    @Override
    public <T> T snapshot(Function<Snapshot, T> reader) {
        try (View view = backend.view()) {
            return reader.apply(new StoreSnapshot(view, scratch, limits.sortBytesMax()));
        }
    }

    @Override
    public Answer hash(long revision) {
        return snapshot(now -> now.hash(revision));
    }

    @Override
    public long history(Consumer<Watcher.Event> visitor) {
        return snapshot(now -> {
            now.history(visitor);
            return now.revision();
        });
    }

    @Override
    public List<Lease> allLeases() {
        return snapshot(Snapshot::leases);
    }

    @Override
    public CompletableFuture<Answer> compact(long revision, boolean physical) {
        CompletableFuture<Answer> compacted = writes.propose(new Command.Compact(revision), "");
        return !physical
                ? compacted
                : compacted.thenCompose(answer ->
                        answer instanceof Answer.Compacted
                                ? compactions.reclaimed(revision).thenApply(done -> answer)
                                : CompletableFuture.completedFuture(answer));
    }

    @Override
    public CompletableFuture<Void> defragment() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofVirtual()
                .name("store-defragment")
                .start(() -> {
                    try {
                        upkeep.defragment();
                        done.complete(null);
                    } catch (InterruptedException | RuntimeException e) {
                        done.completeExceptionally(e);
                    }
                });
        return done;
    }

    @Override
    public Watcher watch(
            KeyRange range, long startRevision, boolean prevKv, Watcher.Listener listener) {
        long first = startRevision > 0 ? startRevision : revision() + 1;
        return hub.watch(range, first, prevKv, listener);
    }

    @Override
    public CompletableFuture<Answer> leaseGrant(long id, long ttlSeconds) {
        return leases.grant(id, ttlSeconds);
    }

    @Override
    public CompletableFuture<Answer> leaseRevoke(long id) {
        return leases.revoke(id);
    }

    @Override
    public CompletableFuture<Answer> leaseKeepAlive(long id) {
        return leases.keepAlive(id);
    }

    @Override
    public CompletableFuture<Optional<Lease>> lease(long id) {
        return leases.find(id);
    }

    @Override
    public List<Long> leases() {
        return keeper.ids();
    }

    @Override
    public Stats stats() {
        Mark at = mark;
        return new Stats(
                at.revision(),
                at.compacted(),
                at.index(),
                backend.bytesOnDisk() + log.bytesOnDisk(),
                bytesInUse(),
                hub.watchers(),
                keeper.size());
    }

    @Override
    public long bytesInUse() {
        return backend.bytesInUse();
    }

    @Override
    public void close() {
        metrics.close();
        upkeep.close();
        compactions.close();
        log.close();
        hub.close();
        backend.close();
    }
}
