package dev.kemudi.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One operation or transaction being worked out: compares are decided before anything is written,
 * reads inside see what the operations before them wrote, as in etcd. Used by one thread.
 */
final class TxnRun {
    private final Space space;
    private final Mark before;
    private final List<Watcher.Event> events = new ArrayList<>();

    /** Which branch each transaction takes, by identity: decided first, on the state before. */
    private Map<Op.Txn, Boolean> branches = Map.of();

    TxnRun(Space space, Mark before) {
        this.space = space;
        this.before = before;
    }

    List<Watcher.Event> events() {
        return events;
    }

    /** The revision this makes if it writes. */
    long revision() {
        return before.revision() + 1;
    }

    private long current() {
        return events.isEmpty() ? before.revision() : revision();
    }

    private Answer refuse(Answer.Reason reason) {
        return new Answer.Refused(reason, before.revision());
    }

    /** Decides every branch and refuses what would fail half way. */
    Optional<Answer> check(Op op) {
        return switch (op) {
            case Op.Range range -> {
                if (range.revision() > before.revision()) {
                    yield Optional.of(refuse(Answer.Reason.FUTURE_REVISION));
                }
                yield range.revision() > 0 && range.revision() < before.compacted()
                        ? Optional.of(refuse(Answer.Reason.COMPACTED))
                        : Optional.empty();
            }
            case Op.Put put -> {
                boolean needsKey = put.ignoreValue() || put.ignoreLease();
                if (needsKey && Reader.newest(space, put.key()).isEmpty()) {
                    yield Optional.of(refuse(Answer.Reason.KEY_NOT_FOUND));
                }
                boolean leaseMissing =
                        put.lease() != 0
                                && !put.ignoreLease()
                                && space.get(Family.LEASE, RowFormat.leaseKey(put.lease())) == null;
                yield leaseMissing
                        ? Optional.of(refuse(Answer.Reason.LEASE_NOT_FOUND))
                        : Optional.empty();
            }
            case Op.Delete delete -> Optional.empty();
            case Op.Txn txn -> {
                boolean holds = txn.compares().stream().allMatch(compare -> holds(space, compare));
                if (branches.isEmpty()) {
                    branches = new IdentityHashMap<>();
                }
                branches.put(txn, holds);
                for (Op inner : holds ? txn.success() : txn.failure()) {
                    Optional<Answer> refused = check(inner);
                    if (refused.isPresent()) {
                        yield refused;
                    }
                }
                yield Optional.empty();
            }
        };
    }

    /**
     * Runs what {@link #check} let pass; a refusal that only shows now is answered and must be
     * rolled back.
     */
    Answer run(Op op) {
        return switch (op) {
            case Op.Range range -> Reader.range(space, range, current(), before.compacted());
            case Op.Put put -> put(put);
            case Op.Delete delete -> delete(delete);
            case Op.Txn txn -> {
                boolean succeeded = Boolean.TRUE.equals(branches.get(txn));
                List<Answer> answers = new ArrayList<>();
                for (Op inner : succeeded ? txn.success() : txn.failure()) {
                    Answer answer = run(inner);
                    if (answer instanceof Answer.Refused) {
                        yield answer;
                    }
                    answers.add(answer);
                }
                yield new Answer.Txn(current(), succeeded, answers);
            }
        };
    }

    private Answer put(Op.Put put) {
        Optional<KeyValue> previous = Reader.newest(space, put.key());
        if (previous.isEmpty() && (put.ignoreValue() || put.ignoreLease())) {
            return refuse(Answer.Reason.KEY_NOT_FOUND);
        }
        KeyValue kv =
                new KeyValue(
                        put.key(),
                        previous.map(KeyValue::createRevision).orElse(revision()),
                        revision(),
                        previous.map(KeyValue::version).orElse(0L) + 1,
                        put.ignoreValue() ? previous.orElseThrow().value() : put.value(),
                        put.ignoreLease() ? previous.orElseThrow().lease() : put.lease());
        write(kv, previous);
        return new Answer.Put(revision(), put.prevKv() ? listed(previous) : List.of());
    }

    private void write(KeyValue kv, Optional<KeyValue> previous) {
        supersede(previous);
        space.put(Family.CUR, kv.key().array(), RowFormat.current(kv));
        attach(kv, previous);
        log(Watcher.Type.PUT, kv, previous);
    }

