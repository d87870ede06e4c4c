package dev.kemudi.kernel;

import static dev.kemudi.kernel.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FanoutTest {
    private final CountDownLatch never = new CountDownLatch(1);

    private int waitForEver() throws InterruptedException {
        never.await();
        return 0;
    }

    @Test
    void resultsAreThereAfterTheJoin() throws Exception {
        try (Fanout fanout = Fanout.open(Limits.defaults())) {
            Fanout.Task<Integer> one = fanout.fork(() -> 1);
            Fanout.Task<String> two = fanout.fork(() -> "two");
            fanout.join();
            assertThat(one.get()).isEqualTo(1);
            assertThat(two.get()).isEqualTo("two");
        }
    }

    @Test
    void aResultBeforeTheJoinIsRefused() throws Exception {
        try (Fanout fanout = Fanout.open(Limits.defaults())) {
            Fanout.Task<Integer> task = fanout.fork(this::waitForEver);
            assertThatThrownBy(task::get).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void theFirstFailureStopsTheOthers() throws Exception {
        AtomicBoolean interrupted = new AtomicBoolean();
        try (Fanout fanout = Fanout.open(Limits.defaults())) {
            fanout.fork(() -> {
                try {
                    return waitForEver();
                } catch (InterruptedException e) {
                    interrupted.set(true);
                    throw e;
                }
            });
            fanout.fork(() -> {
                throw new IllegalStateException("the first failure");
            });
            assertThatThrownBy(fanout::join)
                    .isInstanceOf(ExecutionException.class)
                    .hasRootCauseMessage("the first failure");
            assertThat(interrupted).isTrue();
            assertThatThrownBy(() -> fanout.fork(() -> 1)).isInstanceOf(CancelledException.class);
        }
    }

    @Test
    void theOpenersCancellationStopsAll() throws Exception {
        try (Context opener = Context.background().child()) {
            opener.call(() -> {
                try (Fanout fanout = Fanout.open(Limits.defaults())) {
                    fanout.fork(this::waitForEver);
                    opener.cancel("the client went away");
                    assertThatThrownBy(fanout::join)
                            .isInstanceOf(CancelledException.class)
                            .hasMessage("the client went away");
                }
                return true;
            });
        }
    }

    @Test
    void theOpenersDeadlineStopsAll() throws Exception {
        SimulatedTime time = new SimulatedTime(0);
        try (Context opener = Context.background(time).withTimeout(100)) {
            opener.call(() -> {
                try (Fanout fanout = Fanout.open(Limits.defaults())) {
                    fanout.fork(this::waitForEver);
                    time.awaitSleepers(1);
                    time.advance(100);
                    assertThatThrownBy(fanout::join).isInstanceOf(CancelledException.class);
                }
                return true;
            });
        }
    }

    @Test
    void childrenSeeTheOpenersTraceAndDeadline() throws Exception {
        TraceContext trace = TraceContext.root(true);
        try (Context opener = Context.background().withTimeout(60_000)) {
            opener.withTrace(trace)
                    .call(() -> {
                        try (Fanout fanout = Fanout.open(Limits.defaults())) {
                            Fanout.Task<Context> seen = fanout.fork(Context::current);
                            fanout.join();
                            assertThat(seen.get().trace()).contains(trace);
                            assertThat(seen.get().hasDeadline()).isTrue();
                        }
                        return true;
                    });
        }
    }

    @Test
    void leavingTheBlockLeavesNoChildBehind() throws Exception {
        AtomicInteger running = new AtomicInteger();
        try (Fanout fanout = Fanout.open(Limits.defaults())) {
            for (int i = 0; i < 10; i++) {
                fanout.run(() -> {
                    running.incrementAndGet();
                    try {
                        never.await();
                    } catch (InterruptedException e) {
                        running.decrementAndGet();
                    }
                });
            }
            eventually("all run", () -> running.get() == 10);
        }
        assertThat(running).hasValue(0);
    }

    @Test
    void noMoreThanTheLimitRunAtOnce() throws Exception {
        Limits three = new Limits(1, 1, 1, 3, 100, 1, 1);
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger worst = new AtomicInteger();
        try (Fanout fanout = Fanout.open(three)) {
            for (int i = 0; i < 200; i++) {
                fanout.run(() -> {
                    worst.accumulateAndGet(inside.incrementAndGet(), Math::max);
                    Thread.yield();
                    inside.decrementAndGet();
                });
            }
            fanout.join();
        }
        assertThat(worst.get()).isBetween(1, 3);
    }

    @Test
    void stressEveryFanoutEndsWithAllResultsOrOneFailure() throws Exception {
        Random random = new Random(1);
        for (int round = 0; round < 500; round++) {
            int failing = random.nextInt(20);
            List<Fanout.Task<Integer>> tasks = new ArrayList<>();
            boolean failed = false;
            try (Fanout fanout = Fanout.open(Limits.defaults())) {
                for (int i = 0; i < 8; i++) {
                    int number = i;
                    tasks.add(fanout.fork(() -> answer(number, failing)));
                }
                fanout.join();
            } catch (ExecutionException | CancelledException e) {
                failed = true;
            }
            assertThat(failed).isEqualTo(failing < 8);
            if (!failed) {
                assertThat(tasks.stream().map(Fanout.Task::get))
                        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
            }
        }
    }

    private static int answer(int number, int failing) {
        if (number == failing) {
            throw new IllegalStateException("on purpose");
        }
        Thread.yield();
        return number;
    }
}
