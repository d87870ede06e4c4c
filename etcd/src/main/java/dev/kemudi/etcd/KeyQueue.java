package dev.kemudi.etcd;

import dev.kemudi.store.Answer;
import dev.kemudi.store.Bytes;
import dev.kemudi.store.KeyRange;
import dev.kemudi.store.KeyValue;
import dev.kemudi.store.Op;
import dev.kemudi.store.Store;
import dev.kemudi.store.Watcher;
import io.grpc.Context;
import io.grpc.Status;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Keys under a prefix as a queue in order of creation: what etcd's client library builds locks and
 * elections from. Each waiter waits for the one before it, so a release wakes one and not all.
 *
 * @see <a href="https://pkg.go.dev/go.etcd.io/etcd/client/v3/concurrency">etcd's concurrency
 *     package</a>
 */
final class KeyQueue {
    private static final long DEFAULT_TTL_SECONDS = 60;

    private final Store store;
    private final Guard guard;

    KeyQueue(Store store, Guard guard) {
        this.store = store;
        this.guard = guard;
    }

    /** A place in the queue. */
    record Place(
            Bytes prefix,
            Bytes key,
            long createRevision,
            long revision,
            Optional<KeyValue> existing) {}

    /** The lease asked for, or a new one of etcd's default time. */
    long lease(long asked) {
        return asked != 0
                ? asked
                : Errors.await(guard.grant(0, DEFAULT_TTL_SECONDS, 0), Answer.LeaseGranted.class)
                        .id();
    }

    static Bytes prefix(Bytes name) {
        return join(name, "/");
    }

    private static Bytes join(Bytes head, String tail) {
        Bytes end = Bytes.utf8(tail);
        byte[] joined = java.util.Arrays.copyOf(head.array(), head.length() + end.length());
        System.arraycopy(end.array(), 0, joined, head.length(), end.length());
        return Bytes.of(joined);
    }

    private CompletableFuture<Answer> write(Op op) {
        return guard.write(Credential.current(), op, 0);
    }

    /** Takes a place, or finds the one this lease already has. */
    Place enter(Bytes name, long lease, Bytes value) {
        Bytes prefix = prefix(name);
        Bytes key = join(prefix, Long.toHexString(lease));
        Op.Compare absent =
                new Op.Compare(
                        KeyRange.single(key), Op.Target.CREATE, Op.Relation.EQUAL, 0, Bytes.EMPTY);
        Op.Txn txn =
                new Op.Txn(
                        List.of(absent),
                        List.of(new Op.Put(key, value, lease, false, false, false)),
                        List.of(Op.Range.of(KeyRange.single(key))));
        Answer.Txn answer = Errors.await(write(txn), Answer.Txn.class);
        if (answer.succeeded()) {
            return new Place(prefix, key, answer.revision(), answer.revision(), Optional.empty());
        }
        KeyValue existing = ((Answer.Ranged) answer.answers().getFirst()).kvs().getFirst();
        return new Place(
                prefix, key, existing.createRevision(), answer.revision(), Optional.of(existing));
    }

    /**
     * Waits until every place before {@code place} is gone.
     *
     * @return the revision at which that was seen
     */
    long awaitTurn(Place place) {
        guard.read(Credential.current(), KeyRange.prefix(place.prefix()));
        while (true) {
            KeyValue[] before = new KeyValue[1];
            Answer.Ranged scanned =
                    Errors.expect(
                            store.scan(
                                    new Op.Range(
                                            KeyRange.prefix(place.prefix()), 0, 0, true, false),
                                    kv -> {
                                        boolean earlier =
                                                kv.createRevision() < place.createRevision();
                                        if (earlier
                                                && (before[0] == null
                                                        || kv.createRevision()
                                                                > before[0].createRevision())) {
                                            before[0] = kv;
                                        }
                                        return true;
                                    }),
                            Answer.Ranged.class);
            if (before[0] == null) {
                return scanned.revision();
            }
            awaitDelete(before[0].key(), scanned.revision() + 1);
        }
    }

    private void awaitDelete(Bytes key, long from) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        Context context = Context.current();
        Context.CancellationListener cancelled =
                c -> done.completeExceptionally(new CancellationException());
        context.addListener(cancelled, Runnable::run);
        try (Watcher watcher =
                store.watch(KeyRange.single(key), from, false, new DeleteListener(done))) {
            done.join();
        } catch (CancellationException | CompletionException e) {
            throw Status.CANCELLED
                    .withDescription("context canceled")
                    .withCause(e)
                    .asRuntimeException();
        } finally {
            context.removeListener(cancelled);
        }
    }

    private record DeleteListener(CompletableFuture<Boolean> done) implements Watcher.Listener {
        @Override
        public void events(List<Watcher.Event> events, long revision) {
            if (events.stream().anyMatch(event -> event.type() == Watcher.Type.DELETE)) {
                done.complete(true);
            }
        }

        @Override
        public void progress(long revision) {}

        @Override
        public void ended(long compactRevision) {
            if (compactRevision > 0) {
                // The place it watched from is compacted: look at the keys again.
                done.complete(true);
            } else {
                done.completeExceptionally(Errors.STOPPED.asRuntimeException());
            }
        }
    }

    Optional<KeyValue> get(Bytes key) {
        guard.read(Credential.current(), KeyRange.single(key));
        Answer.Ranged ranged =
                Errors.expect(store.range(Op.Range.of(KeyRange.single(key))), Answer.Ranged.class);
        return ranged.kvs().stream().findFirst();
    }

    long delete(Bytes key) {
        return Errors.await(write(new Op.Delete(KeyRange.single(key), false)), Answer.Deleted.class)
                .revision();
    }

    /** Writes or deletes {@code key} only while it is the one created at {@code createRevision}. */
    Answer.Txn ifStill(Bytes key, long createRevision, Op op) {
        Op.Compare still =
                new Op.Compare(
                        KeyRange.single(key),
                        Op.Target.CREATE,
                        Op.Relation.EQUAL,
                        createRevision,
                        Bytes.EMPTY);
        return Errors.await(
                write(new Op.Txn(List.of(still), List.of(op), List.of())), Answer.Txn.class);
    }
}
