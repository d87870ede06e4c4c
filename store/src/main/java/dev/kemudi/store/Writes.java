package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Log;
import dev.kemudi.log.LogRefusedException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/**
 * The way in: what can be refused without an entry is refused here, the rest is offered to the log.
 * Safe for use by many threads.
 */
final class Writes {
    private static final double NANOS_PER_SECOND = 1e9;

    private final Backend backend;
    private final Log<Answer> log;
    private final Areas areas;
    private final Limits limits;
    private final TimeSource time;
    private final StoreMetrics metrics;
    private final BooleanSupplier diskFull;

    Writes(
            Backend backend,
            Log<Answer> log,
            Areas areas,
            Limits limits,
            TimeSource time,
            StoreMetrics metrics,
            BooleanSupplier diskFull) {
        this.backend = backend;
        this.log = log;
        this.areas = areas;
        this.limits = limits;
        this.time = time;
        this.metrics = metrics;
        this.diskFull = diskFull;
    }

    CompletableFuture<Answer> write(Op op, Origin origin) {
        Optional<Answer> refused = TxnRules.check(op, limits.txnOpsMax()).map(this::refuse);
        if (refused.isPresent()) {
            metrics.refused().inc();
            return CompletableFuture.completedFuture(refused.get());
        }
        if (op instanceof Op.Txn txn && !writes(txn)) {
            return readOnly(txn, origin);
        }
        Command command =
                origin.isGuarded()
                        ? new Command.Guarded(origin.guardArea(), origin.guardRevision(), op)
                        : new Command.Apply(op);
        return propose(command, origin.traceparent());
    }

    private static boolean writes(Op op) {
        return switch (op) {
            case Op.Range range -> false;
            case Op.Put put -> true;
            case Op.Delete delete -> true;
            case Op.Txn txn ->
                    txn.success().stream().anyMatch(Writes::writes)
                            || txn.failure().stream().anyMatch(Writes::writes);
        };
    }

    /**
     * A transaction that cannot write needs no place in the log, only a state that is not behind.
     */
    private CompletableFuture<Answer> readOnly(Op.Txn txn, Origin origin) {
        return log.readBarrier()
                .thenApplyAsync(index -> answer(txn, origin), Thread::startVirtualThread);
    }

    private Answer answer(Op.Txn txn, Origin origin) {
        try (View view = backend.view()) {
            if (origin.isGuarded()
                    && Machine.areaRevision(view, origin.guardArea()) != origin.guardRevision()) {
                return new Answer.Refused(Answer.Reason.GUARD_STALE, view.mark().revision());
            }
            TxnRun run = new TxnRun(new Space(view), view.mark());
            Answer answer = run.check(txn).orElseGet(() -> run.run(txn));
            metrics.answered(List.of(answer));
            return answer;
        }
    }

    CompletableFuture<Answer> change(AreaChange change, String traceparent) {
        AreaRow.checkName(change.area());
        if (areas.get(change.area()).revision() >= change.expectedRevision()) {
            return changeFrom(areas.get(change.area()), change, traceparent);
        }
        // This node is behind the one that the change was made on.
        return log.readBarrier()
                .thenCompose(index -> changeFrom(areas.get(change.area()), change, traceparent));
    }

    private CompletableFuture<Answer> changeFrom(Area now, AreaChange change, String traceparent) {
        if (now.revision() != change.expectedRevision()) {
            return CompletableFuture.completedFuture(refuse(Answer.Reason.GUARD_STALE));
        }
        if (Areas.bytes(Areas.with(now, change.rows())) > limits.areaBytesMax()) {
            metrics.refused().inc();
            return CompletableFuture.completedFuture(refuse(Answer.Reason.TOO_LARGE));
        }
        return propose(new Command.Change(change), traceparent);
    }

    Answer refuse(Answer.Reason reason) {
        try (View view = backend.view()) {
            return new Answer.Refused(reason, view.mark().revision());
        }
    }

    CompletableFuture<Answer> propose(Command command, String traceparent) {
        byte[] bytes = command.encode();
        if (bytes.length > limits.requestBytesMax()) {
            metrics.refused().inc();
            return CompletableFuture.completedFuture(refuse(Answer.Reason.TOO_LARGE));
        }
        if (diskFull.getAsBoolean() && !(command instanceof Command.Compact)) {
            metrics.refused().inc();
            return CompletableFuture.failedFuture(
                    new LogRefusedException(
                            LogRefusedException.Reason.DISK_FULL,
                            "less than "
                                    + limits.diskReserveBytes()
                                    + " bytes of disk are left: free some, or compact"));
        }
        long began = time.nanoTime();
        return log.propose(bytes, traceparent)
                .whenComplete((answer, failure) -> {
                    metrics.writeSeconds().observe((time.nanoTime() - began) / NANOS_PER_SECOND);
                    if (failure != null || answer instanceof Answer.Refused) {
                        metrics.refused().inc();
                    }
                });
    }
}
