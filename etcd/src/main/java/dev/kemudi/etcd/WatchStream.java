package dev.kemudi.etcd;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.WatchCreateRequest;
import dev.kemudi.etcd.proto.WatchRequest;
import dev.kemudi.etcd.proto.WatchResponse;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.EventBatch;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.Store;
import dev.kemudi.store.Watcher;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/*
 * One stream, many watches
 * ------------------------
 * While the client's window has room, the store's dispatcher writes events itself: encoded once for all
 * watches of a range (WatchMessage), a copy into a frame per watch. When there is none, a virtual thread of
 * the watch waits here for room, the store's bounded buffer behind it fills, and the store lets that watch
 * go on from disk later. So a client that never reads costs its window, a buffer and a parked virtual
 * thread.
 *
 * A watch is made and announced ("created") under the same lock, so that no event overtakes the
 * announcement.
 *
 * A progress request asks each watch of the stream how far it is and answers with the least, under watch id
 * -1: every event up to there has been sent, on every watch.
 */
/** The server's side of one watch stream. Safe for use by many threads. */
final class WatchStream implements StreamObserver<WatchRequest>, OpenStreams.Stream {
    private static final long NO_ID = -1;

    /** Encoding so many takes the store's thread no longer than a millisecond. */
    private static final int OFFERED_MAX = 1_000;

    private final Store store;
    private final Member member;
    private final Limits limits;
    private final Guard guard;
    private final Credential who = Credential.current();
    private final ServerCallStreamObserver<WatchMessage> out;
    private final Consumer<WatchStream> gone;
    private final InboundPace pace;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition readyOrClosed = lock.newCondition();
    private final Map<Long, One> watches = new HashMap<>();
    private final Set<One> asked = new HashSet<>();
    private long askedLeast;
    private boolean askAgain;
    private long nextId;
    private boolean closed;

    WatchStream(
            Store store,
            Member member,
            Limits limits,
            Guard guard,
            ServerCallStreamObserver<WatchMessage> out,
            Consumer<WatchStream> gone) {
        this.store = store;
        this.member = member;
        this.limits = limits;
        this.guard = guard;
        this.out = out;
        this.gone = gone;
        this.pace = InboundPace.of(out);
        out.setOnReadyHandler(this::ready);
        out.setOnCancelHandler(this::shut);
    }

