package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.SimulatedTime;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.FileLog;
import dev.kemudi.log.Log;
import dev.kemudi.log.LogFailedException;
import dev.kemudi.log.LogRefusedException;
import dev.kemudi.log.SimulatedDisk;
import dev.kemudi.log.StateMachine;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/*
 * Log and state machine together
 * ------------------------------
 * A whole store on a disk in memory. One seed decides what is written, when the power goes, which sectors of
 * what the log had not synced survive (torn writes and completions out of order are both that), which writes
 * are short, when the disk is full or refuses to sync, how much of the unflushed state a crash keeps, and
 * which bit flips.
 *
 * How what is found is judged. Each transaction writes, beside its other keys, one of its own: "id/<n>". So
 * after a crash the store itself tells which transactions happened and in which order; those that were
 * acknowledged must be among them, at the revision that was told, those that were refused must not, and
 * they must stand in the order in which they were asked for. These transactions are then done once more on a
 * Model, one map per revision. Every key of every retained revision, each key's create and modify revision,
 * version, lease, and each event of the history must be what the model says: so nothing is there by half,
 * nothing twice. What a start found counts as acknowledged from then on.
 *
 * A seed replays all of that; how many proposals meet in one batch is the threads' choice.
 */
/** A store through crashes, by seed; a planted bug may sit beneath it. */
final class StoreSimulation {
    private static final dev.kemudi.log.Limits SMALL =
            new dev.kemudi.log.Limits(2_000, 6_000, 16, 512, 1 << 20, 64, 4_096, 16_384, 2);
    private static final int CRASHES = 4;
    private static final int STEPS = 60;
    private static final int LEASES = 3;
    private static final KeyRange ALL = new KeyRange(Bytes.utf8("\0"), KeyRange.NO_END);
    private static final KeyRange IDS = KeyRange.prefix(Bytes.utf8("id/"));

    private final long seed;
    private final StoreBug bug;
    private final boolean flips;
    private final Random random;
    private final SimulatedDisk disk;
    private final SimulatedState state;
    private final SimulatedTime time = new SimulatedTime(1_000_000);
    private final List<Asked> asked = new ArrayList<>();

    /** Revisions at which leases were revoked, with what went: those have no key of their own. */
    private final TreeMap<Long, Long> revoked = new TreeMap<>();

    private long compacted;
    private long nextId;
    private int flipped;
    private int survived;

    /** One transaction and what came of it. */
    private static final class Asked {
        private final long id;
        private final List<Op> ops;
        private final CompletableFuture<Answer> answer;
        private long revision;

        Asked(long id, List<Op> ops, CompletableFuture<Answer> answer) {
            this.id = id;
            this.ops = ops;
            this.answer = answer;
        }
    }

    /**
     * @param flips whether a bit of the log flips after each crash; then damage may be refused and
     *     the end of the log may be gone, but what is told must be true
     */
    StoreSimulation(long seed, StoreBug bug, boolean flips) {
        this.seed = seed;
        this.bug = bug;
        this.flips = flips;
        random = new Random(seed);
        disk = new SimulatedDisk(seed);
        state = new SimulatedState(seed, bug);
    }

    /** How many transactions were found after crashes, each counted after each crash. */
    int survived() {
        return survived;
    }

    /**
     * @throws AssertionError when a promise was broken, naming the seed
     */
    void go() throws IOException {
        for (int crash = 0; crash <= CRASHES; crash++) {
            Store store;
            try {
                store = open();
            } catch (UncheckedIOException e) {
                // Refused, with the reason: right when a bit flipped, and only then.
                if (flipped > 0) {
                    return;
                }
                throw new AssertionError("seed %d: it does not open".formatted(seed), e);
            }
            try {
                check(store);
                if (crash < CRASHES) {
                    drive(store);
                }
            } finally {
                state.die();
                disk.losePowerAfter(0);
                store.close();
            }
            disk.crash();
            state.crash();
            if (flips) {
                flip();
            }
        }
    }

