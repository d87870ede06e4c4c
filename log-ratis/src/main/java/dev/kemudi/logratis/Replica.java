package dev.kemudi.logratis;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.LogEntry;
import dev.kemudi.log.LogMetrics;
import dev.kemudi.log.StateMachine;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.proto.RaftProtos.RaftConfigurationProto;
import org.apache.ratis.proto.RaftProtos.RoleInfoProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;

/*
 * How an entry is applied
 * -----------------------
 * Ratis calls applyTransaction on one thread, in order. An entry is a batch: it goes to the machine
 * whole, and when it is this node's own, its commands get the machine's answers. Three kinds of
 * entries do not reach the machine: those at or below its durable index at the start (it has them),
 * repetitions, and batches left over from before their node was restarted (Sessions).
 *
 * How a copy is made
 * ------------------
 * The machine writes it on another thread while entries are applied, and says up to which entry it
 * goes. The sessions must be those of exactly that entry: they are noted when the copy begins, and
 * what is applied meanwhile is remembered (Trail) and added up to that entry. Then Ratis asks for a
 * snapshot, and is told how far it may forget.
 *
 * What holds always
 * -----------------
 * - Ratis' snapshot is the newest whole copy; the machine holds at least as much.
 * - A machine that throws stops this node: its state is not what the log says.
 */
/** What Ratis drives; it drives the machine. */
final class Replica<R> extends BaseStateMachine {
    private static final System.Logger LOG = System.getLogger(RatisLog.class.getName());
    private static final String RATIS_LOG_FOLDER = "log_";

    private final StateMachine<R> machine;
    private final Config config;
    private final TimeSource time;
    private final LogMetrics metrics;
    private final Copies copies = new Copies();
    private final Events<R> events;
    private final AtomicLong bytesSinceCopy = new AtomicLong();
    private final AtomicLong leaderMillis = new AtomicLong();
    private final ReentrantLock applying = new ReentrantLock();
    private volatile long durableAtStart;
    private volatile TermIndex lastCommand = TermIndex.valueOf(0, 0);
    private Sessions sessions = new Sessions();
    private @Nullable Trail trail;
    private volatile @Nullable Waiter waiter;

    Replica(
            StateMachine<R> machine,
            Config config,
            TimeSource time,
            LogMetrics metrics,
            Events<R> events) {
        this.machine = machine;
        this.config = config;
        this.time = time;
        this.metrics = metrics;
        this.events = events;
    }

    /** What the log around it must hear. None of them may block. */
    interface Events<R> {
        /** This node's batch on its way, if {@code origin} is its. */
        Optional<Flight<R>> flightOf(Batch.Origin origin);

        void applied(Flight<R> flight, List<R> answers);

        /** Everything up to a sequence was applied elsewhere: a copy of the state came. */
        void leapt(Sessions sessions);

        /** This node's start is taken for an older one than {@code known}. */
        void outdated(Batch.Origin origin, long known);

        void committed(RaftPeerId from, long index);

        /** What was committed by now, if this node leads. */
        CompletableFuture<Long> readIndex();

        void standing();

        void configured(RaftConfigurationProto configuration);

        void failed(String what, Throwable cause);

        void closed();
    }

    private record Waiter(long index, CompletableFuture<Void> reached) {}

    /** The sessions as a copy began, and what was applied since. */
    private record Trail(Sessions before, TermIndex at, List<Step> steps) {
        record Step(Batch.Origin origin, TermIndex at, long timeMillis) {}
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId group, RaftStorage storage)
            throws IOException {
        super.initialize(server, group, storage);
        getLifeCycle()
                .startAndTransition(
                        () -> {
                            copies.init(storage);
                            if (copies.newest().isEmpty() && machine.durableIndex() > 0) {
                                adopt(storage);
                            }
                            load();
                        },
                        IOException.class);
    }

    /** The machine brings data along and the log is new: they become its first copy. */
    private void adopt(RaftStorage storage) throws IOException {
        if (holdsEntries(storage)) {
            return;
        }
        boolean alone = config.peers().size() == 1 && !config.joining();
        if (!alone && !config.seeded()) {
            throw new IOException(
                    ("the state machine holds %d entries and the log none: start this member alone and add"
                                    + " the others, or give every member the same state and say so (seeded)")
                            .formatted(machine.durableIndex()));
        }
        StateMachine.Copied copied = machine.checkpoint(copies.begin());
        copies.finish(0, copied.index(), new Sessions());
    }

