package dev.kemudi.etcd;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.kemudi.etcd.proto.Compare;
import dev.kemudi.etcd.proto.DeleteRangeRequest;
import dev.kemudi.etcd.proto.DeleteRangeResponse;
import dev.kemudi.etcd.proto.Event;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.PutResponse;
import dev.kemudi.etcd.proto.RangeResponse;
import dev.kemudi.etcd.proto.RequestOp;
import dev.kemudi.etcd.proto.ResponseHeader;
import dev.kemudi.etcd.proto.ResponseOp;
import dev.kemudi.etcd.proto.TxnRequest;
import dev.kemudi.etcd.proto.TxnResponse;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Op;
import dev.kemudi.store.Watcher;
import java.util.ArrayList;
import java.util.List;

/** Between etcd's messages and the store's records. */
final class Wire {
    private Wire() {}

    static Bytes bytes(ByteString string) {
        return Bytes.of(string.toByteArray());
    }

    /** Without a copy: {@link Bytes} never change. */
    static ByteString string(Bytes bytes) {
        return UnsafeByteOperations.unsafeWrap(bytes.array());
    }

    static KeyRange range(ByteString key, ByteString end) {
        return new KeyRange(bytes(key), bytes(end));
    }

    static dev.kemudi.etcd.proto.KeyValue kv(KeyValue kv) {
        return dev.kemudi.etcd.proto.KeyValue.newBuilder()
                .setKey(string(kv.key()))
                .setCreateRevision(kv.createRevision())
                .setModRevision(kv.modRevision())
                .setVersion(kv.version())
                .setValue(string(kv.value()))
                .setLease(kv.lease())
                .build();
    }

    static Event event(Watcher.Event event) {
        Event.Builder builder = Event.newBuilder().setKv(kv(event.kv()));
        builder.setType(
                event.type() == Watcher.Type.PUT ? Event.EventType.PUT : Event.EventType.DELETE);
        event.previous().forEach(previous -> builder.setPrevKv(kv(previous)));
        return builder.build();
    }

    static Op.Put put(PutRequest request) {
        return put(
                bytes(request.getKey()),
                bytes(request.getValue()),
                request.getLease(),
                request.getPrevKv(),
                request.getIgnoreValue(),
                request.getIgnoreLease());
    }

    /** Throws what the client is to be told of fields that exclude each other. */
    static Op.Put put(
            Bytes key,
            Bytes value,
            long lease,
            boolean prevKv,
            boolean ignoreValue,
            boolean ignoreLease) {
        if (ignoreValue && !value.isEmpty()) {
            throw Errors.VALUE_PROVIDED.asRuntimeException();
        }
        if (ignoreLease && lease != 0) {
            throw Errors.LEASE_PROVIDED.asRuntimeException();
        }
        return new Op.Put(key, value, lease, prevKv, ignoreValue, ignoreLease);
    }

    static Op.Delete delete(DeleteRangeRequest request) {
        return new Op.Delete(range(request.getKey(), request.getRangeEnd()), request.getPrevKv());
    }

    static Op.Txn txn(TxnRequest request) {
        return new Op.Txn(
                request.getCompareList().stream().map(Wire::compare).toList(),
                request.getSuccessList().stream().map(Wire::op).toList(),
                request.getFailureList().stream().map(Wire::op).toList());
    }

    private static Op op(RequestOp op) {
        return switch (op.getRequestCase()) {
            case REQUEST_RANGE -> Ranges.op(op.getRequestRange());
            case REQUEST_PUT -> put(op.getRequestPut());
            case REQUEST_DELETE_RANGE -> delete(op.getRequestDeleteRange());
            case REQUEST_TXN -> txn(op.getRequestTxn());
            case REQUEST_NOT_SET ->
                    throw Errors.of(Answer.Reason.KEY_NOT_FOUND).asRuntimeException();
        };
    }

