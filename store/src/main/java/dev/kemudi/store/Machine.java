package dev.kemudi.store;

import dev.kemudi.log.LogEntry;
import dev.kemudi.log.Standing;
import dev.kemudi.log.StateMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/*
 * How a revision becomes visible
 * ------------------------------
 * The applier alone makes revisions. It takes a batch of entries, works them out one after the other upon the
 * newest view (each sees what those before it wrote), writes everything as one batch together with the Mark
 * that names index and revision, and then tells the outcome: first to readers (the backend's view), then to
 * watches and leases. So a reader never sees half a batch, a crash leaves the state of some index with a Mark
 * that says which, and replay starts there.
 *
 * What always holds: a command that is refused leaves no trace; everything one command writes has one
 * revision; a command that writes nothing makes no revision.
 *
 * Refused: reading "now" from a clock while applying. A lease's time is counted by the LeaseKeeper outside;
 * only its outcome, a revoke, comes through the log.
 */
/** The deterministic part of the store. */
final class Machine implements StateMachine<Answer> {
    private final Backend backend;
    private final Listener listener;

    /** What a batch did, in order; what listeners of the machine need. */
    record Outcome(
            Mark mark,
            List<Revision> revisions,
            List<LeaseChange> leases,
            List<AreaStep> areas,
            List<Answer> answers,
            long bytes) {}

    /** All events of one revision. */
    record Revision(long revision, List<Watcher.Event> events) {}

    /**
     * @param ttlSeconds 0: revoked
     */
    record LeaseChange(long id, long ttlSeconds) {}

    /** An area came to {@code revision} by these rows. */
    record AreaStep(String area, long revision, Map<Bytes, Optional<Bytes>> rows) {}

    /** Who is told. */
    @FunctionalInterface
    interface Listener {
        /** By the applier, after a batch is visible to readers and before anybody is answered. */
        void applied(Outcome outcome);

        /** Everything was replaced. */
        default void installed() {}

        /** Leadership moved. */
        default void standing(Standing now) {}

        /** What only the leader knows. */
        default byte[] answer(byte[] question) {
            throw new UnsupportedOperationException("nobody here answers questions");
        }
    }

    Machine(Backend backend, Listener listener) {
        this.backend = backend;
        this.listener = listener;
    }

    @Override
    public long durableIndex() {
        return backend.durableIndex();
    }

    @Override
    public void flush() {
        backend.flush();
    }

    @Override
    public long durableTerm() {
        return backend.durable().term();
    }

    @Override
    public Copied checkpoint(Path directory) throws IOException {
        Mark copied = backend.copyTo(directory);
        return new Copied(copied.index(), copied.term());
    }

    @Override
    public void install(Path directory) throws IOException {
        backend.install(directory);
        listener.installed();
    }

    @Override
    public byte[] answer(byte[] question) {
        return listener.answer(question);
    }

    @Override
    public void standingChanged(Standing now) {
        listener.standing(now);
    }

    /** A log of this machine alone begins with the first entry, also upon what was loaded. */
    void forgetLoading() {
        if (backend.durable().isLoaded()) {
            backend.write(new Changes(), mark -> mark.at(0, 0));
            backend.flush();
        }
    }

    @Override
    public List<Answer> apply(List<LogEntry> entries) {
        try (View view = backend.view()) {
            Batch batch = new Batch(new Space(view), view.mark());
            List<Answer> answers = new ArrayList<>(entries.size());
            for (LogEntry entry : entries) {
                // Told again after a restart: it was answered then, nobody waits for it now.
                answers.add(
                        entry.index() <= view.mark().index() ? batch.stale() : batch.apply(entry));
            }
            Mark mark = batch.mark;
            backend.write(batch.space.changes(), before -> mark.withReclaimed(before.reclaimed()));
            listener.applied(
                    new Outcome(
                            mark,
                            batch.revisions,
                            batch.leases,
                            batch.areas,
                            answers,
                            batch.bytes));
            return answers;
        }
    }

    /** One batch in the making. */
    private static final class Batch {
        private final Space space;
        private final List<Revision> revisions = new ArrayList<>();
        private final List<LeaseChange> leases = new ArrayList<>();
        private final List<AreaStep> areas = new ArrayList<>();

        /** Of those that were asked for: guarded writes ask each time. */
        private final Map<String, Long> areaRevisions = new HashMap<>();

        private Mark mark;
        private long bytes;

        Batch(Space space, Mark mark) {
            this.space = space;
            this.mark = mark;
        }