    private void ready() {
        pace.ready();
        lock.lock();
        try {
            readyOrClosed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onNext(WatchRequest request) {
        switch (request.getRequestUnionCase()) {
            case CREATE_REQUEST -> create(request.getCreateRequest());
            case CANCEL_REQUEST -> cancel(request.getCancelRequest().getWatchId());
            case PROGRESS_REQUEST -> progress();
            case REQUESTUNION_NOT_SET -> {
                // etcd passes over requests it does not know.
            }
        }
        pace.handled();
    }

    @Override
    public void onError(Throwable failure) {
        shut();
    }

    /** Whoever has nothing more to ask still wants to hear: as in etcd, until they leave. */
    @Override
    public void onCompleted() {}

    private void send(WatchResponse response) {
        out.onNext(WatchMessage.of(response));
    }

    private WatchResponse.Builder response(long revision, long id) {
        return WatchResponse.newBuilder().setHeader(member.header(revision)).setWatchId(id);
    }

    private void create(WatchCreateRequest request) {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            KeyRange range = range(request);
            String refused = refusal(request, range);
            if (!refused.isEmpty()) {
                send(
                        response(store.revision(), NO_ID)
                                .setCreated(true)
                                .setCanceled(true)
                                .setCancelReason(refused)
                                .build());
                return;
            }
            long id = request.getWatchId() != 0 ? request.getWatchId() : freeId();
            One one = new One(id, request);
            watches.put(id, one);
            send(response(store.revision(), id).setCreated(true).build());
            one.watcher = store.watch(range, start(request), request.getPrevKv(), one);
        } catch (IllegalStateException e) {
            closed = true;
            out.onError(Errors.STOPPED.withCause(e).asRuntimeException());
        } finally {
            lock.unlock();
        }
    }

    /** A revision before the first is one that is asked for, and not "from now on". */
    private static long start(WatchCreateRequest request) {
        return request.getStartRevision() < 0 ? 1 : request.getStartRevision();
    }

    private static KeyRange range(WatchCreateRequest request) {
        ByteString key = request.getKey();
        // An empty key watches from the very first one on.
        Bytes first = key.isEmpty() ? Bytes.of(new byte[] {0}) : Wire.bytes(key);
        return new KeyRange(first, Wire.bytes(request.getRangeEnd()));
    }

    private String refusal(WatchCreateRequest request, KeyRange range) {
        try {
            guard.read(who, range);
        } catch (StatusRuntimeException e) {
            return Errors.go(e.getStatus());
        }
        if (!range.isSingle() && !range.isOpenEnded() && range.key().compareTo(range.end()) >= 0) {
            return "mvcc: watcher range is empty";
        }
        if (request.getWatchId() != 0 && watches.containsKey(request.getWatchId())) {
            return "mvcc: duplicate watch ID provided on the WatchStream";
        }
        return watches.size() >= limits.watchesPerStreamMax()
                ? "etcdserver: too many watches on one stream"
                : "";
    }

    private long freeId() {
        while (watches.containsKey(nextId)) {
            nextId++;
        }
        return nextId++;
    }

    private void cancel(long id) {
        lock.lock();
        try {
            One one = watches.remove(id);
            if (one != null && !closed) {
                one.close();
                send(response(store.revision(), id).setCanceled(true).build());
                answered(one, Long.MAX_VALUE);
                readyOrClosed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void progress() {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            if (!asked.isEmpty()) {
                askAgain = true;
            } else if (watches.isEmpty()) {
                send(response(store.revision(), NO_ID).build());
            } else {
                askedLeast = Long.MAX_VALUE;
                asked.addAll(watches.values());
                List.copyOf(asked).forEach(One::requestProgress);
            }
        } finally {
            lock.unlock();
        }
    }

    /** A watch told how far it is, or is no more. Called under the lock. */
    private void answered(One one, long revision) {
        if (!asked.remove(one)) {
            return;
        }
        askedLeast = Math.min(askedLeast, revision);
        if (!asked.isEmpty()) {
            return;
        }
        long least = askedLeast == Long.MAX_VALUE ? store.revision() : askedLeast;
        send(response(least, NO_ID).build());
        if (askAgain) {
            askAgain = false;
            progress();
        }
    }

    void notifyProgress() {
        lock.lock();
        try {
            for (One one : watches.values()) {
                if (one.notify && one.quiet) {
                    one.notifyDue = true;
                    one.requestProgress();
                }
                one.quiet = true;
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void stop() {
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                out.onError(Errors.STOPPED.asRuntimeException());
            }
        } finally {
            lock.unlock();
        }
        shut();
    }

    private void shut() {
        List<One> all;
        lock.lock();
        try {
            closed = true;
            all = List.copyOf(watches.values());
            watches.clear();
            asked.clear();
            readyOrClosed.signalAll();
        } finally {
            lock.unlock();
        }
        all.forEach(One::close);
        gone.accept(this);
    }

    /** One watch: what the store tells it, it tells the client. */
    private final class One implements Watcher.Listener {
        private final long id;
        private final boolean puts;
        private final boolean deletes;
        private final boolean fragment;
        private final boolean notify;
        private Watcher watcher = NOT_YET;
        private boolean quiet = true;
        private boolean notifyDue;

        One(long id, WatchCreateRequest request) {
            this.id = id;
            this.puts = !request.getFiltersList().contains(WatchCreateRequest.FilterType.NOPUT);
            this.deletes =
                    !request.getFiltersList().contains(WatchCreateRequest.FilterType.NODELETE);
            this.fragment = request.getFragment();
            this.notify = request.getProgressNotify();
        }

        void requestProgress() {
            watcher.requestProgress();
        }

        void close() {
            watcher.close();
        }

        @Override
        public void events(List<Watcher.Event> events, long revision) {
            throw new IllegalStateException("the store hands over batches");
        }

        @Override
        public boolean offer(EventBatch batch) {
            if (!lock.tryLock()) {
                return false;
            }
            try {
                if (!isOpen()) {
                    return true;
                }
                // A large batch is encoded and cut on the watch's own thread.
                if (!out.isReady() || batch.events().size() > OFFERED_MAX) {
                    return false;
                }
                WatchMessage.Encoded encoded = WatchMessage.Encoded.of(batch, member);
                return !mustBeCut(encoded) && sendShared(encoded);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void events(EventBatch batch) {
            lock.lock();
            try {
                // Messages are made only once there is room for them: those who wait hold no more
                // than the events, which they share.
                if (!awaitRoom()) {
                    return;
                }
                WatchMessage.Encoded encoded = WatchMessage.Encoded.of(batch, member);
                if (mustBeCut(encoded)) {
                    sendFragments(wanted(batch.events()), batch.revision());
                } else if (!sendShared(encoded)) {
                    sendFiltered(batch);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                lock.unlock();
            }
        }

        private boolean mustBeCut(WatchMessage.Encoded encoded) {
            return fragment && encoded.length() > limits.fragmentBytesMax();
        }

        /** False, and nothing is sent, when this watch does not want all of it. */
        private boolean sendShared(WatchMessage.Encoded encoded) {
            if ((encoded.puts && !puts) || (encoded.deletes && !deletes)) {
                return false;
            }
            quiet = false;
            out.onNext(encoded.to(id));
            return true;
        }

        private void sendFiltered(EventBatch batch) {
            List<dev.kemudi.etcd.proto.Event> wanted = wanted(batch.events());
            if (!wanted.isEmpty()) {
                quiet = false;
                send(response(batch.revision(), id).addAllEvents(wanted).build());
            }
        }

        private List<dev.kemudi.etcd.proto.Event> wanted(List<Watcher.Event> events) {
            List<dev.kemudi.etcd.proto.Event> wanted = new ArrayList<>(events.size());
            for (Watcher.Event event : events) {
                if (event.type() == Watcher.Type.PUT ? puts : deletes) {
                    wanted.add(Wire.event(event));
                }
            }
            return wanted;
        }

        private void sendFragments(List<dev.kemudi.etcd.proto.Event> events, long revision)
                throws InterruptedException {
            WatchResponse.Builder part = response(revision, id);
            int bytes = 0;
            for (dev.kemudi.etcd.proto.Event event : events) {
                if (bytes > 0 && bytes + event.getSerializedSize() > limits.fragmentBytesMax()) {
                    sendPart(part.setFragment(true).build());
                    part = response(revision, id);
                    bytes = 0;
                }
                part.addEvents(event);
                bytes += event.getSerializedSize();
            }
            sendPart(part.build());
        }

        /**
         * Waits until the client has room; false when nobody is there any more. Called under the
         * lock.
         */
        private boolean awaitRoom() throws InterruptedException {
            while (!out.isReady() && isOpen()) {
                readyOrClosed.await();
            }
            return isOpen();
        }

        private void sendPart(WatchResponse response) throws InterruptedException {
            if (awaitRoom()) {
                send(response);
            }
        }

        private boolean isOpen() {
            return !closed && watches.get(id) == this;
        }

        @Override
        public void progress(long revision) {
            lock.lock();
            try {
                if (!isOpen()) {
                    return;
                }
                if (notifyDue) {
                    notifyDue = false;
                    send(response(revision, id).build());
                }
                answered(this, revision);
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void ended(long compactRevision) {
            lock.lock();
            try {
                if (!isOpen()) {
                    return;
                }
                watches.remove(id);
                if (compactRevision == 0) {
                    closed = true;
                    readyOrClosed.signalAll();
                    out.onError(Errors.STOPPED.asRuntimeException());
                    return;
                }
                send(
                        response(store.revision(), id)
                                .setCanceled(true)
                                .setCompactRevision(compactRevision)
                                .build());
                answered(this, Long.MAX_VALUE);
            } finally {
                lock.unlock();
            }
        }
    }

    /** Stands in until the store has given the real one, which happens under the lock. */
    private static final Watcher NOT_YET =
            new Watcher() {
                @Override
                public void requestProgress() {}

                @Override
                public void close() {}
            };
}
