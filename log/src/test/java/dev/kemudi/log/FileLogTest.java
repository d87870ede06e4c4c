package dev.kemudi.log;

import static dev.kemudi.log.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.SimulatedTime;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.LogRefusedException.Reason;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileLogTest {
    private static final Limits SMALL =
            new Limits(2_000, 6_000, 16, 64, 20_000, 4, 4_096, 16_384, 2);

    @TempDir Path directory;

    private FileLog<Long> open(StateMachine<Long> machine, Limits limits) throws IOException {
        return FileLog.open(
                directory, machine, limits, TimeSource.system(), new PrometheusRegistry());
    }

    @Test
    void commandsAreAnsweredInOrderAndReplayedAfterARestart() throws Exception {
        Recorder machine = new Recorder();
        try (FileLog<Long> log = open(machine, Limits.defaults())) {
            List<CompletableFuture<Long>> answers = new ArrayList<>();
            for (long id = 1; id <= 1_000; id++) {
                answers.add(log.propose(Recorder.command(id, 100), "00-trace"));
            }
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i).join()).isEqualTo(i + 1L);
            }
            machine.die();
        }
        Recorder restarted = new Recorder();
        try (FileLog<Long> log = open(restarted, Limits.defaults())) {
            assertThat(restarted.ids())
                    .isEqualTo(LongStream.rangeClosed(1, 1_000).boxed().toList());
            assertThat(restarted.applied().getFirst().traceparent()).isEqualTo("00-trace");
            assertThat(log.appliedIndex()).isEqualTo(1_000);
            assertThat(log.propose(Recorder.command(1_001, 8), "").join()).isEqualTo(1_001);
        }
    }

    @Test
    void aSecondOpeningOfTheSameDirectoryIsRefusedNamingIt() throws Exception {
        FileLog<Long> first = open(new Recorder(), SMALL);
        assertThatThrownBy(() -> open(new Recorder(), SMALL))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(directory.toString())
                .hasMessageContaining("in use");
        first.close();
        open(new Recorder(), SMALL).close();
    }

    @Test
    void aCommandOverTheLimitIsRefused() throws Exception {
        try (FileLog<Long> log = open(new Recorder(), SMALL)) {
            assertThat(reason(log.propose(new byte[2_001], ""))).isEqualTo(Reason.TOO_LARGE);
            assertThat(log.propose(new byte[2_000], "").join()).isEqualTo(1);
        }
    }

    @Test
    void aClosedLogRefuses() throws Exception {
        FileLog<Long> log = open(new Recorder(), SMALL);
        log.close();
        assertThat(reason(log.propose(new byte[8], ""))).isEqualTo(Reason.CLOSED);
    }

    private static Reason reason(CompletableFuture<Long> refused) {
        return ((LogRefusedException) refused.exceptionNow()).reason();
    }

    /** Applies nothing until released. */
    private static final class Held implements StateMachine<Long> {
        private final CountDownLatch release = new CountDownLatch(1);
        private final Recorder recorder = new Recorder();

        @Override
        public long durableIndex() {
            return recorder.durableIndex();
        }

        @Override
        public List<Long> apply(List<LogEntry> entries) {
            try {
                release.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return recorder.apply(entries);
        }

        @Override
        public void flush() {
            recorder.flush();
        }
    }

    @Test
    void theQueueIsBoundedInCountAndBytesWhileTheMachineIsSlow() throws Exception {
        Held machine = new Held();
        try (FileLog<Long> log = open(machine, SMALL)) {
            List<CompletableFuture<Long>> taken = new ArrayList<>();
            for (int i = 0; i < SMALL.queueCommandsMax(); i++) {
                taken.add(log.propose(new byte[8], ""));
            }
            assertThat(reason(log.propose(new byte[8], ""))).isEqualTo(Reason.QUEUE_FULL);
            machine.release.countDown();
            taken.forEach(CompletableFuture::join);
            for (int i = 0; i < 10; i++) {
                taken.add(log.propose(new byte[1_900], ""));
            }
            taken.forEach(CompletableFuture::join);
        }
    }

    @Test
    void aQueueOfLargeCommandsIsBoundedInBytes() throws Exception {
        Held machine = new Held();
        try (FileLog<Long> log = open(machine, SMALL)) {
            for (int i = 0; i < 10; i++) {
                log.propose(new byte[2_000], "");
            }
            assertThat(reason(log.propose(new byte[1_000], ""))).isEqualTo(Reason.QUEUE_FULL);
            machine.release.countDown();
        }
    }

    @Test
    void aReadBarrierWaitsForWhatWasCommittedBeforeIt() throws Exception {
        Held machine = new Held();
        try (FileLog<Long> log = open(machine, SMALL)) {
            CompletableFuture<Long> write = log.propose(new byte[8], "");
            eventually("the write is committed", () -> !log.readBarrier().isDone());
            CompletableFuture<Long> barrier = log.readBarrier();
            assertThat(barrier.isDone()).isFalse();
            machine.release.countDown();
            assertThat(barrier.join()).isEqualTo(1);
            assertThat(write.join()).isEqualTo(1);
        }
    }

    @Test
    void waitingBarriersAreBounded() throws Exception {
        Held machine = new Held();
        try (FileLog<Long> log = open(machine, SMALL)) {
            log.propose(new byte[8], "");
            eventually("the limit is reached", () -> log.readBarrier().isCompletedExceptionally());
            assertThat(reason(log.readBarrier())).isEqualTo(Reason.QUEUE_FULL);
            machine.release.countDown();
        }
    }

    @Test
    void theLogShortensItselfWhenItIsLarge() throws Exception {
        Recorder machine = new Recorder();
        try (FileLog<Long> log = open(machine, SMALL)) {
            for (long id = 1; id <= 400; id++) {
                log.propose(Recorder.command(id, 1_000), "").join();
            }
            eventually("old segments are gone", () -> log.firstIndex() > 300);
            assertThat(log.bytesOnDisk()).isLessThan(3 * SMALL.logBytesMax());
            assertThat(machine.durableIndex()).isPositive();
        }
        try (FileLog<Long> log = open(machine.restarted(), SMALL)) {
            assertThat(log.appliedIndex()).isEqualTo(400);
        }
    }

    @Test
    void truncationNeverDropsWhatTheMachineHasNotMadeDurable() throws Exception {
        Recorder machine = new Recorder();
        machine.die();
        try (FileLog<Long> log = open(machine, SMALL)) {
            for (long id = 1; id <= 100; id++) {
                log.propose(Recorder.command(id, 1_000), "").join();
            }
            log.truncate(100);
            assertThat(log.firstIndex()).isEqualTo(1);
            machine.durableIndex(50);
            log.truncate(100);
            assertThat(log.firstIndex()).isBetween(2L, 51L);
        }
    }

    @Test
    void anOrderlyStopLeavesNothingToReplay() throws Exception {
        Recorder machine = new Recorder();
        try (FileLog<Long> log = open(machine, SMALL)) {
            log.propose(Recorder.command(1, 8), "").join();
        }
        assertThat(machine.durableIndex()).isEqualTo(1);
        Recorder restarted = machine.restarted();
        open(restarted, SMALL).close();
        assertThat(restarted.ids()).containsExactly(1L);
    }

    @Test
    void timeNeverGoesBackAcrossARestartThoughTheWallClockDoes() throws Exception {
        SimulatedTime time = new SimulatedTime(5_000);
        Recorder machine = new Recorder();
        try (FileLog<Long> log =
                FileLog.open(directory, machine, SMALL, time, new PrometheusRegistry())) {
            log.propose(new byte[8], "").join();
        }
        time.jumpWallClock(-4_000);
        Recorder restarted = machine.restarted();
        try (FileLog<Long> log =
                FileLog.open(directory, restarted, SMALL, time, new PrometheusRegistry())) {
            log.propose(new byte[8], "").join();
            assertThat(restarted.applied().getLast().timeMillis()).isEqualTo(5_000);
            time.jumpWallClock(10_000);
            log.propose(new byte[8], "").join();
            assertThat(restarted.applied().getLast().timeMillis()).isEqualTo(11_000);
        }
    }

    @Test
    void aMachineThatThrowsStopsTheLogLoudly() throws Exception {
        StateMachine<Long> broken =
                new StateMachine<>() {
                    @Override
                    public long durableIndex() {
                        return 0;
                    }

                    @Override
                    public List<Long> apply(List<LogEntry> entries) {
                        throw new IllegalStateException("a bug in the machine");
                    }

                    @Override
                    public void flush() {
                        throw new AssertionError("a failed machine is not flushed");
                    }
                };
        try (FileLog<Long> log = open(broken, SMALL)) {
            CompletableFuture<Long> answer = log.propose(new byte[8], "");
            eventually("it is answered", answer::isDone);
            assertThat(answer.exceptionNow())
                    .isInstanceOf(LogFailedException.class)
                    .hasRootCauseMessage("a bug in the machine");
            assertThat(log.failure()).isPresent();
            assertThat(reason(log.propose(new byte[8], ""))).isEqualTo(Reason.CLOSED);
            assertThat(log.readBarrier().isCompletedExceptionally()).isTrue();
        }
    }

    @Test
    void aClosedLogLeavesNoThreadAndNoSeries() throws Exception {
        PrometheusRegistry registry = new PrometheusRegistry();
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        FileLog<Long> log =
                FileLog.open(directory, new Recorder(), SMALL, TimeSource.system(), registry);
        for (int i = 0; i < 50; i++) {
            log.propose(new byte[1_000], "").join();
        }
        assertThat(registry.scrape().size()).isPositive();
        log.close();
        assertThat(registry.scrape().size()).isZero();
        assertThat(Thread.getAllStackTraces().keySet())
                .filteredOn(thread -> !before.contains(thread))
                .noneMatch(thread -> thread.getName().startsWith("kemudi-log"));
    }

    @Test
    void manyThreadsKeepTheirOwnOrder() throws Exception {
        Recorder machine = new Recorder();
        try (FileLog<Long> log = open(machine, Limits.defaults())) {
            List<Thread> threads = new ArrayList<>();
            for (long writer = 0; writer < 16; writer++) {
                long base = writer * 1_000_000;
                threads.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    for (long id = 1; id <= 200; id++) {
                                        log.propose(Recorder.command(base + id, 50), "").join();
                                    }
                                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        for (long writer = 0; writer < 16; writer++) {
            long base = writer * 1_000_000;
            assertThat(
                            machine.ids().stream()
                                    .filter(id -> id > base && id < base + 1_000_000)
                                    .toList())
                    .isEqualTo(LongStream.rangeClosed(base + 1, base + 200).boxed().toList());
        }
    }
}
