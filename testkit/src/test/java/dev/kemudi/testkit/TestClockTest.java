package dev.kemudi.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TestClockTest {
    private final TestClock clock = new TestClock();

    @Test
    void bothTimesMoveBySoMuch() {
        long epochMillis = clock.epochMillis();
        long nanos = clock.nanoTime();
        clock.advance(Duration.ofDays(1));
        assertThat(clock.epochMillis() - epochMillis)
                .isGreaterThanOrEqualTo(Duration.ofDays(1).toMillis());
        assertThat(clock.nanoTime() - nanos).isGreaterThanOrEqualTo(Duration.ofDays(1).toNanos());
    }

    @Test
    void whoSleepsWakesWhenItIsLater() throws Exception {
        CompletableFuture<Boolean> awake = new CompletableFuture<>();
        Thread sleeper =
                Thread.startVirtualThread(() -> {
                    try {
                        clock.sleep(Duration.ofHours(1).toMillis());
                        awake.complete(true);
                    } catch (InterruptedException e) {
                        awake.completeExceptionally(e);
                    }
                });
        while (sleeper.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        clock.advance(Duration.ofMinutes(59));
        assertThat(awake).isNotDone();
        clock.advance(Duration.ofMinutes(2));
        assertThat(awake.get(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void timeDoesNotGoBack() {
        assertThatThrownBy(() -> clock.advance(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("by: expected a time that is not negative, got PT-1S");
    }
}
