package dev.kemudi.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.SimulatedTime;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The fuzzer's target on a few inputs of its own; the long run is conformance/fuzz.sh. */
@ExtendWith(Quiet.class)
class LogFuzzTest {
    /** A real log's first segment, to begin from. */
    private static byte[] real() throws Exception {
        SimulatedDisk disk = new SimulatedDisk(2);
        Recorder machine = new Recorder();
        FileLog<Long> log =
                FileLog.open(
                        disk,
                        machine,
                        LogSimulation.SMALL,
                        new SimulatedTime(1),
                        new PrometheusRegistry());
        for (long id = 1; id <= 5; id++) {
            log.propose(LogSimulation.command(id, 100), "").join();
        }
        machine.die();
        log.close();
        return disk.contentOf(Segment.nameOf(1));
    }

    @Test
    void anyBytesAreOpenedOrRefusedWithAReason() throws Exception {
        Random random = new Random(5);
        byte[] real = real();
        LogFuzz.fuzzerTestOneInput(real);
        int tried = 0;
        for (int i = 0; i < 1_500; i++) {
            byte[] input = Arrays.copyOf(real, random.nextInt(real.length + 1));
            for (int flips = random.nextInt(6); flips > 0 && input.length > 0; flips--) {
                input[random.nextInt(input.length)] = (byte) random.nextInt();
            }
            LogFuzz.fuzzerTestOneInput(input);
            byte[] noise = new byte[random.nextInt(300)];
            random.nextBytes(noise);
            LogFuzz.fuzzerTestOneInput(noise);
            tried += 2;
        }
        assertThat(tried).isEqualTo(3_000);
    }
}
