package dev.kemudi.apiserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import dev.kemudi.log.LogFailedException;
import dev.kemudi.log.LogRefusedException;
import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.BiPredicate;

/**
 * Single objects in the store: read, written and deleted under the condition that nobody else
 * changed them. The store's refusals become the statuses that clients know. Calls block until the
 * write is durable.
 */
final class Storage {
    private final Store store;

    Storage(Store store) {
        this.store = store;
    }

    Store store() {
        return store;
    }

    /**
     * The newest revision, once everything that was committed anywhere before this call can be read
     * here.
     */
    static long fresh(Store store) {
        return await(store.readBarrier());
    }

    Optional<ApiObject> read(Kind kind, String namespace, String name) {
        fresh(store);
        Bytes key = Bytes.utf8(kind.key(namespace, name));
        Answer answer = store.range(Op.Range.of(KeyRange.single(key)));
        if (!(answer instanceof Answer.Ranged ranged)) {
            throw new ApiException(
                    Status.of(500, "InternalError", "the store refused to be read: " + answer));
        }
        if (ranged.kvs().isEmpty()) {
            return Optional.empty();
        }
        KeyValue kv = ranged.kvs().getFirst();
        return Optional.of(object(kind, kind.relativeKey(namespace, name), kv));
    }

    /**
     * Writes {@code tree} if the stored object is at {@code expected}.
     *
     * @param expected 0: there is none
     * @return the object with its new revision; empty when somebody was faster
     */
    Optional<ApiObject> write(
            Kind kind, String namespace, String name, ObjectNode tree, long expected, long lease) {
        Bytes key = Bytes.utf8(kind.key(namespace, name));
        Op.Put put = new Op.Put(key, encoded(tree), lease, false, false, false);
        Op.Txn txn =
                new Op.Txn(
                        List.of(Op.Compare.modRevisionIs(key, expected)), List.of(put), List.of());
        Answer.Txn done = transact(txn);
        if (!done.succeeded()) {
            return Optional.empty();
        }
        ObjectMeta.of(tree).put("resourceVersion", Long.toString(done.revision()));
        return Optional.of(ApiObject.of(tree));
    }

    /**
     * @return the revision of the deletion; empty when somebody was faster
     */
    Optional<Long> delete(Kind kind, String namespace, String name, long expected) {
        Bytes key = Bytes.utf8(kind.key(namespace, name));
        Op.Delete delete = new Op.Delete(KeyRange.single(key), false);
        Op.Txn txn =
                new Op.Txn(
                        List.of(Op.Compare.modRevisionIs(key, expected)),
                        List.of(delete),
                        List.of());
        Answer.Txn done = transact(txn);
        return done.succeeded() ? Optional.of(done.revision()) : Optional.empty();
    }

    /**
     * Reads objects in key order as of {@code revision}, beginning after {@code after}, until
     * {@code wanted} has enough: for pages of an older snapshot.
     */
    void scan(
            Kind kind,
            WatchFilter filter,
            String after,
            long revision,
            BiPredicate<String, ApiObject> wanted) {
        String prefix = kind.keyPrefix();
        Bytes from = Bytes.utf8(prefix + after + "\0");
        Bytes end = Bytes.utf8(prefix + filter.prefix()).prefixEnd();
        Answer answer =
                store.scan(
                        new Op.Range(new KeyRange(from, end), revision, 0, false, false),
                        kv -> {
                            byte[] key = kv.key().array();
                            String relative =
                                    new String(key, StandardCharsets.UTF_8)
                                            .substring(prefix.length());
                            return wanted.test(relative, object(kind, relative, kv));
                        });
        if (answer instanceof Answer.Refused) {
            throw new ApiException(
                    Status.expired(
                            "The provided continue parameter is too old to display a consistent"
                                    + " list result. You can start a new list without the continue "
                                    + "parameter."));
        }
    }

    /** The cache's own tree of what was read, if it has that. */
    private static ApiObject object(Kind kind, String relativeKey, KeyValue kv) {
        return kind.cache()
                .cached(relativeKey, kv.modRevision())
                .orElseGet(() -> WatchCache.parse(kv));
    }

    private Answer.Txn transact(Op.Txn txn) {
        return switch (await(store.txn(txn))) {
            case Answer.Txn done -> done;
            case Answer.Refused refused -> throw new ApiException(refusal(refused));
            case Answer other ->
                    throw new IllegalStateException("a transaction was answered with " + other);
        };
    }

    private static Status refusal(Answer.Refused refused) {
        if (refused.reason() == Answer.Reason.TOO_LARGE) {
            return Status.of(
                    413, "RequestEntityTooLarge", "the object is larger than the store takes");
        }
        return Status.of(500, "InternalError", "the store refused the write: " + refused.reason());
    }

    static <T> T await(CompletableFuture<T> answer) {
        try {
            return answer.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ApiException(
                    Status.of(
                            503,
                            "ServiceUnavailable",
                            "interrupted while waiting; whether anything was written is not known"));
        } catch (ExecutionException | CompletionException e) {
            throw failure(e.getCause() == null ? e : e.getCause());
        }
    }

    private static RuntimeException failure(Throwable cause) {
        if (cause instanceof LogFailedException unknown) {
            return new ApiException(
                    Status.of(504, "Timeout", String.valueOf(unknown.getMessage())));
        }
        if (!(cause instanceof LogRefusedException refused)) {
            return new ApiException(Status.of(500, "InternalError", "the store failed: " + cause));
        }
        return new ApiException(
                switch (refused.reason()) {
                    case QUEUE_FULL ->
                            retryAfter(
                                    Status.of(
                                            429,
                                            "TooManyRequests",
                                            "too many writes are waiting for the disk, try again later"));
                    case DISK_FULL ->
                            Status.of(
                                    507,
                                    "InsufficientStorage",
                                    "the disk is full or failing, nothing was written (reads go on): "
                                            + String.valueOf(refused.getMessage()));
                    case TOO_LARGE ->
                            Status.of(
                                    413,
                                    "RequestEntityTooLarge",
                                    String.valueOf(refused.getMessage()));
                    case NOT_LEADER, CLOSED ->
                            Status.of(
                                    503,
                                    "ServiceUnavailable",
                                    String.valueOf(refused.getMessage()));
                });
    }

    static Status retryAfter(Status status) {
        status.details().put("retryAfterSeconds", 1);
        return status;
    }

    private static Bytes encoded(ObjectNode tree) {
        try {
            return Bytes.of(Json.MAPPER.writeValueAsBytes(tree));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a JSON tree cannot be written", e);
        }
    }
}