    /** What another store did at this revision, as it says itself. */
    void replay(Watcher.Event event) {
        KeyValue kv = event.kv();
        Optional<KeyValue> previous = Reader.newest(space, kv.key());
        if (event.type() == Watcher.Type.PUT) {
            write(kv, previous);
        } else if (previous.isPresent()) {
            delete(previous.get());
        } else {
            log(event.type(), kv, previous);
        }
    }

    private Answer delete(Op.Delete delete) {
        List<KeyValue> found = new ArrayList<>();
        Reader.walk(
                space,
                delete.range(),
                Reader.NEWEST,
                new Reader.Sink() {
                    @Override
                    public boolean wanted() {
                        return true;
                    }

                    @Override
                    public boolean take(KeyValue kv) {
                        found.add(kv);
                        return true;
                    }
                });
        found.forEach(this::delete);
        return new Answer.Deleted(current(), found.size(), delete.prevKv() ? found : List.of());
    }

    void deleteKey(Bytes key) {
        Reader.newest(space, key).ifPresent(this::delete);
    }

    private void delete(KeyValue kv) {
        supersede(Optional.of(kv));
        space.delete(Family.CUR, kv.key().array());
        if (kv.lease() != 0) {
            space.delete(Family.LEASE, RowFormat.attachmentKey(kv.lease(), kv.key()));
        }
        log(Watcher.Type.DELETE, RowFormat.tombstone(kv.key(), revision()), Optional.of(kv));
    }

    /** A state of this same revision was never visible, so it leaves no history. */
    private void supersede(Optional<KeyValue> previous) {
        boolean retained = revision() > before.compacted();
        if (retained && previous.isPresent() && previous.get().modRevision() < revision()) {
            KeyValue kv = previous.get();
            space.put(
                    Family.OLD,
                    RowFormat.oldKey(kv.key(), kv.modRevision()),
                    RowFormat.superseded(kv, revision()));
        }
    }

    private void attach(KeyValue kv, Optional<KeyValue> previous) {
        long oldLease = previous.map(KeyValue::lease).orElse(0L);
        if (oldLease == kv.lease()) {
            return;
        }
        if (oldLease != 0) {
            space.delete(Family.LEASE, RowFormat.attachmentKey(oldLease, kv.key()));
        }
        boolean exists =
                kv.lease() != 0 && space.get(Family.LEASE, RowFormat.leaseKey(kv.lease())) != null;
        if (exists) {
            space.put(Family.LEASE, RowFormat.attachmentKey(kv.lease(), kv.key()), new byte[0]);
        }
    }

    private void log(Watcher.Type type, KeyValue kv, Optional<KeyValue> previous) {
        int sub = events.size();
        if (revision() < before.compacted()) {
            return; // replayed: older than what watches can ask for
        }
        long previousMod = previous.map(KeyValue::modRevision).orElse(0L);
        space.put(
                Family.LOG,
                RowFormat.logKey(revision(), sub),
                RowFormat.logged(type, kv, previousMod));
        events.add(new Watcher.Event(type, kv, listed(previous)));
    }

    private static List<KeyValue> listed(Optional<KeyValue> kv) {
        return kv.isPresent() ? List.of(kv.get()) : List.of();
    }

    private static boolean holds(Rows rows, Op.Compare compare) {
        boolean[] all = {true};
        boolean[] any = {false};
        Reader.walk(
                rows,
                compare.range(),
                Reader.NEWEST,
                new Reader.Sink() {
                    @Override
                    public boolean wanted() {
                        return true;
                    }

                    @Override
                    public boolean take(KeyValue kv) {
                        any[0] = true;
                        all[0] = holds(compare, kv);
                        return all[0];
                    }
                });
        if (any[0]) {
            return all[0];
        }
        // A missing key has no value to compare with; its numbers are all 0.
        return compare.target() != Op.Target.VALUE
                && holds(compare, new KeyValue(compare.range().key(), 0, 0, 0, Bytes.EMPTY, 0));
    }

    private static boolean holds(Op.Compare compare, KeyValue kv) {
        int order =
                switch (compare.target()) {
                    case VERSION -> Long.compare(kv.version(), compare.number());
                    case CREATE -> Long.compare(kv.createRevision(), compare.number());
                    case MOD -> Long.compare(kv.modRevision(), compare.number());
                    case LEASE -> Long.compare(kv.lease(), compare.number());
                    case VALUE ->
                            Arrays.compareUnsigned(kv.value().array(), compare.value().array());
                };
        return switch (compare.relation()) {
            case EQUAL -> order == 0;
            case GREATER -> order > 0;
            case LESS -> order < 0;
            case NOT_EQUAL -> order != 0;
        };
    }
}