        Answer apply(LogEntry entry) {
            bytes += entry.command().length;
            space.begin();
            mark = mark.at(entry.index(), entry.term());
            return switch (Command.decode(entry.command())) {
                case Command.Apply apply -> write(apply.op());
                case Command.Compact compact -> compact(compact.revision());
                case Command.LeaseGrant grant -> grant(grant.id(), grant.ttlSeconds());
                case Command.LeaseRevoke revoke -> revoke(revoke.id());
                case Command.LeaseExpire expire ->
                        expire.term() == entry.term() ? revoke(expire.id()) : stale();
                case Command.Guarded guarded ->
                        areaRevision(guarded.area()) == guarded.revision()
                                ? write(guarded.op())
                                : stale();
                case Command.Change change -> change(change.change());
            };
        }

        private Answer stale() {
            return new Answer.Refused(Answer.Reason.GUARD_STALE, mark.revision());
        }

        private long areaRevision(String area) {
            return areaRevisions.computeIfAbsent(area, name -> Machine.areaRevision(space, name));
        }

        private Answer change(AreaChange change) {
            String area = change.area();
            if (areaRevision(area) != change.expectedRevision()) {
                return stale();
            }
            long revision = change.expectedRevision() + 1;
            space.put(Family.AREA, AreaRow.head(area), new ByteWriter().number(revision).done());
            change.rows()
                    .forEach((key, value) -> {
                        byte[] row = AreaRow.row(area, key);
                        if (value.isPresent()) {
                            space.put(Family.AREA, row, value.get().array());
                        } else {
                            space.delete(Family.AREA, row);
                        }
                    });
            areaRevisions.put(area, revision);
            areas.add(new AreaStep(area, revision, change.rows()));
            return new Answer.AreaChanged(mark.revision(), revision);
        }

        private Answer write(Op op) {
            TxnRun run = new TxnRun(space, mark);
            Optional<Answer> refused = run.check(op);
            if (refused.isPresent()) {
                return refused.get();
            }
            Answer answer = run.run(op);
            if (answer instanceof Answer.Refused) {
                space.rollback();
                return answer;
            }
            commit(run);
            return answer;
        }

        private void commit(TxnRun run) {
            if (!run.events().isEmpty()) {
                mark = mark.withRevision(run.revision());
                revisions.add(new Revision(run.revision(), List.copyOf(run.events())));
            }
        }

        private Answer compact(long revision) {
            if (revision > mark.revision()) {
                return new Answer.Refused(Answer.Reason.FUTURE_REVISION, mark.revision());
            }
            if (revision == 0 && mark.compacted() == 0) {
                // As in etcd: nothing is to be forgotten, and nothing ever was.
                return new Answer.Compacted(mark.revision());
            }
            if (revision <= mark.compacted()) {
                return new Answer.Refused(Answer.Reason.COMPACTED, mark.revision());
            }
            mark = mark.withCompacted(revision);
            return new Answer.Compacted(mark.revision());
        }

        private Answer grant(long id, long ttlSeconds) {
            if (space.get(Family.LEASE, RowFormat.leaseKey(id)) != null) {
                return new Answer.Refused(Answer.Reason.LEASE_EXISTS, mark.revision());
            }
            space.put(Family.LEASE, RowFormat.leaseKey(id), RowFormat.leaseRow(ttlSeconds));
            leases.add(new LeaseChange(id, ttlSeconds));
            return new Answer.LeaseGranted(mark.revision(), id, ttlSeconds);
        }

        private Answer revoke(long id) {
            if (space.get(Family.LEASE, RowFormat.leaseKey(id)) == null) {
                return new Answer.Refused(Answer.Reason.LEASE_NOT_FOUND, mark.revision());
            }
            TxnRun run = new TxnRun(space, mark);
            for (Bytes key : attached(space, id)) {
                run.deleteKey(key);
            }
            space.delete(Family.LEASE, RowFormat.leaseKey(id));
            commit(run);
            leases.add(new LeaseChange(id, 0));
            return new Answer.LeaseRevoked(mark.revision());
        }
    }

    /** How often an area was changed. */
    static long areaRevision(Rows rows, String area) {
        byte[] row = rows.get(Family.AREA, AreaRow.head(area));
        return row == null ? 0 : new ByteReader(row).number();
    }

    /** The keys attached to a lease, in key order. */
    static List<Bytes> attached(Rows rows, long id) {
        List<Bytes> keys = new ArrayList<>();
        byte[] prefix = RowFormat.leaseKey(id);
        try (Rows.Cursor cursor = rows.cursor(Family.LEASE, prefix)) {
            for (;
                    cursor.valid() && Bytes.of(cursor.key()).startsWith(Bytes.of(prefix));
                    cursor.next()) {
                if (cursor.key().length > Long.BYTES) {
                    keys.add(new ByteReader(cursor.key(), Long.BYTES).rest());
                }
            }
        }
        return keys;
    }
}
