package dev.kemudi.store;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What etcd refuses in a transaction before looking at any data: too many operations, empty keys,
 * and a key written twice (a put in each branch of one nested transaction is fine: only one of them
 * runs).
 */
final class TxnRules {
    private TxnRules() {}

    private record Writes(Set<Bytes> puts, List<KeyRange> deletes) {
        boolean deletes(Bytes key) {
            return deletes.stream().anyMatch(range -> range.contains(key));
        }
    }

    /** Why this must not run; empty when it may. */
    static Optional<Answer.Reason> check(Op op, int opsMax) {
        return switch (op) {
            case Op.Range range -> emptyKey(range.range().key());
            case Op.Put put -> emptyKey(put.key());
            case Op.Delete delete -> emptyKey(delete.range().key());
            case Op.Txn txn -> txn(txn, opsMax).or(() -> overlaps(txn));
        };
    }

    private static Optional<Answer.Reason> emptyKey(Bytes key) {
        return key.isEmpty() ? Optional.of(Answer.Reason.EMPTY_KEY) : Optional.empty();
    }

    private static Optional<Answer.Reason> txn(Op.Txn txn, int opsMax) {
        int widest =
                Math.max(
                        txn.compares().size(),
                        Math.max(txn.success().size(), txn.failure().size()));
        if (widest > opsMax) {
            return Optional.of(Answer.Reason.TOO_MANY_OPS);
        }
        for (Op.Compare compare : txn.compares()) {
            if (compare.range().key().isEmpty()) {
                return Optional.of(Answer.Reason.EMPTY_KEY);
            }
        }
        for (List<Op> branch : List.of(txn.success(), txn.failure())) {
            for (Op op : branch) {
                Optional<Answer.Reason> refused =
                        op instanceof Op.Txn nested
                                ? txn(nested, opsMax - widest)
                                : check(op, opsMax);
                if (refused.isPresent()) {
                    return refused;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<Answer.Reason> overlaps(Op.Txn txn) {
        boolean fine = writes(txn.success()).isPresent() && writes(txn.failure()).isPresent();
        return fine ? Optional.empty() : Optional.of(Answer.Reason.DUPLICATE_KEY);
    }

    /** All that a branch may write; empty when it may write one key twice. */
    private static Optional<Writes> writes(List<Op> branch) {
        Writes all = new Writes(new HashSet<>(), new ArrayList<>());
        for (Op op : branch) {
            if (op instanceof Op.Delete delete) {
                all.deletes.add(delete.range());
            }
        }
        for (Op op : branch) {
            if (op instanceof Op.Txn nested && !addNested(all, nested)) {
                return Optional.empty();
            }
        }
        for (Op op : branch) {
            if (op instanceof Op.Put put && (all.deletes(put.key()) || !all.puts.add(put.key()))) {
                return Optional.empty();
            }
        }
        return Optional.of(all);
    }

    private static boolean addNested(Writes all, Op.Txn nested) {
        Optional<Writes> success = writes(nested.success());
        Optional<Writes> failure = writes(nested.failure());
        if (success.isEmpty() || failure.isEmpty()) {
            return false;
        }
        Set<Bytes> puts = new HashSet<>(success.get().puts);
        puts.addAll(failure.get().puts);
        for (Bytes key : puts) {
            if (all.deletes(key) || !all.puts.add(key)) {
                return false;
            }
        }
        all.deletes.addAll(success.get().deletes);
        all.deletes.addAll(failure.get().deletes);
        return true;
    }
}
