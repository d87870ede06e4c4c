package dev.kemudi.controller;

import static dev.kemudi.controller.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.kernel.TimeSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Statements 30–33. */
class WorkQueueTest {
    private static WorkQueue<String> queue(TimeSource time) {
        return new WorkQueue<>("test", time, Limits.defaults(), ControllerMetrics.unregistered());
    }

    private final WorkQueue<String> queue = queue(TimeSource.system());

    private String take() throws InterruptedException {
        return queue.take().orElseThrow();
    }

    @Test
    void aKeyAddedTwiceIsWorkedOnOnce() throws InterruptedException {
        queue.add("a");
        queue.add("b");
        queue.add("a");
        assertThat(take()).isEqualTo("a");
        assertThat(take()).isEqualTo("b");
        assertThat(queue.size()).isZero();
    }

    @Test
    void aKeyAddedWhileAWorkerHoldsItComesBackExactlyOnceWhenDone() throws InterruptedException {
        queue.add("a");
        String held = take();
        queue.add("a");
        queue.add("a");
        assertThat(queue.size()).isZero();
        queue.done(held);
        assertThat(queue.size()).isEqualTo(1);
        queue.done(take());
        assertThat(queue.size()).isZero();
    }

    @Test
    void noTwoWorkersEverHoldOneKeyAndNothingAddedIsMissed() throws InterruptedException {
        Set<String> held = ConcurrentHashMap.newKeySet();
        AtomicBoolean twice = new AtomicBoolean();
        int[] seen = new int[8];
        int[] written = new int[8];
        List<Thread> workers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            workers.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    while (queue.take() instanceof Optional<String> key
                                            && key.isPresent()) {
                                        twice.compareAndSet(false, !held.add(key.get()));
                                        int index = Integer.parseInt(key.get());
                                        synchronized (written) {
                                            seen[index] = written[index];
                                        }
                                        held.remove(key.get());
                                        queue.done(key.get());
                                    }
                                } catch (InterruptedException e) {
                                    Thread.currentThread().interrupt();
                                }
                            }));
        }
        for (int i = 0; i < 20_000; i++) {
            synchronized (written) {
                written[i % 8]++;
            }
            queue.add(Integer.toString(i % 8));
        }
        assertThat(queue.shutdownWithDrain(20_000)).isTrue();
        for (Thread worker : workers) {
            worker.join();
        }
        assertThat(twice).isFalse();
        assertThat(seen).isEqualTo(written);
    }

    @Test
    void aShutdownWithDrainWaitsForWhatIsHeldAndRefusesNewKeys() throws InterruptedException {
        queue.add("a");
        String held = take();
        AtomicBoolean drained = new AtomicBoolean();
        Thread closer =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                drained.set(queue.shutdownWithDrain(20_000));
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        eventually("the closer waits", () -> closer.getState() == Thread.State.TIMED_WAITING);
        queue.add("b");
        assertThat(queue.size()).isZero();
        queue.done(held);
        closer.join();
        assertThat(drained).isTrue();
        assertThat(queue.take()).isEmpty();
    }

    @Test
    void aDrainGivesUpAfterItsTime() throws InterruptedException {
        queue.add("a");
        take();
        assertThat(queue.shutdownWithDrain(1)).isFalse();
    }

    @Test
    void aDelayedKeyKeepsTheEarliestOfItsDeadlines() throws InterruptedException {
        FakeTime time = new FakeTime();
        WorkQueue<String> delaying = queue(time);
        delaying.addAfter("a", 1_000);
        delaying.addAfter("a", 5_000);
        delaying.addAfter("b", 9_000);
        delaying.addAfter("b", 500);
        time.pass(600);
        assertThat(delaying.take()).contains("b");
        time.pass(500);
        assertThat(delaying.take()).contains("a");
        time.pass(20_000);
        delaying.shutdown();
        assertThat(delaying.take()).isEmpty();
    }

    @Test
    void aWaitingWorkerIsWokenByADeadline() throws InterruptedException {
        queue.addAfter("late", 40);
        queue.addAfter("soon", 5);
        assertThat(take()).isEqualTo("soon");
        assertThat(take()).isEqualTo("late");
    }

    @Test
    void aWaitingWorkerIsWokenWhenTheClockIsMovedPastItsDeadline() throws InterruptedException {
        FakeTime time = new FakeTime();
        WorkQueue<String> tomorrow = queue(time);
        tomorrow.addAfter("a", 86_400_000);
        Set<String> got = ConcurrentHashMap.newKeySet();
        Thread worker =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                tomorrow.take().ifPresent(got::add);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        eventually("it waits", () -> worker.getState() == Thread.State.TIMED_WAITING);
        time.pass(86_400_000);
        eventually("it has the key", () -> got.contains("a"));
        worker.join();
        tomorrow.shutdown();
    }

    @Test
    void aKeysBackOffDoublesFromFiveMillisToAThousandSecondsAndForgetStartsAnew() {
        FakeTime time = new FakeTime();
        RateLimiter<String> limiter = new RateLimiter<>(time);
        long expected = 5;
        for (int i = 0; i < 30; i++) {
            time.pass(3_600_000); // the bucket is full again
            assertThat(limiter.nextDelayMillis("a")).isEqualTo(Math.min(expected, 1_000_000));
            expected *= 2;
        }
        limiter.forget("a");
        time.pass(3_600_000);
        assertThat(limiter.nextDelayMillis("a")).isEqualTo(5);
    }

    @Test
    void allKeysTogetherGetAHundredRetriesAtOnceAndThenTenASecond() {
        RateLimiter<Integer> limiter = new RateLimiter<>(new FakeTime());
        for (int i = 0; i < 100; i++) {
            assertThat(limiter.nextDelayMillis(i)).isEqualTo(5);
        }
        assertThat(limiter.nextDelayMillis(100)).isEqualTo(100);
        assertThat(limiter.nextDelayMillis(109)).isEqualTo(200);
    }

    @Test
    void anAddToAFullQueueWaitsForRoom() throws InterruptedException {
        Limits limits = new Limits(1, 1, 1, 1, 1, 1, 1, 1);
        WorkQueue<String> tiny =
                new WorkQueue<>(
                        "tiny", TimeSource.system(), limits, ControllerMetrics.unregistered());
        tiny.add("a");
        AtomicInteger added = new AtomicInteger();
        Thread adder =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                tiny.add("b");
                                added.incrementAndGet();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        eventually("it waits", () -> adder.getState() == Thread.State.WAITING);
        assertThat(added).hasValue(0);
        Set<String> got = new HashSet<>();
        got.add(tiny.take().orElseThrow());
        adder.join();
        got.add(tiny.take().orElseThrow());
        assertThat(got).containsExactlyInAnyOrder("a", "b");
    }
}