    private void flip() throws IOException {
        List<String> segments = disk.list().stream().filter(n -> n.endsWith(".log")).toList();
        String name = segments.get(random.nextInt(segments.size()));
        int length = disk.contentOf(name).length;
        if (length > 0) {
            disk.flipBit(name, random.nextInt(length), random.nextInt(8));
            flipped++;
        }
    }

    private Store open() {
        PrometheusRegistry registry = new PrometheusRegistry();
        return KemudiStore.on(
                state, this::openLog, Identity.embedded(), Limits.defaults(), time, registry);
    }

    private <R> Log<R> openLog(
            Path directory, StateMachine<R> machine, TimeSource clock, PrometheusRegistry registry)
            throws IOException {
        return FileLog.open(bug.between(disk), bug.between(machine), SMALL, clock, registry);
    }

    private void drive(Store store) {
        disk.writeShort(random.nextBoolean());
        disk.losePowerAfter(20 + random.nextInt(100));
        if (random.nextInt(4) == 0) {
            disk.limitSpace(8_000 + random.nextInt(40_000));
        }
        int syncFailsAt = random.nextInt(6) == 0 ? random.nextInt(STEPS) : Integer.MAX_VALUE;
        int from = asked.size();
        boolean certain = true;
        for (int i = 0; i < STEPS && certain && !disk.isDown(); i++) {
            if (i == syncFailsAt) {
                disk.failSync(true);
            }
            switch (random.nextInt(20)) {
                case 0 -> store.leaseGrant(1 + random.nextInt(LEASES), 1_000);
                case 1 -> {
                    settle(from);
                    certain = revoke(store, 1 + random.nextInt(LEASES));
                }
                case 2 -> {
                    settle(from);
                    certain = compact(store);
                }
                case 3 -> time.advance(150);
                default -> transact(store);
            }
            if (random.nextInt(4) == 0) {
                settle(from);
            }
            if (random.nextInt(20) == 0) {
                disk.limitSpace(Long.MAX_VALUE);
            }
        }
        settle(from);
    }

    private Bytes key() {
        return Bytes.utf8("k" + random.nextInt(6));
    }

    private void transact(Store store) {
        long id = ++nextId;
        Bytes value = Bytes.utf8("v" + id + "-" + "x".repeat(random.nextInt(400)));
        List<Op> ops = new ArrayList<>();
        ops.add(Op.Put.of(Bytes.utf8("id/%08d".formatted(id)), value));
        Bytes first = key();
        ops.add(new Op.Put(first, value, 0, false, false, false));
        Bytes second = key();
        if (!second.equals(first)) {
            ops.add(
                    random.nextInt(3) == 0
                            ? new Op.Delete(KeyRange.single(second), false)
                            : new Op.Put(second, value, lease(store), false, false, false));
        }
        asked.add(new Asked(id, ops, store.txn(new Op.Txn(List.of(), ops, List.of()))));
    }

    private long lease(Store store) {
        List<Long> known = store.leases();
        return known.isEmpty() || random.nextBoolean()
                ? 0
                : known.get(random.nextInt(known.size()));
    }

    /** Whether it is known what came of it. */
    private boolean revoke(Store store, long lease) {
        long before = store.revision();
        try {
            Answer answer = store.leaseRevoke(lease).join();
            // Without keys it makes no revision, and names one that another made.
            if (answer instanceof Answer.LeaseRevoked done && done.revision() > before) {
                revoked.put(done.revision(), lease);
            }
            return true;
        } catch (CompletionException e) {
            if (e.getCause() instanceof LogRefusedException) {
                return true;
            }
            // It would have been the next revision, and nothing follows it.
            revoked.put(store.revision() + 1, lease);
            return false;
        }
    }

    private boolean compact(Store store) {
        long at = Math.max(1, store.revision() - random.nextInt(20));
        try {
            if (store.compact(at).join() instanceof Answer.Compacted) {
                compacted = Math.max(compacted, at);
            }
            return true;
        } catch (CompletionException e) {
            return e.getCause() instanceof LogRefusedException;
        }
    }

