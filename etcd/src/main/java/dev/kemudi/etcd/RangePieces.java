package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.RangeResponse;
import dev.kemudi.etcd.proto.RangeStreamResponse;
import dev.kemudi.etcd.proto.ResponseHeader;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.Arrays;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;

/*
 * A large range in little memory
 * ------------------------------
 * The first look pins a revision and counts. Then piece after piece is read at that revision, each from
 * where the last ended and only once the client has room, so one piece is all that is held, however large
 * the range and however slow the client; and between two pieces nothing of the store is held at all. When
 * the revision is compacted meanwhile the stream ends with etcd's error for that, as etcd's does.
 */
/** One answer to {@code RangeStream}: many messages, the last with head and count. */
final class RangePieces {
    private static final int PAIR_OVERHEAD_BYTES = 32;

    private final Store store;
    private final int pieceBytes;
    private final ServerCallStreamObserver<RangeStreamResponse> out;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition readyOrGone = lock.newCondition();

    /**
     * To be made while gRPC begins the call.
     *
     * @param pieceBytes about how much one message holds
     */
    RangePieces(Store store, int pieceBytes, ServerCallStreamObserver<RangeStreamResponse> out) {
        this.store = store;
        this.pieceBytes = pieceBytes;
        this.out = out;
        out.setOnReadyHandler(this::wake);
        out.setOnCancelHandler(this::wake);
    }

    private void wake() {
        lock.lock();
        try {
            readyOrGone.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** False when the client has left. */
    private boolean awaitRoom() {
        lock.lock();
        try {
            while (!out.isReady() && !out.isCancelled()) {
                readyOrGone.awaitUninterruptibly();
            }
            return !out.isCancelled();
        } finally {
            lock.unlock();
        }
    }

    /** Reads and sends everything; blocks while the client has no room. */
    void send(Op.Range op, LongFunction<ResponseHeader> header) {
        Answer.Ranged whole =
                ranged(store.range(new Op.Range(op.range(), op.revision(), 0, false, true)));
        long at = op.revision() > 0 ? op.revision() : whole.revision();
        long left = op.limit() > 0 ? Math.min(op.limit(), whole.count()) : whole.count();
        boolean more = left < whole.count();
        Bytes from = op.range().key();
        while (left > 0) {
            if (!awaitRoom()) {
                return;
            }
            Piece piece = new Piece(left);
            KeyRange rest =
                    op.range().isSingle() ? op.range() : new KeyRange(from, op.range().end());
            ranged(store.scan(new Op.Range(rest, at, 0, op.keysOnly(), false), piece::take));
            if (piece.taken == 0) {
                throw new IllegalStateException(
                        left + " keys of revision " + at + " are not there");
            }
            left -= piece.taken;
            from = after(piece.lastKey);
            if (left > 0) {
                out.onNext(RangeStreamResponse.newBuilder().setRangeResponse(piece.pairs).build());
            } else {
                last(end(piece.pairs, header.apply(whole.revision()), more, whole.count()));
                return;
            }
        }
        last(end(RangeResponse.newBuilder(), header.apply(whole.revision()), more, whole.count()));
    }

    private static RangeResponse end(
            RangeResponse.Builder pairs, ResponseHeader header, boolean more, long count) {
        return pairs.setHeader(header).setMore(more).setCount(count).build();
    }

    /** The one message that is still to come. */
    void last(RangeResponse response) {
        out.onNext(RangeStreamResponse.newBuilder().setRangeResponse(response).build());
        out.onCompleted();
    }

    private static Answer.Ranged ranged(Answer answer) {
        return Errors.expect(answer, Answer.Ranged.class);
    }

    /** The first key that can follow. */
    private static Bytes after(Bytes key) {
        return Bytes.of(Arrays.copyOf(key.array(), key.length() + 1));
    }

    private final class Piece {
        private final RangeResponse.Builder pairs = RangeResponse.newBuilder();
        private final long wanted;
        private long taken;
        private long bytes;
        private Bytes lastKey = Bytes.EMPTY;

        Piece(long wanted) {
            this.wanted = wanted;
        }

        boolean take(KeyValue kv) {
            pairs.addKvs(Wire.kv(kv));
            taken++;
            bytes += PAIR_OVERHEAD_BYTES + kv.key().length() + kv.value().length();
            lastKey = kv.key();
            return taken < wanted && bytes < pieceBytes;
        }
    }
}
