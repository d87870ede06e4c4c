package dev.kemudi.log;

import static dev.kemudi.log.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.SimulatedTime;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The log against power losses, by seed. A failing seed is in the assertion's description; run it
 * with -Dkemudi.seed.
 */
@ExtendWith(Quiet.class)
class LogSimulationTest {
    private static final int SEEDS = Integer.getInteger("kemudi.log.seeds", 300);
    private static final int CRASHES_PER_SEED = 4;
    private static final Limits ROOMY =
            new Limits(2_000, 6_000, 16, 512, 1 << 20, 64, 1 << 20, 1L << 30, 2);
    static final Limits SMALL = new Limits(2_000, 6_000, 16, 512, 1 << 20, 64, 4_096, 16_384, 2);

    @Test
    void nothingAcknowledgedIsLostAndNothingRefusedComesBackWhateverThePowerDoes()
            throws Exception {
        long one = Long.getLong("kemudi.seed", -1);
        for (long seed = one < 0 ? 1 : one; seed <= (one < 0 ? SEEDS : one); seed++) {
            new Run(seed).go();
        }
    }

    private static final class Run {
        private final long seed;
        private final Random random;
        private final SimulatedDisk disk;
        private final SimulatedTime time = new SimulatedTime(1_000_000);
        private final Set<Long> acknowledged = new HashSet<>();
        private final Set<Long> refused = new HashSet<>();
        private Recorder machine = new Recorder();
        private long nextId;

        Run(long seed) {
            this.seed = seed;
            random = new Random(seed);
            disk = new SimulatedDisk(seed);
        }

        void go() throws Exception {
            for (int crash = 0; crash < CRASHES_PER_SEED; crash++) {
                machine = machine.restarted();
                if (random.nextInt(3) == 0) {
                    losePowerDuringRecovery();
                }
                FileLog<Long> log = open();
                check();
                drive(log);
                machine.die();
                log.close();
                disk.crash();
            }
            machine = machine.restarted();
            FileLog<Long> log = open();
            check();
            log.close();
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
            return FileLog.open(disk, machine, SMALL, time, new PrometheusRegistry());
        }

        private void drive(FileLog<Long> log) throws InterruptedException {
            disk.writeShort(random.nextBoolean());
            disk.losePowerAfter(20 + random.nextInt(150));
            if (random.nextInt(4) == 0) {
                disk.limitSpace(6_000 + random.nextInt(40_000));
            }
            List<CompletableFuture<Long>> answers = new ArrayList<>();
            List<Long> ids = new ArrayList<>();
            for (int i = 0; i < 150 && !disk.isDown(); i++) {
                ids.add(++nextId);
                answers.add(log.propose(Recorder.command(nextId, 8 + random.nextInt(900)), ""));
                if (random.nextInt(4) == 0) {
                    settle(answers.getLast());
                }
                if (random.nextInt(20) == 0) {
                    time.jumpWallClock(random.nextInt(2_000) - 1_000);
                }
                if (random.nextInt(40) == 0) {
                    disk.limitSpace(Long.MAX_VALUE);
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
            assertThat(new HashSet<>(ids).containsAll(acknowledged))
                    .as("seed %d: nothing acknowledged is lost", seed)
                    .isTrue();
            assertThat(ids.stream().filter(refused::contains))
                    .as("seed %d: nothing refused comes back", seed)
                    .isEmpty();
            for (int i = 0; i < applied.size(); i++) {
                assertThat(applied.get(i).index()).as("seed %d", seed).isEqualTo(i + 1L);
                assertThat(i == 0 || applied.get(i).timeMillis() >= applied.get(i - 1).timeMillis())
                        .as("seed %d: time never goes back, entry %d", seed, i + 1)
                        .isTrue();
            }
            // What a start found may be acted upon, so it counts as acknowledged from here on.
            acknowledged.addAll(ids);
        }
    }

    @Test
    void aFullDiskRefusesWritesServesReadsAndRecoversByItself() throws Exception {
        SimulatedDisk disk = new SimulatedDisk(7);
        Recorder machine = new Recorder();
        try (FileLog<Long> log =
                FileLog.open(
                        disk, machine, SMALL, new SimulatedTime(1), new PrometheusRegistry())) {
            log.propose(Recorder.command(1, 500), "").join();
            disk.limitSpace(100);
            machine.die();
            CompletableFuture<Long> refused = proposeUntilRefused(log);
            assertThat(((LogRefusedException) refused.exceptionNow()).reason())
                    .isEqualTo(LogRefusedException.Reason.DISK_FULL);
            assertThat(log.diskFull()).isTrue();
            assertThat(log.readBarrier().join()).isEqualTo(log.appliedIndex());
            disk.limitSpace(Long.MAX_VALUE);
            eventually("writes are taken again", () -> succeeds(log));
            assertThat(log.failure()).isEmpty();
        }
    }

    private static CompletableFuture<Long> proposeUntilRefused(FileLog<Long> log) {
        for (long id = 100; id < 1_000; id++) {
            CompletableFuture<Long> answer = log.propose(Recorder.command(id, 500), "");
            if (answer.handle((index, error) -> error != null).join()) {
                return answer;
            }
        }
        throw new AssertionError("the disk never filled up");
    }

    private static boolean succeeds(FileLog<Long> log) {
        return log.propose(Recorder.command(5_000, 10), "")
                .handle((index, error) -> error == null)
                .join();
    }

    @Test
    void aSyncThatFailsOnceStopsTheLogForGood() throws Exception {
        SimulatedDisk disk = new SimulatedDisk(8);
        Recorder machine = new Recorder();
        try (FileLog<Long> log =
                FileLog.open(
                        disk, machine, ROOMY, new SimulatedTime(1), new PrometheusRegistry())) {
            eventually(
                    "it writes into a segment that was filled ahead",
                    () -> {
                        log.propose(Recorder.command(1, 8), "").join();
                        return log.firstIndex() == 1 && log.bytesOnDisk() > ROOMY.segmentBytes();
                    });
            long before = log.appliedIndex();
            disk.failSync(true);
            CompletableFuture<Long> unknown = log.propose(Recorder.command(2, 8), "");
            eventually("it is answered", unknown::isDone);
            assertThat(unknown.exceptionNow()).isInstanceOf(LogFailedException.class);
            disk.failSync(false);
            CompletableFuture<Long> later = log.propose(Recorder.command(3, 8), "");
            assertThat(later.exceptionNow())
                    .isInstanceOf(LogRefusedException.class)
                    .hasMessageContaining("restart");
            assertThat(log.failure()).isPresent();
            assertThat(log.readBarrier().join()).isEqualTo(before);
        }
    }
}