    private static boolean holdsEntries(RaftStorage storage) throws IOException {
        Path folder = storage.getStorageDir().getCurrentDir().toPath();
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> found = Files.list(folder)) {
            return found.anyMatch(
                    each -> each.getFileName().toString().startsWith(RATIS_LOG_FOLDER));
        }
    }

    private void load() throws IOException {
        Optional<Copies.Copy> newest = copies.newest();
        if (newest.isPresent()) {
            Copies.Copy copy = newest.get();
            sessions = copy.sessions().sessions();
            setLastAppliedTermIndex(copy.at());
            lastCommand = copy.at();
            if (machine.durableIndex() < copy.at().getIndex()) {
                machine.install(copy.state());
            }
            leaderMillis.accumulateAndGet(sessions.timeMillis(), Math::max);
            events.leapt(sessions);
        }
        durableAtStart = machine.durableIndex();
        bytesSinceCopy.set(0);
        settle();
    }

    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    /** A copy came from the leader. */
    @Override
    public void reinitialize() throws IOException {
        getLifeCycle()
                .startAndTransition(
                        () -> {
                            Optional<Copies.Copy> came = copies.newest();
                            if (came.isPresent()) {
                                copies.settle(came.get());
                            }
                            load();
                        },
                        IOException.class);
        LOG.log(Level.INFO, "the state up to entry {0} came from the leader", appliedIndex());
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return copies;
    }

    @Override
    public TransactionContext startTransaction(RaftClientRequest request) {
        long now = leaderMillis.accumulateAndGet(time.epochMillis(), Math::max);
        return TransactionContext.newBuilder()
                .setStateMachine(this)
                .setClientRequest(request)
                .setLogData(Batch.stamped(now, request.getMessage().getContent()))
                .build();
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        LogEntryProto entry = transaction.getLogEntry();
        TermIndex at = TermIndex.valueOf(entry);
        applying.lock();
        try {
            apply(at, entry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
        } catch (Throwable e) {
            events.failed("the state machine failed at entry " + at.getIndex(), e);
            throw e;
        } finally {
            applying.unlock();
        }
        updateLastAppliedTermIndex(at);
        settle();
        return CompletableFuture.completedFuture(Message.EMPTY);
    }

    private void apply(TermIndex at, ByteBuffer data) {
        int bytes = data.remaining();
        Batch.Front front = Batch.front(data);
        Batch.Origin origin = front.origin();
        events.committed(Settings.id(origin.node()), at.getIndex());
        long known = sessions.incarnationOf(origin.node());
        boolean fresh = sessions.admit(origin, at.getIndex());
        long timeMillis = sessions.advance(front.timeMillis());
        if (trail != null) {
            trail.steps().add(new Trail.Step(origin, at, timeMillis));
        }
        leaderMillis.accumulateAndGet(timeMillis, Math::max);
        bytesSinceCopy.addAndGet(bytes);
        lastCommand = at;
        if (at.getIndex() <= durableAtStart) {
            return;
        }
        if (!fresh) {
            events.outdated(origin, known);
            return;
        }
        Optional<Flight<R>> own = events.flightOf(origin);
        List<LogEntry> commands =
                own.isPresent()
                        ? Batch.commands(
                                own.get().proposals(), at.getIndex(), at.getTerm(), timeMillis)
                        : Batch.commands(
                                data, front.count(), at.getIndex(), at.getTerm(), timeMillis);
        long start = time.nanoTime();
        List<R> answers = machine.apply(commands);
        if (answers.size() != commands.size()) {
            throw new IllegalStateException(
                    "the state machine gave %d answers to %d entries"
                            .formatted(answers.size(), commands.size()));
        }
        metrics.applied(time.nanoTime() - start);
        if (own.isPresent()) {
            events.applied(own.get(), answers);
        }
    }

    /** How much was applied since the last copy. */
    long bytesSinceCopy() {
        return bytesSinceCopy.get();
    }

    /** Makes a copy; called by one thread at a time, beside applying. */
    void copy() throws IOException {
        Path folder = copies.begin();
        applying.lock();
        try {
            if (lastCommand.getIndex() < durableAtStart) {
                return;
            }
            trail = new Trail(sessions.copy(), lastCommand, new ArrayList<>());
        } finally {
            applying.unlock();
        }
        bytesSinceCopy.set(0);
        StateMachine.Copied copied;
        Trail made;
        try {
            copied = machine.checkpoint(folder);
        } finally {
            applying.lock();
            try {
                made = trail;
                trail = null;
            } finally {
                applying.unlock();
            }
        }
        if (made == null || copied.index() == 0) {
            return;
        }
        Sessions then = made.before();
        TermIndex at = made.at();
        for (Trail.Step step : made.steps()) {
            if (step.at().getIndex() <= copied.index()) {
                then.admit(step.origin(), step.at().getIndex());
                then.advance(step.timeMillis());
                at = step.at();
            }
        }
        copies.finish(at.getTerm(), at.getIndex(), then);
    }

    Copies copies() {
        return copies;
    }

    /** Ratis asks on the applying thread; the copy is there already. */
    @Override
    public long takeSnapshot() throws IOException {
        return copies.purgeable();
    }

    /** Another node asks this one, which leads: the machine, or how far it must read. */
    @Override
    public CompletableFuture<Message> query(Message question) {
        ByteString content = question.getContent();
        if (content.isEmpty()) {
            return events.readIndex()
                    .thenApply(index -> Message.valueOf(ByteString.copyFromUtf8("" + index)));
        }
        try {
            byte[] answer = machine.answer(content.substring(1).toByteArray());
            return CompletableFuture.completedFuture(
                    Message.valueOf(UnsafeByteOperations.unsafeWrap(answer)));
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Completes when this node has applied an entry; for one caller at a time. */
    CompletableFuture<Void> reached(long index) {
        Waiter mine = new Waiter(index, new CompletableFuture<>());
        waiter = mine;
        settle();
        return mine.reached();
    }

    private void settle() {
        Waiter now = waiter;
        if (now != null && appliedIndex() >= now.index()) {
            waiter = null;
            now.reached().complete(null);
        }
    }

    @Override
    public void notifyTermIndexUpdated(long term, long index) {
        super.notifyTermIndexUpdated(term, index);
        settle();
    }

    long appliedIndex() {
        return Math.max(durableAtStart, Math.max(0, getLastAppliedTermIndex().getIndex()));
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        events.standing();
    }

    @Override
    public void notifyLeaderReady() {
        events.standing();
    }

    @Override
    public void notifyConfigurationChanged(
            long term, long index, RaftConfigurationProto configuration) {
        events.configured(configuration);
        events.standing();
    }

    @Override
    public void notifyLogFailed(Throwable cause, @Nullable LogEntryProto entry) {
        events.failed("the disk refuses the log: " + cause.getMessage(), cause);
    }

    @Override
    public void notifyServerShutdown(RoleInfoProto role, boolean all) {
        events.closed();
    }
}
