package dev.kemudi.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.SimulatedTime;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/*
 * One seed decides everything: what is written, when the power goes, which sectors of what was not synced
 * survive (torn writes and completions out of order are both that), which writes are short, when the disk is
 * full or refuses to sync, and which bit flips. After each crash the log is opened again and all that it says
 * is held against what was acknowledged and refused. A seed replays all of that; how many proposals meet in
 * one batch is the threads' choice, so a finding is run again by its seed, a few times if need be.
 */
/** A log on a {@link SimulatedDisk} through crashes, by seed; a planted bug may sit in between. */
final class LogSimulation {
    static final Limits SMALL = new Limits(2_000, 6_000, 16, 512, 1 << 20, 64, 4_096, 16_384, 2);
    private static final int CRASHES = 4;

    private final long seed;
    private final PlantedBug bug;
    private final boolean flips;
    private final Random random;
    private final SimulatedDisk disk;
    private final SimulatedTime time = new SimulatedTime(1_000_000);
    private final Set<Long> acknowledged = new HashSet<>();
    private final Set<Long> refused = new HashSet<>();
    private Recorder machine = new Recorder();
    private long nextId;
    private int flipped;

    /**
     * @param flips whether a bit flips after each crash; then damage may be refused and the end of
     *     the log may be gone, but what is told must be true
     */
    LogSimulation(long seed, PlantedBug bug, boolean flips) {
        this.seed = seed;
        this.bug = bug;
        this.flips = flips;
        random = new Random(seed);
        disk = new SimulatedDisk(seed);
    }

    /** A command whose every byte follows from its id, so that any wrong byte is seen. */
    static byte[] command(long id, int bytes) {
        byte[] command = new byte[Math.max(8, bytes)];
        new Random(id).nextBytes(command);
        ByteBuffer.wrap(command).putLong(id);
        return command;
    }

    private int sizeOf(long id) {
        return 8 + new Random(seed ^ id).nextInt(900);
    }

    /**
     * @throws AssertionError when a promise was broken, naming the seed
     */
    void go() throws Exception {
        for (int crash = 0; crash <= CRASHES; crash++) {
            machine = machine.restarted();
            if (!flips && random.nextInt(3) == 0) {
                losePowerDuringRecovery();
            }
            FileLog<Long> log;
            try {
                log = open();
            } catch (IOException e) {
                // Refused, with the reason: right when a bit flipped, and only then.
                if (flipped > 0) {
                    return;
                }
                throw new AssertionError("seed %d: it does not open".formatted(seed), e);
            }
            check();
            if (crash < CRASHES) {
                drive(log);
            }
            machine.die();
            log.close();
            disk.crash();
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

    private void losePowerDuringRecovery() {
        disk.losePowerAfter(random.nextInt(4));
        try {
            FileLog<Long> log = open();
            machine.die();
            log.close();
        } catch (IOException e) {
            assertThat(disk.isDown()).as("seed %d: %s", seed, e).isTrue();
        }
        disk.crash();
        machine = machine.restarted();
    }

    private FileLog<Long> open() throws IOException {
        StateMachine<Long> driven = bug.between(machine, machine.durableIndex());
        return FileLog.open(bug.between(disk), driven, SMALL, time, new PrometheusRegistry());
    }

    private void drive(FileLog<Long> log) {
        disk.writeShort(random.nextBoolean());
        disk.losePowerAfter(20 + random.nextInt(150));
        if (random.nextInt(4) == 0) {
            disk.limitSpace(6_000 + random.nextInt(40_000));
        }
        int syncFailsAt = random.nextInt(6) == 0 ? random.nextInt(150) : Integer.MAX_VALUE;
        List<CompletableFuture<Long>> answers = new ArrayList<>();
        List<Long> ids = new ArrayList<>();
        for (int i = 0; i < 150 && !disk.isDown(); i++) {
            ids.add(++nextId);
            answers.add(bug.between(log.propose(command(nextId, sizeOf(nextId)), "")));
            if (random.nextInt(4) == 0) {
                settle(answers.getLast());
            }
            if (random.nextInt(20) == 0) {
                time.jumpWallClock(random.nextInt(2_000) - 1_000);
            }
            if (random.nextInt(40) == 0) {
                disk.limitSpace(Long.MAX_VALUE);
            }
            if (i == syncFailsAt) {
                disk.failSync(true);
            }
        }
        for (int i = 0; i < ids.size(); i++) {
            settle(answers.get(i));
            if (!answers.get(i).isCompletedExceptionally()) {
                acknowledged.add(ids.get(i));
            } else if (answers.get(i).exceptionNow() instanceof LogRefusedException) {
                refused.add(ids.get(i));
            }
        }
    }

    private static void settle(CompletableFuture<Long> answer) {
        try {
            answer.join();
        } catch (CompletionException e) {
            assertThat(e.getCause())
                    .isInstanceOfAny(LogRefusedException.class, LogFailedException.class);
        }
    }

    private void check() {
        List<LogEntry> applied = machine.applied();
        List<Long> ids = machine.ids();
        assertThat(ids)
                .as("seed %d: order kept, none twice", seed)
                .isSorted()
                .doesNotHaveDuplicates();
        Set<Long> lost = new HashSet<>(acknowledged);
        ids.forEach(lost::remove);
        if (flips) {
            // A flip in the last batch looks like a torn write: only the end may be gone.
            long last = ids.isEmpty() ? 0 : ids.getLast();
            lost.removeIf(id -> id > last);
        }
        assertThat(lost).as("seed %d: nothing acknowledged is lost", seed).isEmpty();
        assertThat(ids.stream().filter(refused::contains))
                .as("seed %d: nothing refused comes back", seed)
                .isEmpty();
        for (int i = 0; i < applied.size(); i++) {
            LogEntry entry = applied.get(i);
            assertThat(entry.index()).as("seed %d", seed).isEqualTo(i + 1L);
            assertThat(i == 0 || entry.timeMillis() >= applied.get(i - 1).timeMillis())
                    .as("seed %d: time never goes back, entry %d", seed, i + 1)
                    .isTrue();
            long id = ids.get(i);
            assertThat(entry.command())
                    .as("seed %d: entry %d is what was proposed", seed, i + 1)
                    .isEqualTo(command(id, sizeOf(id)));
        }
        // What a start found may be acted upon, so it counts as acknowledged from here on.
        acknowledged.clear();
        acknowledged.addAll(ids);
    }
}
