package dev.kemudi.logratis;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Log;
import dev.kemudi.log.LogFailedException;
import dev.kemudi.log.LogMetrics;
import dev.kemudi.log.LogOpener;
import dev.kemudi.log.LogRefusedException;
import dev.kemudi.log.LogRefusedException.Reason;
import dev.kemudi.log.Peer;
import dev.kemudi.log.Proposals;
import dev.kemudi.log.Quorum;
import dev.kemudi.log.Standing;
import dev.kemudi.log.StateMachine;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.SetConfigurationRequest;
import org.apache.ratis.protocol.SnapshotManagementRequest;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LogAppender;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.util.ExitUtils;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;

/*
 * The way of a command on several nodes
 * -------------------------------------
 *     propose -> Proposals (bounded) -> Proposer: one batch -> leader (here, or over gRPC)
 *       -> Ratis: append, sync, majority -> Replica on every node: apply -> answers on the node that proposed
 *
 * Ratis does the consensus: elections with pre-vote, replication, read index, membership. Ours is
 * what is around it: batches, because Ratis costs by the entry and not by the byte; repetitions
 * told apart (Sessions); answers from this node's own apply; copies of the state (Copies);
 * followers told early what is committed (Appenders).
 *
 * What holds always
 * -----------------
 * - A command is answered after a majority has synced it and this node has applied it.
 * - A command refused with LogRefusedException is in no log, now or later.
 * - A batch is applied once, on every member at the same place.
 * - A node whose disk fails or whose machine throws stops; the others go on.
 */
/**
 * The log on several nodes, by Apache Ratis. Safe for use by many threads; {@link #propose} never
 * blocks. Completions run on the applying thread: dependents attached to them must not block it.
 *
 * @param <R> what the state machine answers
 */
public final class RatisLog<R> implements Log<R>, Quorum {
    private static final System.Logger LOG = System.getLogger(RatisLog.class.getName());

    private final Config config;
    private final Limits limits;
    private final StateMachine<R> machine;
    private final LogMetrics metrics;
    private final Proposals<R> proposals;
    private final Appenders appenders = new Appenders();
    private final ReadIndex readIndex = new ReadIndex(appenders);
    private final Replica<R> replica;
    private final RaftGroupId group;
    private final RaftServer server;
    private final RaftServer.Division division;
    private final Link link;
    private final Proposer<R> proposer;
    private final Barriers barriers;
    private final Steward steward;
    private final Lines lines;
    private final Path directory;
    // Threads bounded by questionsMax, and one each for a copy, a line to renew and a failure.
    private final ExecutorService blocking =
            Executors.newThreadPerTaskExecutor(
                    Thread.ofVirtual().name("kemudi-log-manage-", 0).factory());
    private final Semaphore questions;
    private final AtomicBoolean copying = new AtomicBoolean();
    private final AtomicBoolean copyAsked = new AtomicBoolean();
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile List<Peer> members;
    private volatile @Nullable Standing told;
    private volatile @Nullable Throwable failure;

    /** The server's end after a failure; its directory is locked until then. */
    private volatile CompletableFuture<?> ended = CompletableFuture.completedFuture(null);

    /** Opens the log on which every member of {@code config} keeps the same state. */
    public static LogOpener opener(Config config, Limits limits) {
        return new LogOpener() {
            @Override
            public <R> Log<R> open(
                    Path directory,
                    StateMachine<R> machine,
                    TimeSource time,
                    PrometheusRegistry registry)
                    throws IOException {
                return RatisLog.open(config, limits, directory, machine, time, registry);
            }
        };
    }

    /**
     * Starts this member. Returns when it listens and votes; the machine gets what was committed as
     * soon as a leader is known.
     *
     * @throws IOException when the directory or the address cannot be used, or the machine holds
     *     what the log does not (see {@link Config#seeded})
     */
    public static <R> RatisLog<R> open(
            Config config,
            Limits limits,
            Path directory,
            StateMachine<R> machine,
            TimeSource time,
            PrometheusRegistry registry)
            throws IOException {
        return open(config, limits, directory, machine, time, registry, parameters -> {});
    }

    /** The same; tests put faults between peers by {@code more}. */
    static <R> RatisLog<R> open(
            Config config,
            Limits limits,
            Path directory,
            StateMachine<R> machine,
            TimeSource time,
            PrometheusRegistry registry,
            Consumer<Parameters> more)
            throws IOException {
        Files.createDirectories(directory);
        requireFree(config.listen());
        LogMetrics metrics = new LogMetrics(registry);
        try {
            RatisLog<R> log =
                    new RatisLog<>(config, limits, directory, machine, time, metrics, more);
            log.start();
            return log;
        } catch (IOException | RuntimeException e) {
            metrics.close();
            throw e;
        }
    }

