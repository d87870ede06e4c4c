package dev.kemudi.etcd;

import dev.kemudi.log.LogRefusedException;
import dev.kemudi.store.Answer;
import dev.kemudi.store.MembershipException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** etcd's codes and messages: clients compare the texts. */
final class Errors {
    static final Status EMPTY_KEY = invalid("key is not provided");
    static final Status VALUE_PROVIDED = invalid("value is provided");
    static final Status LEASE_PROVIDED = invalid("lease is provided");
    static final Status INVALID_SORT = invalid("invalid sort option");
    static final Status TOO_LARGE = invalid("request is too large");
    static final Status TOO_MANY =
            Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: too many requests");
    static final Status NO_SPACE =
            Status.RESOURCE_EXHAUSTED.withDescription("etcdserver: mvcc: database space exceeded");
    static final Status CORRUPT = Status.DATA_LOSS.withDescription("etcdserver: corrupt cluster");

    static final Status MEMBER_NOT_FOUND =
            Status.NOT_FOUND.withDescription("etcdserver: member not found");
    static final Status MEMBER_EXISTS = precondition("member ID already exist");
    static final Status PEER_URL_EXISTS = precondition("Peer URLs already exists");
    static final Status TOO_FEW_STARTED =
            precondition("re-configuration failed due to not enough started members");
    static final Status BAD_URLS = invalid("given member URLs are invalid");
    static final Status NOT_A_LEARNER = precondition("can only promote a learner member");
    static final Status LEARNER_NOT_READY =
            precondition("can only promote a learner member which is in sync with leader");
    static final Status TOO_MANY_LEARNERS = precondition("too many learner members in cluster");
    static final Status BAD_TRANSFEREE = precondition("bad leader transferee");
    static final Status NOT_THE_LEADER = precondition("not leader");
    static final Status LEADERLESS = unavailable("no leader");
    static final Status NOT_FOR_LEARNER = unavailable("rpc not supported for learner");
    static final Status TIMED_OUT = unavailable("request timed out");

    static final Status ROOT_USER_MISSING = precondition("root user does not exist");
    static final Status ROOT_ROLE_MISSING = precondition("root user does not have root role");
    static final Status USER_EXISTS = precondition("user name already exists");
    static final Status USER_EMPTY = invalid("user name is empty");
    static final Status USER_NOT_FOUND = precondition("user name not found");
    static final Status ROLE_EXISTS = precondition("role name already exists");
    static final Status ROLE_NOT_FOUND = precondition("role name not found");
    static final Status ROLE_EMPTY = invalid("role name is empty");
    static final Status AUTH_FAILED = invalid("authentication failed, invalid user ID or password");
    static final Status NO_PASSWORD_USER =
            Status.UNKNOWN.withDescription(
                    "auth: authentication failed, password was given for no password user");
    static final Status PASSWORD_TOO_LONG =
            Status.UNKNOWN.withDescription("bcrypt: password length exceeds 72 bytes");
    static final Status VERIFY_ONLY =
            Status.UNKNOWN.withDescription("auth: token signing attempted with verify-only key");
    static final Status PERMISSION_NOT_GIVEN = invalid("permission not given");
    static final Status PERMISSION_DENIED =
            Status.PERMISSION_DENIED.withDescription("etcdserver: permission denied");
    static final Status ROLE_NOT_GRANTED = precondition("role is not granted to the user");
    static final Status PERMISSION_NOT_GRANTED =
            precondition("permission is not granted to the role");
    static final Status AUTH_NOT_ENABLED = precondition("authentication is not enabled");
    static final Status INVALID_TOKEN =
            Status.UNAUTHENTICATED.withDescription("etcdserver: invalid auth token");
    static final Status INVALID_AUTH_MANAGEMENT = invalid("invalid auth management");
    static final Status AUTH_OLD_REVISION = invalid("revision of auth store is old");

    static final Status BAD_VERSION = invalid("wrong downgrade target version format");
    static final Status BAD_DOWNGRADE = invalid("invalid downgrade target version");
    static final Status NO_DOWNGRADE = precondition("no inflight downgrade");

    static final Status STOPPED = Status.UNAVAILABLE.withDescription("etcdserver: server stopped");
    static final Status NO_LEADER = Status.UNKNOWN.withDescription("election: no leader");
    static final Status NOT_LEADER = Status.UNKNOWN.withDescription("election: not leader");
    static final Status SESSION_EXPIRED =
            Status.UNKNOWN.withDescription("mutex: session is expired");

    private Errors() {}

    private static Status precondition(String text) {
        return Status.FAILED_PRECONDITION.withDescription("etcdserver: " + text);
    }

    private static Status unavailable(String text) {
        return Status.UNAVAILABLE.withDescription("etcdserver: " + text);
    }

    static Status of(MembershipException.Reason reason) {
        return switch (reason) {
            case NOT_FOUND -> MEMBER_NOT_FOUND;
            case ID_EXISTS -> MEMBER_EXISTS;
            case PEER_URL_EXISTS -> PEER_URL_EXISTS;
            case TOO_MANY_LEARNERS -> TOO_MANY_LEARNERS;
            case NOT_A_LEARNER -> NOT_A_LEARNER;
            case LEARNER_NOT_READY -> LEARNER_NOT_READY;
            case UNHEALTHY -> TOO_FEW_STARTED;
            case BAD_LEADER_TRANSFEREE -> BAD_TRANSFEREE;
        };
    }

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
            case GUARD_STALE -> AUTH_OLD_REVISION;
        };
    }

    static Status of(LogRefusedException refused) {
        return switch (refused.reason()) {
            case QUEUE_FULL -> TOO_MANY;
            case DISK_FULL -> NO_SPACE;
            case TOO_LARGE -> TOO_LARGE;
            case NOT_LEADER -> LEADERLESS;
            case CLOSED -> STOPPED;
        };
    }

    /** Waits for the store; its refusal becomes etcd's error. */
    static <A extends Answer> A await(CompletableFuture<Answer> answer, Class<A> type) {
        return expect(await(answer), type);
    }

    /** Waits; a failure becomes etcd's error. */
    static <T> T await(CompletableFuture<T> answer) {
        try {
            return answer.join();
        } catch (CompletionException e) {
            throw told(e.getCause() == null ? e : e.getCause());
        }
    }

    static <A extends Answer> A expect(Answer answer, Class<A> type) {
        if (answer instanceof Answer.Refused refused) {
            throw of(refused.reason()).asRuntimeException();
        }
        return type.cast(answer);
    }

    /** An error as Go prints it, which some answers hold as text. */
    static String go(Status status) {
        return "rpc error: code = "
                + GrpcNames.camel(status.getCode().name())
                + " desc = "
                + status.getDescription();
    }

    /** What a client is told of any failure. */
    static StatusRuntimeException told(Throwable failure) {
        if (failure instanceof StatusRuntimeException status) {
            return status;
        }
        if (failure instanceof LogRefusedException refused) {
            return of(refused).withCause(refused).asRuntimeException();
        }
        if (failure instanceof MembershipException refused) {
            return of(refused.reason()).withCause(refused).asRuntimeException();
        }
        if ((failure instanceof CompletionException || failure instanceof ExecutionException)
                && failure.getCause() != null) {
            return told(failure.getCause());
        }
        if (failure instanceof TimeoutException) {
            return TIMED_OUT.withCause(failure).asRuntimeException();
        }
        return Status.INTERNAL
                .withDescription("etcdserver: " + failure)
                .withCause(failure)
                .asRuntimeException();
    }
}
