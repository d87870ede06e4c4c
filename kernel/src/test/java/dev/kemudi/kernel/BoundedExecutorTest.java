package dev.kemudi.kernel;

import static dev.kemudi.kernel.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.Admission.Admitted;
import dev.kemudi.kernel.Admission.Reason;
import dev.kemudi.kernel.Admission.Refused;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class BoundedExecutorTest {
    private static final long LONG_MILLIS = 20_000;

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final CountDownLatch release = new CountDownLatch(1);

    private BoundedExecutor executor(int permits, Map<String, Integer> reserves) {
        return new BoundedExecutor("test", permits, reserves, Limits.defaults(), registry);
    }

    private void hold() {
        try {
            release.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Reason reason(Admission admission) {
        return ((Refused) admission).reason();
    }

    @Test
    void aFullExecutorRefusesWithAValue() {
        try (BoundedExecutor executor = executor(2, Map.of())) {
            assertThat(executor.offer(this::hold)).isEqualTo(new Admitted(1));
            assertThat(executor.offer(this::hold)).isEqualTo(new Admitted(2));
            Admission third = executor.offer(this::hold);
            assertThat(reason(third)).isEqualTo(Reason.FULL);
            assertThat(((Refused) third).retryAfterMillis()).isPositive();
            release.countDown();
            eventually("a place is free", () -> executor.running() == 0);
            assertThat(executor.offer(() -> {})).isInstanceOf(Admitted.class);
        }
    }

    @Test
    void aTenantsReserveIsKeptFreeForIt() {
        try (BoundedExecutor executor = executor(4, Map.of("a", 2, "b", 1))) {
            assertThat(executor.offer("x", this::hold)).isInstanceOf(Admitted.class);
            assertThat(reason(executor.offer("x", this::hold)))
                    .isEqualTo(Reason.TENANT_SHARE_SPENT);
            assertThat(executor.offer("a", this::hold)).isInstanceOf(Admitted.class);
            assertThat(executor.offer("a", this::hold)).isInstanceOf(Admitted.class);
            assertThat(reason(executor.offer("a", this::hold)))
                    .isEqualTo(Reason.TENANT_SHARE_SPENT);
            assertThat(executor.offer("b", this::hold)).isInstanceOf(Admitted.class);
            assertThat(reason(executor.offer("b", this::hold))).isEqualTo(Reason.FULL);
            release.countDown();
        }
    }

    @Test
    void aTenantMayTakeAllButTheOthersReserves() {
        try (BoundedExecutor executor = executor(4, Map.of("a", 1, "b", 1))) {
            for (int i = 0; i < 3; i++) {
                assertThat(executor.offer("a", this::hold)).isInstanceOf(Admitted.class);
            }
            assertThat(reason(executor.offer("a", this::hold)))
                    .isEqualTo(Reason.TENANT_SHARE_SPENT);
            release.countDown();
        }
    }

    @Test
    void reservesBeyondThePermitsAreRefusedAtOnce() {
        assertThatThrownBy(() -> executor(2, Map.of("a", 3))).hasMessageContaining("2 permits");
        assertThatThrownBy(() -> executor(2, Map.of("a", 0))).hasMessageContaining("tenant a");
    }

    @Test
    void aTaskRunsInItsCallersContext() {
        AtomicReference<Context> seen = new AtomicReference<>();
        try (BoundedExecutor executor = executor(1, Map.of());
                Context caller = Context.background().child()) {
            caller.run(() -> executor.offer(() -> seen.set(Context.current())));
            eventually("it ran", () -> seen.get() != null);
            assertThat(seen.get()).isSameAs(caller);
        }
    }

    @Test
    void submitWaitsItsTurnInOrder() throws Exception {
        List<Integer> order = new ArrayList<>();
        try (BoundedExecutor executor = executor(1, Map.of())) {
            executor.offer(this::hold);
            List<Thread> waiting = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                int number = i;
                Thread thread =
                        Thread.ofVirtual().start(() -> submit(executor, () -> order.add(number)));
                waiting.add(thread);
                eventually("it waits", () -> thread.getState() == Thread.State.TIMED_WAITING);
            }
            release.countDown();
            for (Thread thread : waiting) {
                thread.join();
            }
        }
        assertThat(order).containsExactly(0, 1, 2, 3, 4);
    }

    private static Admission submit(BoundedExecutor executor, Runnable task) {
        try {
            return executor.submit(task, LONG_MILLIS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void submitGivesUpAtItsTimeOutAndAtTheContextsDeadline() throws Exception {
        try (BoundedExecutor executor = executor(1, Map.of())) {
            executor.offer(this::hold);
            assertThat(reason(executor.submit(() -> {}, 1))).isEqualTo(Reason.FULL);
            try (Context hurried = Context.background().withTimeout(5)) {
                Admission answer = hurried.call(() -> executor.submit(() -> {}, LONG_MILLIS));
                assertThat(reason(answer)).isEqualTo(Reason.FULL);
                assertThatThrownBy(() -> hurried.call(() -> executor.submit(() -> {}, LONG_MILLIS)))
                        .isInstanceOf(CancelledException.class);
            }
            release.countDown();
        }
    }

    @Test
    void waitersAreBounded() throws Exception {
        Limits oneWaiter = new Limits(1, 1, 1, 1, 1, 1, 5_000);
        try (BoundedExecutor executor = new BoundedExecutor("test", 1, oneWaiter, registry)) {
            executor.offer(this::hold);
            Thread waiter = Thread.ofVirtual().start(() -> submit(executor, () -> {}));
            eventually("it waits", () -> waiter.getState() == Thread.State.TIMED_WAITING);
            assertThat(reason(executor.submit(() -> {}, LONG_MILLIS))).isEqualTo(Reason.FULL);
            release.countDown();
            waiter.join();
        }
    }

    @Test
    void closingRefusesNewcomersAndWaitersAndInterruptsWhoStays() throws Exception {
        BoundedExecutor executor = executor(1, Map.of());
        executor.offer(this::hold);
        AtomicReference<Admission> answer = new AtomicReference<>();
        Thread waiter = Thread.ofVirtual().start(() -> answer.set(submit(executor, () -> {})));
        eventually("it waits", () -> waiter.getState() == Thread.State.TIMED_WAITING);
        assertThat(executor.close(200)).isTrue();
        waiter.join();
        assertThat(reason(Objects.requireNonNull(answer.get()))).isEqualTo(Reason.CLOSED);
        assertThat(reason(executor.offer(() -> {}))).isEqualTo(Reason.CLOSED);
        assertThat(executor.running()).isZero();
        assertThat(registry.scrape().size()).isZero();
    }

    @Test
    void closingSaysWhenATaskIgnoresItsInterrupt() {
        BoundedExecutor executor = executor(1, Map.of());
        executor.offer(() -> {
            while (release.getCount() > 0) {
                Thread.interrupted();
                Thread.onSpinWait();
                Thread.yield();
            }
        });
        assertThat(executor.close(20)).isFalse();
        release.countDown();
        assertThat(executor.close(LONG_MILLIS)).isTrue();
    }

    @Test
    void aTaskThatThrowsGivesItsPlaceBackAndIsCounted() {
        try (BoundedExecutor executor = executor(1, Map.of())) {
            executor.offer(() -> {
                throw new IllegalStateException("a test's task fails on purpose");
            });
            eventually("the place is free", () -> executor.running() == 0);
            assertThat(counter("kemudi_kernel_executor_failed")).isEqualTo(1);
            assertThat(counter("kemudi_kernel_executor_admitted")).isEqualTo(1);
            assertThat(executor.offer(() -> {})).isInstanceOf(Admitted.class);
        }
    }

    private double counter(String name) {
        return registry.scrape().stream()
                .filter(snapshot -> snapshot.getMetadata().getName().equals(name))
                .flatMap(snapshot -> ((CounterSnapshot) snapshot).getDataPoints().stream())
                .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
                .sum();
    }

    @Test
    void severalExecutorsShareOneRegistry() {
        try (BoundedExecutor first = executor(1, Map.of());
                BoundedExecutor second =
                        new BoundedExecutor("other", 1, Limits.defaults(), registry)) {
            assertThat(
                            registry.scrape().stream()
                                    .filter(snapshot ->
                                            snapshot.getMetadata()
                                                    .getName()
                                                    .equals("kemudi_kernel_executor_running"))
                                    .mapToLong(snapshot -> snapshot.getDataPoints().size())
                                    .sum())
                    .isEqualTo(2);
            assertThat(first.running() + second.running()).isZero();
        }
    }

    @Test
    void stressNoLimitIsEverBrokenAndEveryAdmittedTaskRunsOnce() throws Exception {
        Map<String, Integer> reserves = Map.of("a", 2, "b", 3);
        Map<String, AtomicInteger> inside = new ConcurrentHashMap<>();
        AtomicInteger worst = new AtomicInteger();
        AtomicInteger ran = new AtomicInteger();
        AtomicInteger admitted = new AtomicInteger();
        AtomicInteger broken = new AtomicInteger();
        try (BoundedExecutor executor = executor(8, reserves)) {
            List<Thread> callers = new ArrayList<>();
            for (int caller = 0; caller < 24; caller++) {
                String tenant = List.of("a", "b", "x", "y").get(caller % 4);
                Random random = new Random(caller);
                callers.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    for (int i = 0; i < 400; i++) {
                                        Runnable task =
                                                () -> {
                                                    int now =
                                                            inside.computeIfAbsent(
                                                                            tenant,
                                                                            any ->
                                                                                    new AtomicInteger())
                                                                    .incrementAndGet();
                                                    int others =
                                                            reserves.values().stream()
                                                                            .mapToInt(
                                                                                    Integer
                                                                                            ::intValue)
                                                                            .sum()
                                                                    - reserves.getOrDefault(
                                                                            tenant, 0);
                                                    broken.addAndGet(now > 8 - others ? 1 : 0);
                                                    worst.accumulateAndGet(
                                                            inside.values().stream()
                                                                    .mapToInt(AtomicInteger::get)
                                                                    .sum(),
                                                            Math::max);
                                                    Thread.yield();
                                                    ran.incrementAndGet();
                                                    inside.get(tenant).decrementAndGet();
                                                };
                                        Admission answer =
                                                random.nextBoolean()
                                                        ? executor.offer(tenant, task)
                                                        : wait(executor, tenant, task);
                                        admitted.addAndGet(answer instanceof Admitted ? 1 : 0);
                                    }
                                }));
            }
            for (Thread caller : callers) {
                caller.join();
            }
        }
        assertThat(broken).hasValue(0);
        assertThat(worst.get()).isBetween(2, 8);
        assertThat(ran).hasValue(admitted.get());
        assertThat(admitted.get()).isGreaterThan(2_000);
    }

    private static Admission wait(BoundedExecutor executor, String tenant, Runnable task) {
        try {
            return executor.submit(tenant, task, LONG_MILLIS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
