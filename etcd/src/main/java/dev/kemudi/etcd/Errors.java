package dev.kemudi.etcd;

import dev.kemudi.log.LogRefusedException;
import dev.kemudi.store.Answer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** etcd's codes and messages: clients compare the texts. */
final class Errors {
    static final Status EMPTY_KEY = invalid("key is not provided");
    static final Status VALUE_PROVIDED = invalid("value is provided");
    static final Status LEASE_PROVIDED = invalid("lease is provided");
    static final Status INVALID_SORT = invalid("invalid sort option");
    static final Status TOO_LARGE = invalid("request is too large");
    static final Status TOO_MANY =
            Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: too many requests");
    static final Status STOPPED = Status.UNAVAILABLE.withDescription("etcdserver: server stopped");
    static final Status NO_LEADER = Status.UNKNOWN.withDescription("election: no leader");
    static final Status NOT_LEADER = Status.UNKNOWN.withDescription("election: not leader");
    static final Status SESSION_EXPIRED =
            Status.UNKNOWN.withDescription("mutex: session is expired");

    private Errors() {}

    private static Status invalid(String text) {
        return Status.INVALID_ARGUMENT.withDescription("etcdserver: " + text);
    }

    static Status of(Answer.Reason reason) {
        return switch (reason) {
            case COMPACTED ->
                    Status.OUT_OF_RANGE.withDescription(
                            "etcdserver: mvcc: required revision has been compacted");
            case FUTURE_REVISION ->
                    Status.OUT_OF_RANGE.withDescription(
                            "etcdserver: mvcc: required revision is a future revision");
            case KEY_NOT_FOUND -> invalid("key not found");
            case EMPTY_KEY -> EMPTY_KEY;
            case DUPLICATE_KEY -> invalid("duplicate key given in txn request");
            case TOO_MANY_OPS -> invalid("too many operations in txn request");
            case LEASE_NOT_FOUND ->
                    Status.NOT_FOUND.withDescription("etcdserver: requested lease not found");
            case LEASE_EXISTS ->
                    Status.FAILED_PRECONDITION.withDescription("etcdserver: lease already exists");
            case LEASE_TTL_TOO_LARGE ->
                    Status.OUT_OF_RANGE.withDescription("etcdserver: too large lease TTL");
            case TOO_LARGE -> TOO_LARGE;
            case GUARD_STALE ->
                    Status.UNAVAILABLE.withDescription(
                            "etcdserver: auth: revision in header is old");
        };
    }

    static Status of(LogRefusedException refused) {
        return switch (refused.reason()) {
            case QUEUE_FULL -> TOO_MANY;
            case DISK_FULL ->
                    Status.RESOURCE_EXHAUSTED.withDescription(
                            "etcdserver: mvcc: database space exceeded");
            case TOO_LARGE -> TOO_LARGE;
            case NOT_LEADER -> Status.UNAVAILABLE.withDescription("etcdserver: no leader");
            case CLOSED -> STOPPED;
        };
    }

    /** Waits for the store; its refusal becomes etcd's error. */
    static <A extends Answer> A await(CompletableFuture<Answer> answer, Class<A> type) {
        try {
            return expect(answer.join(), type);
        } catch (CompletionException e) {
            if (e.getCause() instanceof LogRefusedException refused) {
                throw of(refused).withCause(refused).asRuntimeException();
            }
            throw e;
        }
    }

    static <A extends Answer> A expect(Answer answer, Class<A> type) {
        if (answer instanceof Answer.Refused refused) {
            throw of(refused.reason()).asRuntimeException();
        }
        return type.cast(answer);
    }

    /** What a client is told of any failure. */
    static StatusRuntimeException told(Throwable failure) {
        if (failure instanceof StatusRuntimeException status) {
            return status;
        }
        return Status.INTERNAL
                .withDescription("etcdserver: " + failure)
                .withCause(failure)
                .asRuntimeException();
    }
}