    /** Ratis would end the process when the address is taken. */
    private static void requireFree(String listen) throws IOException {
        InetSocketAddress address = Settings.address(listen);
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(
                    new InetSocketAddress(
                            InetAddress.getByName(address.getHostString()), address.getPort()));
        } catch (IOException e) {
            throw new IOException(
                    "peers cannot be heard on %s: %s".formatted(listen, e.getMessage()), e);
        }
    }

    private RatisLog(
            Config config,
            Limits limits,
            Path directory,
            StateMachine<R> machine,
            TimeSource time,
            LogMetrics metrics,
            Consumer<Parameters> more)
            throws IOException {
        neverExit();
        this.config = config;
        this.limits = limits;
        this.machine = machine;
        this.metrics = metrics;
        this.directory = directory;
        questions = new Semaphore(limits.questionsMax());
        members = config.joining() ? List.of() : config.peers();
        proposals = new Proposals<>(limits.bounds(), metrics);
        replica = new Replica<>(machine, config, time, metrics, new Heard());
        group = Settings.group(config);
        RaftProperties properties = Settings.properties(config, limits, directory);
        Parameters parameters = Settings.parameters(config, appenders);
        more.accept(parameters);
        // Who joins listens only, until what it is told says that it has a vote.
        List<RaftPeer> peers =
                (config.joining()
                                ? List.of(new Peer(config.self(), config.listen(), true))
                                : config.peers())
                        .stream().map(Settings::raft).toList();
        server =
                RaftServer.newBuilder()
                        .setServerId(Settings.id(config.self()))
                        .setGroup(RaftGroup.valueOf(group, peers))
                        .setStateMachine(replica)
                        .setProperties(properties)
                        .setParameters(parameters)
                        .setOption(RaftStorage.StartupOption.RECOVER)
                        .build();
        division = server.getDivision(group);
        link = new Link(server, division, group, properties, parameters, blocking);
        link.know(peers);
        link.know(config.peers().stream().map(Settings::raft).toList());
        proposer =
                new Proposer<>(
                        config.self(),
                        Incarnation.next(directory, time.epochMillis()),
                        proposals,
                        link,
                        this::leader,
                        metrics,
                        time,
                        limits.proposeMillis());
        barriers =
                new Barriers(
                        limits.barriersMax(),
                        limits.barrierMillis(),
                        this::barrier,
                        this::appliedIndex);
        lines = new Lines(server, division, appenders, config, blocking);
        steward = new Steward(this::look, this::tail);
    }

    /** Ratis would end the process in need, and take over threads that end by an exception. */
    private static void neverExit() {
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        ExitUtils.disableSystemExit();
        Thread.setDefaultUncaughtExceptionHandler(before);
    }

    private void start() throws IOException {
        try {
            server.start();
        } catch (IOException | RuntimeException e) {
            server.close();
            link.close();
            if (e instanceof CompletionException && e.getCause() instanceof IOException why) {
                throw new IOException(why.getMessage(), e);
            }
            throw e;
        }
        if (division.getRaftConf().getLogEntryIndex() >= 0) {
            members = Members.of(division.getRaftConf());
        }
        link.know(division.getRaftConf().getAllPeers());
        metrics.gauge(
                "kemudi_log_applied_index", "Index of the last applied entry.", this::appliedIndex);
        metrics.gauge("kemudi_log_disk_bytes", "Bytes of the log's segments.", this::bytesOnDisk);
        metrics.gauge("kemudi_log_term", "The leadership that is known.", () -> standing().term());
        metrics.gauge(
                "kemudi_log_leading",
                "1 while this node leads.",
                () -> standing().leading() ? 1 : 0);
        steward.start();
        steward.call();
        proposer.start();
        barriers.start();
    }

    /** What the replica hears, put where it belongs. */
    private final class Heard implements Replica.Events<R> {
        @Override
        public Optional<Flight<R>> flightOf(Batch.Origin origin) {
            return proposer.flightOf(origin);
        }

        @Override
        public void applied(Flight<R> flight, List<R> answers) {
            proposer.applied(flight, answers);
        }

        @Override
        public void leapt(Sessions sessions) {
            if (started()) {
                proposer.leapt(sessions);
            }
        }

        @Override
        public void outdated(Batch.Origin origin, long known) {
            proposer.outdated(origin, known);
        }

        @Override
        public void committed(RaftPeerId from, long index) {
            if (division.getInfo().isLeader()) {
                if (!from.equals(server.getId())) {
                    appenders.tell(from, index);
                }
                steward.committed();
            }
        }

        @Override
        public CompletableFuture<Long> readIndex() {
            return readIndex.ask(division);
        }

        @Override
        public void standing() {
            if (started()) {
                steward.call();
            }
        }

        @Override
        public void configured(RaftConfigurationProto configuration) {
            link.know(division.getRaftConf().getAllPeers());
            link.know(division.getRaftConf().getAllPeers(RaftPeerRole.LISTENER));
            if (configuration.getOldPeersCount() == 0) {
                members = Members.of(configuration);
            }
        }

        @Override
        public void failed(String what, Throwable cause) {
            RatisLog.this.failed(what, cause);
        }

        @Override
        public void closed() {
            if (!closed.get()) {
                RatisLog.this.failed(
                        "it was closed by its peers: removed from the cluster, or its state failed",
                        new IllegalStateException("closed"));
            }
        }
    }

    /** The replica speaks already while this object is being made. */
    @SuppressWarnings("ConstantValue")
    private boolean started() {
        return steward != null;
    }

    private void failed(String what, Throwable cause) {
        synchronized (this) {
            if (failure != null || closed.get()) {
                return;
            }
            failure = cause;
        }
        LOG.log(Level.ERROR, "the log of this node stops until a restart: " + what, cause);
        proposer.fail(what, cause);
        barriers.close(new LogFailedException("the log stopped (" + what + "): restart", cause));
        steward.call();
        ended =
                CompletableFuture.runAsync(
                        () -> {
                            try {
                                server.close();
                            } catch (IOException e) {
                                LOG.log(
                                        Level.WARNING,
                                        "the log's server did not close in order",
                                        e);
                            }
                        },
                        blocking);
    }

    private Optional<RaftPeerId> leader() {
        return Optional.ofNullable(division.getInfo().getLeaderId());
    }

    @Override
    public CompletableFuture<R> propose(byte[] command, String traceparent) {
        return proposals.offer(command, traceparent);
    }

    @Override
    public CompletableFuture<Long> readBarrier() {
        return barriers.await();
    }

    private CompletableFuture<?> barrier() {
        Optional<RaftPeerId> now = leader();
        if (now.isEmpty()) {
            return CompletableFuture.failedFuture(new IOException("no leader is known"));
        }
        CompletableFuture<Long> committed =
                now.get().equals(server.getId())
                        ? readIndex.ask(division)
                        : link.readIndex(now.get());
        return committed.thenCompose(replica::reached);
    }

    @Override
    public long appliedIndex() {
        return replica.appliedIndex();
    }

    @Override
    public Standing standing() {
        DivisionInfo info = division.getInfo();
        boolean alive = failure == null && info.getLifeCycleState() == LifeCycle.State.RUNNING;
        return new Standing(
                info.getCurrentTerm(),
                config.self(),
                alive ? leader().map(Settings::member).orElse(0L) : 0,
                alive && info.isLeaderReady(),
                division.getRaftConf().getPeer(server.getId(), RaftPeerRole.LISTENER) != null,
                Math.max(appliedIndex(), division.getRaftLog().getLastCommittedIndex()),
                appliedIndex());
    }

    @Override
    public Optional<Quorum> quorum() {
        return Optional.of(this);
    }

    @Override
    public long firstIndex() {
        return Math.max(1, division.getRaftLog().getStartIndex());
    }

    @Override
    public long bytesOnDisk() {
        Path entries = division.getRaftStorage().getStorageDir().getCurrentDir().toPath();
        try (Stream<Path> files = Files.list(entries)) {
            long bytes = 0;
            for (Path file : files.toList()) {
                bytes += Files.exists(file) ? Files.size(file) : 0;
            }
            return bytes;
        } catch (IOException e) {
            LOG.log(Level.DEBUG, "the log's size is not known: {0}", e.getMessage());
            return 0;
        }
    }

    /** Makes a copy, after which entries are forgotten up to the copy before it. */
    @Override
    public void truncate(long index) {
        if (index >= firstIndex()) {
            copyAsked.set(true);
            steward.call();
        }
    }

    private void look() {
        Standing now = standing();
        Standing before = told;
        if (before == null
                || before.term() != now.term()
                || before.leader() != now.leader()
                || before.leading() != now.leading()
                || before.learner() != now.learner()) {
            told = now;
            try {
                machine.standingChanged(now);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "the state machine failed to hear where it stands", e);
            }
        }
        if (failure == null) {
            lines.look();
        }
        if (failure == null && wantsCopy() && copying.compareAndSet(false, true)) {
            blocking.execute(this::copy);
        }
    }

    private boolean wantsCopy() {
        if (copyAsked.get()) {
            return true;
        }
        long bytes = replica.bytesSinceCopy();
        return bytes > limits.snapshotEveryBytes()
                && (bytes > 4 * limits.snapshotEveryBytes()
                        || !appenders.sendsCopy(
                                division.getRaftLog().getStartIndex(),
                                2L * config.electionMaxMillis()));
    }

    private void copy() {
        try {
            copyAsked.set(false);
            replica.copy();
            server.snapshotManagementAsync(
                            SnapshotManagementRequest.newCreate(
                                    ClientId.randomId(),
                                    server.getId(),
                                    group,
                                    0,
                                    limits.proposeMillis(),
                                    1))
                    .get(limits.proposeMillis(), TimeUnit.MILLISECONDS);
            replica.copies().prune();
        } catch (Exception e) {
            if (!closed.get()) {
                LOG.log(
                        Level.WARNING,
                        "no copy of the state was made; the log grows until then",
                        e);
            }
        } finally {
            copying.set(false);
        }
    }

    private void tail() {
        if (division.getInfo().isLeader()) {
            appenders.tellAll(division.getRaftLog().getLastCommittedIndex());
        }
    }

    @Override
    public List<Peer> peers() {
        return members;
    }

    @Override
    public CompletableFuture<Void> reconfigure(List<Peer> peers) {
        SetConfigurationRequest.Arguments step;
        try {
            step = Members.step(Members.of(division.getRaftConf()), peers);
        } catch (IllegalArgumentException e) {
            return CompletableFuture.failedFuture(e);
        }
        return withLeader(leader -> link.reconfigure(leader, step).thenApply(ok -> null));
    }

    @Override
    public CompletableFuture<Void> transferLeadership(long id) {
        long millis = 10L * config.electionMaxMillis();
        return withLeader(leader ->
                leader.equals(Settings.id(id))
                        ? CompletableFuture.completedFuture(null)
                        : link.transfer(leader, Settings.id(id), millis).thenApply(ok -> null));
    }

    @Override
    public CompletableFuture<byte[]> askLeader(byte[] question) {
        if (standing().leading()) {
            try {
                return CompletableFuture.completedFuture(machine.answer(question));
            } catch (RuntimeException e) {
                return CompletableFuture.failedFuture(e);
            }
        }
        return withLeader(leader -> link.ask(leader, question));
    }

    private interface WithLeader<T> {
        CompletableFuture<T> go(RaftPeerId leader);
    }

    private <T> CompletableFuture<T> withLeader(WithLeader<T> what) {
        if (!questions.tryAcquire()) {
            return CompletableFuture.failedFuture(
                    new LogRefusedException(
                            Reason.QUEUE_FULL,
                            "%d questions to the leader are under way: retry later"
                                    .formatted(limits.questionsMax())));
        }
        CompletableFuture<RaftPeerId> found =
                leader().map(CompletableFuture::completedFuture)
                        .orElseGet(
                                () -> CompletableFuture.supplyAsync(this::awaitLeader, blocking));
        return found.<T>thenCompose(what::go).whenComplete((answer, failed) -> questions.release());
    }

    private RaftPeerId awaitLeader() {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limits.barrierMillis());
        while (failure == null && !closed.get() && System.nanoTime() < end) {
            Optional<RaftPeerId> now = leader();
            if (now.isPresent()) {
                return now.get();
            }
            java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        throw new CompletionException(
                new LogRefusedException(Reason.NOT_LEADER, "no leader was found in time"));
    }

    /** As {@link #close}, without flushing the machine: what a sudden end leaves behind. */
    void abandon() {
        proposer.fail("it was abandoned", new IllegalStateException("abandoned"));
        close(false);
    }

    @Override
    public void close() {
        close(true);
    }

    /** A leader that goes in order names its successor, so that nobody waits for its silence. */
    private void handOver() {
        if (failure != null || !standing().leading()) {
            return;
        }
        Optional<RaftPeerId> next =
                appenders.running().stream()
                        .map(LogAppender::getFollower)
                        .filter(follower ->
                                division.getRaftConf().getPeer(follower.getId()) != null
                                        && follower.getLastRpcResponseTime().elapsedTimeMs()
                                                < config.electionMaxMillis())
                        .max(Comparator.comparingLong(FollowerInfo::getMatchIndex))
                        .map(FollowerInfo::getId);
        if (next.isEmpty()) {
            return;
        }
        try {
            link.transfer(server.getId(), next.get(), config.electionMaxMillis())
                    .get(2L * config.electionMaxMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.log(Level.DEBUG, "leadership was not handed over: {0}", e.getMessage());
        }
    }

    private void close(boolean flush) {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        proposer.close();
        if (flush) {
            handOver();
        }
        steward.close();
        barriers.close(new LogRefusedException(Reason.CLOSED, "the log is closed"));
        try {
            ended.join();
            server.close();
            link.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the log's server did not close in order", e);
        } finally {
            blocking.shutdown();
            metrics.close();
        }
        if (flush && failure == null) {
            machine.flush();
        }
        LOG.log(Level.DEBUG, "the log in {0} is closed", directory);
    }
}
