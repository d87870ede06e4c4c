package dev.kemudi.kernel;

import static dev.kemudi.kernel.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class SimulatedTimeTest {
    private final SimulatedTime time = new SimulatedTime(5_000);
    private final List<String> woken = new CopyOnWriteArrayList<>();

    private Thread sleeper(String name, long millis) {
        return Thread.ofVirtual()
                .start(() -> {
                    try {
                        time.sleep(millis);
                        woken.add(name);
                    } catch (InterruptedException e) {
                        woken.add(name + " interrupted");
                    }
                });
    }

    @Test
    void timeStandsStillUntilItIsMoved() {
        assertThat(time.nanoTime()).isZero();
        time.advance(7);
        assertThat(time.nanoTime()).isEqualTo(7_000_000);
        assertThat(time.epochMillis()).isEqualTo(5_007);
        assertThat(time.now().toEpochMilli()).isEqualTo(5_007);
    }

    @Test
    void sleepersWakeWhenTheirTimeComesAndNotBefore() throws Exception {
        Thread late = sleeper("late", 20);
        time.awaitSleepers(1);
        Thread early = sleeper("early", 10);
        time.awaitSleepers(2);
        time.advance(9);
        assertThat(woken).isEmpty();
        time.advance(1);
        early.join();
        assertThat(woken).containsExactly("early");
        time.advance(100);
        late.join();
        assertThat(woken).containsExactly("early", "late");
    }

    @Test
    void aSleeperCanBeInterrupted() throws Exception {
        Thread sleeper = sleeper("s", 10);
        time.awaitSleepers(1);
        sleeper.interrupt();
        sleeper.join();
        time.advance(10);
        assertThat(woken).containsExactly("s interrupted");
    }

    @Test
    void theWallClockJumpsWithoutWakingAnybody() throws Exception {
        Thread sleeper = sleeper("s", 10);
        time.awaitSleepers(1);
        time.jumpWallClock(-6_000);
        assertThat(time.epochMillis()).isEqualTo(-1_000);
        assertThat(woken).isEmpty();
        time.advance(10);
        sleeper.join();
        eventually("it woke", () -> woken.size() == 1);
    }
}