    private static Op.Compare compare(Compare compare) {
        KeyRange range = range(compare.getKey(), compare.getRangeEnd());
        Op.Relation relation =
                switch (compare.getResult()) {
                    case GREATER -> Op.Relation.GREATER;
                    case LESS -> Op.Relation.LESS;
                    case NOT_EQUAL -> Op.Relation.NOT_EQUAL;
                    case EQUAL, UNRECOGNIZED -> Op.Relation.EQUAL;
                };
        return switch (compare.getTarget()) {
            case VERSION ->
                    new Op.Compare(
                            range, Op.Target.VERSION, relation, compare.getVersion(), Bytes.EMPTY);
            case CREATE ->
                    new Op.Compare(
                            range,
                            Op.Target.CREATE,
                            relation,
                            compare.getCreateRevision(),
                            Bytes.EMPTY);
            case MOD ->
                    new Op.Compare(
                            range, Op.Target.MOD, relation, compare.getModRevision(), Bytes.EMPTY);
            case VALUE ->
                    new Op.Compare(range, Op.Target.VALUE, relation, 0, bytes(compare.getValue()));
            case LEASE, UNRECOGNIZED ->
                    new Op.Compare(
                            range, Op.Target.LEASE, relation, compare.getLease(), Bytes.EMPTY);
        };
    }

    static PutResponse put(ResponseHeader header, Answer.Put put) {
        PutResponse.Builder builder = PutResponse.newBuilder().setHeader(header);
        put.previous().forEach(previous -> builder.setPrevKv(kv(previous)));
        return builder.build();
    }

    static DeleteRangeResponse delete(ResponseHeader header, Answer.Deleted deleted) {
        DeleteRangeResponse.Builder builder =
                DeleteRangeResponse.newBuilder().setHeader(header).setDeleted(deleted.count());
        deleted.previous().forEach(previous -> builder.addPrevKvs(kv(previous)));
        return builder.build();
    }

    /**
     * Answers inside carry only a revision in their header, those of transactions not even that: as
     * etcd's do.
     */
    static TxnResponse txn(ResponseHeader header, TxnRequest request, Answer.Txn txn) {
        TxnResponse.Builder builder =
                TxnResponse.newBuilder().setHeader(header).setSucceeded(txn.succeeded());
        List<RequestOp> asked =
                txn.succeeded() ? request.getSuccessList() : request.getFailureList();
        for (int i = 0; i < txn.answers().size(); i++) {
            builder.addResponses(answer(asked.get(i), txn.answers().get(i)));
        }
        return builder.build();
    }

    private static ResponseOp answer(RequestOp asked, Answer answer) {
        ResponseOp.Builder builder = ResponseOp.newBuilder();
        switch (answer) {
            case Answer.Ranged ranged ->
                    builder.setResponseRange(
                            Ranges.answer(
                                    inner(ranged.revision()), asked.getRequestRange(), ranged));
            case Answer.Put put -> builder.setResponsePut(put(inner(put.revision()), put));
            case Answer.Deleted deleted ->
                    builder.setResponseDeleteRange(delete(inner(deleted.revision()), deleted));
            case Answer.Txn txn ->
                    builder.setResponseTxn(
                            txn(ResponseHeader.getDefaultInstance(), asked.getRequestTxn(), txn));
            case Answer.Compacted _,
                    Answer.LeaseGranted _,
                    Answer.LeaseRevoked _,
                    Answer.LeaseRenewed _,
                    Answer.AreaChanged _,
                    Answer.Hashed _,
                    Answer.Refused _ ->
                    throw new IllegalStateException(
                            "not an answer within a transaction: " + answer);
        }
        return builder.build();
    }

    private static ResponseHeader inner(long revision) {
        return ResponseHeader.newBuilder().setRevision(revision).build();
    }

    static RangeResponse.Builder ranged(
            ResponseHeader header, List<KeyValue> kvs, boolean more, long count) {
        List<dev.kemudi.etcd.proto.KeyValue> pairs = new ArrayList<>(kvs.size());
        kvs.forEach(kv -> pairs.add(kv(kv)));
        return RangeResponse.newBuilder()
                .setHeader(header)
                .addAllKvs(pairs)
                .setMore(more)
                .setCount(count);
    }
}
