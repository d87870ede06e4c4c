package dev.kemudi.log;

import static dev.kemudi.log.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.SimulatedTime;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The log against power losses, by seed. A failing seed is in the assertion's description; run it
 * with -Dkemudi.seed.
 */
@ExtendWith(Quiet.class)
class LogSimulationTest {
    private static final int SEEDS = Integer.getInteger("kemudi.log.seeds", 300);
    private static final Limits ROOMY =
            new Limits(2_000, 6_000, 16, 512, 1 << 20, 64, 1 << 20, 1L << 30, 2);
    private static final Limits SMALL = LogSimulation.SMALL;

    @Test
    void nothingAcknowledgedIsLostAndNothingRefusedComesBackWhateverThePowerDoes()
            throws Exception {
        long one = Long.getLong("kemudi.seed", -1);
        for (long seed = one < 0 ? 1 : one; seed <= (one < 0 ? SEEDS : one); seed++) {
            new LogSimulation(seed, PlantedBug.NONE, false).go();
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
