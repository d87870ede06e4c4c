package dev.kemudi.conformance.testing;

import com.google.protobuf.ByteString;
import dev.kemudi.conformance.testing.History.Cell;
import dev.kemudi.conformance.testing.History.Change;
import dev.kemudi.conformance.testing.History.Guard;
import dev.kemudi.conformance.testing.History.Outcome;
import dev.kemudi.conformance.testing.History.Request;
import dev.kemudi.conformance.testing.History.Result;
import dev.kemudi.conformance.testing.History.Step;
import dev.kemudi.etcd.proto.Compare;
import dev.kemudi.etcd.proto.DeleteRangeRequest;
import dev.kemudi.etcd.proto.DeleteRangeResponse;
import dev.kemudi.etcd.proto.Event;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.KeyValue;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.PutResponse;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.RangeResponse;
import dev.kemudi.etcd.proto.RequestOp;
import dev.kemudi.etcd.proto.ResponseOp;
import dev.kemudi.etcd.proto.TxnRequest;
import dev.kemudi.etcd.proto.TxnResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Requests of a history as etcd's messages, and etcd's answers as results of a history. */
final class Wires {
    private Wires() {}

    /** A request of one step and no guard goes as that call; all others as a transaction. */
    static Outcome.Done call(KVGrpc.KVBlockingStub kv, Request request) {
        if (request.guards().isEmpty() && request.then().size() == 1) {
            return switch (request.then().getFirst()) {
                case Step.Put put -> {
                    PutResponse answer = kv.put(put(put));
                    yield done(answer.getHeader().getRevision(), true, new Result.Wrote());
                }
                case Step.Delete delete -> {
                    DeleteRangeResponse answer = kv.deleteRange(delete(delete));
                    Result result = new Result.Deleted(answer.getDeleted());
                    yield done(answer.getHeader().getRevision(), true, result);
                }
                case Step.Get get -> {
                    RangeResponse answer = kv.range(range(get, request));
                    yield done(answer.getHeader().getRevision(), true, got(answer));
                }
            };
        }
        TxnRequest.Builder txn = TxnRequest.newBuilder();
        request.guards().forEach(guard -> txn.addCompare(compare(guard)));
        request.then().forEach(step -> txn.addSuccess(step(step, request)));
        request.otherwise().forEach(step -> txn.addFailure(step(step, request)));
        TxnResponse answer = kv.txn(txn.build());
        List<Result> results = new ArrayList<>();
        answer.getResponsesList().forEach(one -> results.add(result(one)));
        return new Outcome.Done(
                answer.getHeader().getRevision(), answer.getSucceeded(), List.copyOf(results));
    }

    private static Outcome.Done done(long revision, boolean succeeded, Result result) {
        return new Outcome.Done(revision, succeeded, List.of(result));
    }

    private static PutRequest put(Step.Put put) {
        return PutRequest.newBuilder()
                .setKey(bytes(put.key()))
                .setValue(bytes(put.value()))
                .setLease(put.lease())
                .build();
    }

    private static DeleteRangeRequest delete(Step.Delete delete) {
        return DeleteRangeRequest.newBuilder().setKey(bytes(delete.key())).build();
    }

    private static RangeRequest range(Step.Get get, Request request) {
        return RangeRequest.newBuilder()
                .setKey(bytes(get.key()))
                .setRangeEnd(bytes(get.end()))
                .setRevision(request.atRevision())
                .setSerializable(request.serializable())
                .build();
    }

    private static RequestOp step(Step step, Request request) {
        RequestOp.Builder op = RequestOp.newBuilder();
        switch (step) {
            case Step.Put put -> op.setRequestPut(put(put));
            case Step.Delete delete -> op.setRequestDeleteRange(delete(delete));
            case Step.Get get -> op.setRequestRange(range(get, request));
        }
        return op.build();
    }

    private static Result result(ResponseOp answer) {
        return switch (answer.getResponseCase()) {
            case RESPONSE_PUT -> new Result.Wrote();
            case RESPONSE_DELETE_RANGE ->
                    new Result.Deleted(answer.getResponseDeleteRange().getDeleted());
            case RESPONSE_RANGE -> got(answer.getResponseRange());
            case RESPONSE_TXN, RESPONSE_NOT_SET ->
                    throw new IllegalStateException("not asked for: " + answer);
        };
    }

    private static Result got(RangeResponse answer) {
        Map<String, Cell> cells = new TreeMap<>();
        answer.getKvsList().forEach(kv -> cells.put(kv.getKey().toStringUtf8(), cell(kv)));
        return new Result.Got(cells, answer.getCount());
    }

    private static Compare compare(Guard guard) {
        Compare.Builder compare =
                Compare.newBuilder()
                        .setKey(bytes(guard.key()))
                        .setResult(Compare.CompareResult.EQUAL);
        switch (guard.target()) {
            case VALUE ->
                    compare.setTarget(Compare.CompareTarget.VALUE)
                            .setValue(bytes(guard.expected()));
            case VERSION ->
                    compare.setTarget(Compare.CompareTarget.VERSION)
                            .setVersion(Long.parseLong(guard.expected()));
            case CREATE ->
                    compare.setTarget(Compare.CompareTarget.CREATE)
                            .setCreateRevision(Long.parseLong(guard.expected()));
            case MOD ->
                    compare.setTarget(Compare.CompareTarget.MOD)
                            .setModRevision(Long.parseLong(guard.expected()));
        }
        return compare.build();
    }

    static Cell cell(KeyValue kv) {
        return new Cell(
                kv.getValue().toStringUtf8(),
                kv.getCreateRevision(),
                kv.getModRevision(),
                kv.getVersion(),
                kv.getLease());
    }

    static Change change(Event event) {
        boolean delete = event.getType() == Event.EventType.DELETE;
        return new Change(
                delete,
                event.getKv().getKey().toStringUtf8(),
                delete
                        ? new Cell("", 0, event.getKv().getModRevision(), 0, 0)
                        : cell(event.getKv()),
                event.hasPrevKv() ? Optional.of(cell(event.getPrevKv())) : Optional.empty());
    }

    static ByteString bytes(String text) {
        return ByteString.copyFromUtf8(text);
    }
}
