package dev.kemudi.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.SimulatedTime;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class MemoryLogTest {
    @Test
    void itOrdersAndAnswersLikeTheFileLog() {
        Recorder machine = new Recorder();
        SimulatedTime time = new SimulatedTime(100);
        try (MemoryLog<Long> log =
                new MemoryLog<>(machine, Limits.defaults(), time, new PrometheusRegistry())) {
            for (long id = 1; id <= 100; id++) {
                assertThat(log.propose(Recorder.command(id, 8), "").join()).isEqualTo(id);
            }
            assertThat(log.readBarrier().join()).isEqualTo(100);
            time.jumpWallClock(-50);
            log.propose(Recorder.command(101, 8), "").join();
        }
        assertThat(machine.ids()).isEqualTo(LongStream.rangeClosed(1, 101).boxed().toList());
        assertThat(machine.applied().getLast().timeMillis()).isEqualTo(100);
        assertThat(machine.durableIndex()).isEqualTo(101);
    }
}
