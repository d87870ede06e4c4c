package dev.kemudi.etcd;

import com.google.protobuf.MessageLite;
import dev.kemudi.etcd.proto.CompactionRequest;
import dev.kemudi.etcd.proto.CompactionResponse;
import dev.kemudi.etcd.proto.DeleteRangeRequest;
import dev.kemudi.etcd.proto.DeleteRangeResponse;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.PutResponse;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RangeResponse;
import dev.kemudi.etcd.proto.TxnRequest;
import dev.kemudi.etcd.proto.TxnResponse;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Store;
import io.grpc.stub.StreamObserver;

/** Keys and values. */
final class KvService extends KVGrpc.KVImplBase {
    private final Store store;
    private final Member member;
    private final Limits limits;
    private final Guard guard;

    KvService(Store store, Member member, Limits limits, Guard guard) {
        this.store = store;
        this.member = member;
        this.limits = limits;
        this.guard = guard;
    }

    private void checkSize(MessageLite request) {
        if (request.getSerializedSize() > limits.requestBytesMax()) {
            throw Errors.TOO_LARGE.asRuntimeException();
        }
    }

    @Override
    public void range(RangeRequest request, StreamObserver<RangeResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    if (!request.getSerializable()) {
                        Errors.await(store.readBarrier());
                    }
                    guard.read(
                            Credential.current(),
                            Wire.range(request.getKey(), request.getRangeEnd()));
                    Answer.Ranged ranged =
                            Errors.expect(store.range(Ranges.op(request)), Answer.Ranged.class);
                    return Ranges.answer(member.header(ranged.revision()), request, ranged);
                });
    }

    @Override
    public void put(PutRequest request, StreamObserver<PutResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    checkSize(request);
                    Credential who = Credential.current();
                    Answer.Put put =
                            Errors.await(
                                    guard.write(
                                            who, Wire.put(request), request.getSerializedSize()),
                                    Answer.Put.class);
                    return Wire.put(member.header(put.revision()), put);
                });
    }

    @Override
    public void deleteRange(
            DeleteRangeRequest request, StreamObserver<DeleteRangeResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    checkSize(request);
                    Credential who = Credential.current();
                    Answer.Deleted deleted =
                            Errors.await(
                                    guard.write(
                                            who, Wire.delete(request), request.getSerializedSize()),
                                    Answer.Deleted.class);
                    return Wire.delete(member.header(deleted.revision()), deleted);
                });
    }

    @Override
    public void txn(TxnRequest request, StreamObserver<TxnResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    checkSize(request);
                    Credential who = Credential.current();
                    Answer.Txn txn =
                            Errors.await(
                                    guard.write(
                                            who, Wire.txn(request), request.getSerializedSize()),
                                    Answer.Txn.class);
                    return Wire.txn(member.header(txn.revision()), request, txn);
                });
    }

    @Override
    public void compact(CompactionRequest request, StreamObserver<CompactionResponse> observer) {
        Unary.answer(
                observer,
                () -> {
                    Answer.Compacted compacted =
                            Errors.await(
                                    store.compact(request.getRevision(), request.getPhysical()),
                                    Answer.Compacted.class);
                    return CompactionResponse.newBuilder()
                            .setHeader(member.header(compacted.revision()))
                            .build();
                });
    }
}
