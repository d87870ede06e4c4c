package dev.kemudi.etcd;

import dev.kemudi.etcd.proto.CompactionRequest;
import dev.kemudi.etcd.proto.CompactionResponse;
import dev.kemudi.etcd.proto.DeleteRangeRequest;
import dev.kemudi.etcd.proto.DeleteRangeResponse;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.PutResponse;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RangeResponse;
import dev.kemudi.etcd.proto.RangeStreamResponse;
import dev.kemudi.etcd.proto.TxnRequest;
import dev.kemudi.etcd.proto.TxnResponse;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Keys and values. Its methods are called on event loops and never block there: a write is answered
 * when the store has, a range that may be long is read elsewhere.
 */
final class KvService extends KVGrpc.KVImplBase {
    private static final CompletableFuture<?> NOTHING = CompletableFuture.completedFuture(0L);

    private final Store store;
    private final Member member;
    private final Limits limits;
    private final Guard guard;
    private final Lanes lanes;

    KvService(Store store, Member member, Limits limits, Guard guard, Lanes lanes) {
        this.store = store;
        this.member = member;
        this.limits = limits;
        this.guard = guard;
        this.lanes = lanes;
    }

    /** What need not come by gRPC. */
    List<UnaryMethod<?>> methods() {
        PutMessages puts = new PutMessages(member);
        return List.of(
                new UnaryMethod<>(
                        KVGrpc.getPutMethod(),
                        PutMessages::read,
                        (who, request, reply) -> put(who, request, puts, reply)),
                UnaryMethod.of(KVGrpc.getRangeMethod(), RangeRequest.parser(), this::range),
                UnaryMethod.of(KVGrpc.getTxnMethod(), TxnRequest.parser(), this::txn),
                UnaryMethod.of(
                        KVGrpc.getDeleteRangeMethod(),
                        DeleteRangeRequest.parser(),
                        this::deleteRange));
    }

    @Override
    public void range(RangeRequest request, StreamObserver<RangeResponse> observer) {
        range(Credential.current(), StalenessBound.current(), request, observer);
    }

    private void range(
            Credential who, RangeRequest request, StreamObserver<RangeResponse> observer) {
        range(who, Optional.empty(), request, observer);
    }

    private void range(
            Credential who,
            Optional<Duration> bound,
            RangeRequest request,
            StreamObserver<RangeResponse> observer) {
        CompletableFuture<?> barrier = barrier(request, bound);
        if (isShort(request)) {
            Unary.answer(observer, barrier, lanes.current(), at -> read(who, request));
            return;
        }
        Supplier<RangeResponse> work =
                () -> {
                    Errors.await(barrier);
                    return read(who, request);
                };
        lanes.blocking().execute(() -> Unary.answer(observer, work));
    }

    /**
     * What was committed before the question is seen by the answer, unless the client wants less.
     */
    private CompletableFuture<?> barrier(RangeRequest request, Optional<Duration> bound) {
        if (!request.getSerializable()) {
            return store.readBarrier();
        }
        return bound.isPresent() ? store.readBarrier(bound.get()) : NOTHING;
    }

    @Override
    public void rangeStream(RangeRequest request, StreamObserver<RangeStreamResponse> observer) {
        RangePieces pieces =
                new RangePieces(
                        store,
                        limits.requestBytesMax(),
                        (ServerCallStreamObserver<RangeStreamResponse>) observer);
        Credential who = Credential.current();
        Optional<Duration> bound = StalenessBound.current();
        Runnable work =
                () -> {
                    try {
                        Errors.await(barrier(request, bound));
                        if (request.getCountOnly() || Ranges.readsWhole(request)) {
                            // Sorting and filters need all of it at once.
                            pieces.last(read(who, request));
                            return;
                        }
                        Op.Range op = Ranges.op(request);
                        guard.read(who, op.range());
                        pieces.send(op, member::header);
                    } catch (RuntimeException e) {
                        observer.onError(Errors.told(e));
                    }
                };
        lanes.blocking().execute(work);
    }

    private RangeResponse read(Credential who, RangeRequest request) {
        Op.Range op = Ranges.op(request);
        guard.read(who, op.range());
        Answer.Ranged ranged = Errors.expect(store.range(op), Answer.Ranged.class);
        return Ranges.answer(member.header(ranged.revision()), request, ranged);
    }

    /** Whether reading it takes no longer than a loop may be kept. */
    private boolean isShort(RangeRequest request) {
        return request.getRangeEnd().isEmpty()
                || (request.getLimit() > 0
                        && request.getLimit() <= limits.inlineKeysMax()
                        && !Ranges.readsWhole(request));
    }

    private void put(
            Credential who,
            PutMessages.Request request,
            PutMessages puts,
            StreamObserver<Payload> reply) {
        write(who, request.bytes(), reply, request::op, Answer.Put.class, puts::answer);
    }

    @Override
    public void put(PutRequest request, StreamObserver<PutResponse> observer) {
        write(
                Credential.current(),
                request.getSerializedSize(),
                observer,
                () -> Wire.put(request),
                Answer.Put.class,
                put -> Wire.put(member.header(put.revision()), put));
    }

    @Override
    public void deleteRange(
            DeleteRangeRequest request, StreamObserver<DeleteRangeResponse> observer) {
        deleteRange(Credential.current(), request, observer);
    }

    private void deleteRange(
            Credential who,
            DeleteRangeRequest request,
            StreamObserver<DeleteRangeResponse> observer) {
        write(
                who,
                request.getSerializedSize(),
                observer,
                () -> Wire.delete(request),
                Answer.Deleted.class,
                deleted -> Wire.delete(member.header(deleted.revision()), deleted));
    }

    @Override
    public void txn(TxnRequest request, StreamObserver<TxnResponse> observer) {
        txn(Credential.current(), request, observer);
    }

    private void txn(Credential who, TxnRequest request, StreamObserver<TxnResponse> observer) {
        write(
                who,
                request.getSerializedSize(),
                observer,
                () -> Wire.txn(request),
                Answer.Txn.class,
                txn -> Wire.txn(member.header(txn.revision()), request, txn));
    }

    private <A extends Answer, T> void write(
            Credential who,
            int bytes,
            StreamObserver<T> observer,
            Supplier<Op> op,
            Class<A> type,
            Function<A, T> message) {
        CompletableFuture<Answer> answer;
        try {
            if (bytes > limits.requestBytesMax()) {
                throw Errors.TOO_LARGE.asRuntimeException();
            }
            answer = guard.write(who, op.get(), bytes);
        } catch (RuntimeException e) {
            observer.onError(Errors.told(e));
            return;
        }
        Unary.answer(
                observer, answer, lanes.current(), any -> message.apply(Errors.expect(any, type)));
    }

    @Override
    public void compact(CompactionRequest request, StreamObserver<CompactionResponse> observer) {
        Unary.answer(
                observer,
                guard.compact(request.getRevision(), request.getPhysical()),
                lanes.current(),
                any ->
                        CompactionResponse.newBuilder()
                                .setHeader(
                                        member.header(
                                                Errors.expect(any, Answer.Compacted.class)
                                                        .revision()))
                                .build());
    }
}