    private void settle(int from) {
        for (Asked one : asked.subList(from, asked.size())) {
            try {
                one.revision =
                        one.answer.join() instanceof Answer.Txn done
                                ? done.revision()
                                : one.revision;
            } catch (CompletionException e) {
                assertThat(e.getCause())
                        .as("seed %d: transaction %d", seed, one.id)
                        .isInstanceOfAny(LogRefusedException.class, LogFailedException.class);
            }
        }
    }

    private boolean isRefused(Asked one) {
        return one.answer.isCompletedExceptionally()
                ? one.answer.exceptionNow() instanceof LogRefusedException
                : one.answer.join() instanceof Answer.Refused;
    }

    private void check(Store store) {
        Map<Bytes, KeyValue> found = new HashMap<>();
        for (KeyValue kv : all(store, IDS, 0)) {
            found.put(kv.key(), kv);
        }
        long last = store.revision();
        List<Asked> happened = new ArrayList<>();
        for (Asked one : asked) {
            KeyValue own = found.remove(Bytes.utf8("id/%08d".formatted(one.id)));
            boolean mayBeGone = flipped > 0 && one.revision > last;
            if (own == null) {
                assertThat(one.revision == 0 || mayBeGone)
                        .as("seed %d: transaction %d was acknowledged and is lost", seed, one.id)
                        .isTrue();
                continue;
            }
            assertThat(isRefused(one))
                    .as("seed %d: transaction %d was refused and is there", seed, one.id)
                    .isFalse();
            assertThat(one.revision == 0 || one.revision == own.modRevision())
                    .as("seed %d: transaction %d has the revision it was told", seed, one.id)
                    .isTrue();
            one.revision = own.modRevision();
            happened.add(one);
        }
        assertThat(found).as("seed %d: nobody wrote these", seed).isEmpty();
        assertThat(happened.stream().map(one -> one.revision))
                .as("seed %d: in the order asked for", seed)
                .isSorted()
                .doesNotHaveDuplicates();
        // What a start found may be acted upon, so it counts as acknowledged from here on.
        asked.clear();
        asked.addAll(happened);
        survived += happened.size();
        compareWithModel(store, happened);
    }

    private void compareWithModel(Store store, List<Asked> happened) {
        Model model = new Model();
        for (long lease = 1; lease <= LEASES; lease++) {
            model.grant(lease);
        }
        long last = store.revision();
        revoked.tailMap(last + 1).clear();
        Map<Long, Asked> at = new HashMap<>();
        happened.forEach(one -> at.put(one.revision, one));
        while (model.revision() < last) {
            long next = model.revision() + 1;
            Asked one = at.get(next);
            Long lease = revoked.get(next);
            if (one != null) {
                model.write(one.ops);
            } else if (lease != null) {
                model.revoke(lease);
                model.grant(lease);
            }
            assertThat(model.revision()).as("seed %d: revision %d", seed, next).isEqualTo(next);
        }
        assertThat(store.compactedRevision())
                .as("seed %d: compacted", seed)
                .isGreaterThanOrEqualTo(flipped > 0 ? 0 : compacted);
        compacted = store.compactedRevision();
        for (long revision = Math.max(1, compacted); revision <= last; revision++) {
            assertThat(all(store, ALL, revision))
                    .as("seed %d: the state at revision %d of %d", seed, revision, last)
                    .isEqualTo(model.range(ALL, revision));
        }
        assertThat(history(store, Math.max(1, compacted)))
                .as("seed %d: the history", seed)
                .isEqualTo(withoutPrevious(model.events(ALL, Math.max(1, compacted))));
    }

    private static List<KeyValue> all(Store store, KeyRange range, long revision) {
        return ((Answer.Ranged) store.range(new Op.Range(range, revision, 0, false, false))).kvs();
    }

    private static List<Watcher.Event> withoutPrevious(List<Watcher.Event> events) {
        return events.stream()
                .map(event -> new Watcher.Event(event.type(), event.kv(), List.of()))
                .toList();
    }

    /** Every retained change from {@code revision} on. */
    private static List<Watcher.Event> history(Store store, long revision) {
        List<Watcher.Event> events = new ArrayList<>();
        store.history(event -> {
            if (event.kv().modRevision() >= revision) {
                events.add(event);
            }
        });
        return withoutPrevious(events);
    }
}
