package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.LeaderResponse;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import dev.kemudi.store.Watcher;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One client following an election: it is told every leader and every value a leader proclaims, in
 * order. A client that does not read makes its own watch wait, nobody else.
 */
final class Observation implements Watcher.Listener, OpenStreams.Stream {
    private final Store store;
    private final Member member;
    private final KeyRange range;
    private final ServerCallStreamObserver<LeaderResponse> out;
    private final OpenStreams streams;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition readyOrClosed = lock.newCondition();
    private final Map<Bytes, KeyValue> candidates = new HashMap<>();
    private long told;
    private boolean closed;
    private Optional<Watcher> watcher = Optional.empty();

    Observation(
            Store store,
            Member member,
            KeyRange range,
            ServerCallStreamObserver<LeaderResponse> out,
            OpenStreams streams) {
        this.store = store;
        this.member = member;
        this.range = range;
        this.out = out;
        this.streams = streams;
        out.setOnReadyHandler(this::wake);
        out.setOnCancelHandler(this::shut);
    }

    void start() {
        lock.lock();
        try {
            Answer.Ranged ranged =
                    Errors.expect(store.range(Op.Range.of(range)), Answer.Ranged.class);
            ranged.kvs().forEach(kv -> candidates.put(kv.key(), kv));
            tell(ranged.revision());
            watcher = Optional.of(store.watch(range, ranged.revision() + 1, false, this));
        } finally {
            lock.unlock();
        }
    }

    private void wake() {
        lock.lock();
        try {
            readyOrClosed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void shut() {
        lock.lock();
        try {
            closed = true;
            streams.remove(this);
            readyOrClosed.signalAll();
            watcher.ifPresent(Watcher::close);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void stop() {
        ended(0);
        shut();
    }

    private void tell(long revision) {
        Optional<KeyValue> leader =
                candidates.values().stream()
                        .min(Comparator.comparingLong(KeyValue::createRevision));
        // A put makes a new mod revision, so a leader and its value are told once.
        if (leader.isEmpty() || leader.get().modRevision() == told) {
            return;
        }
        told = leader.get().modRevision();
        out.onNext(
                LeaderResponse.newBuilder()
                        .setHeader(member.header(revision))
                        .setKv(Wire.kv(leader.get()))
                        .build());
    }

    @Override
    public void events(List<Watcher.Event> events, long revision) {
        lock.lock();
        try {
            for (int i = 0; i < events.size(); i++) {
                KeyValue kv = events.get(i).kv();
                if (events.get(i).type() == Watcher.Type.PUT) {
                    candidates.put(kv.key(), kv);
                } else {
                    candidates.remove(kv.key());
                }
                boolean revisionEnds =
                        i + 1 == events.size()
                                || events.get(i + 1).kv().modRevision() != kv.modRevision();
                if (revisionEnds) {
                    awaitRoom();
                    if (closed) {
                        return;
                    }
                    tell(kv.modRevision());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private void awaitRoom() throws InterruptedException {
        while (!out.isReady() && !closed) {
            readyOrClosed.await();
        }
    }

    @Override
    public void progress(long revision) {}

    @Override
    public void ended(long compactRevision) {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                out.onError(
                        (compactRevision > 0 ? Errors.of(Answer.Reason.COMPACTED) : Errors.STOPPED)
                                .asRuntimeException());
            }
        } finally {
            lock.unlock();
        }
    }
}
