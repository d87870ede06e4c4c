package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.apiserver.FairQueues.Admission;
import dev.kemudi.apiserver.FairQueues.Level;
import dev.kemudi.apiserver.FairQueues.Ticket;
import dev.kemudi.kernel.TimeSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Seats and queues by themselves, without any request. */
final class FairQueuesTest {
    private static final Limits LIMITS = Small.limits();

    private static FairQueues queues(Level... levels) {
        return new FairQueues(List.of(levels), TimeSource.system(), LIMITS);
    }

    private static Level level(String name, int seats, int lendable, int queues, int length) {
        return new Level(name, false, seats, lendable, 100, queues, 2, length);
    }

    private static Ticket admitted(FairQueues queues, String level, int width) {
        try {
            return switch (queues.enter(level, 1, width)) {
                case Admission.Admitted admitted -> admitted.ticket();
                case Admission.Refused refused -> throw new AssertionError(refused.why());
            };
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static String refused(FairQueues queues, String level, int width) {
        try {
            return switch (queues.enter(level, 1, width)) {
                case Admission.Admitted admitted -> throw new AssertionError("admitted");
                case Admission.Refused refused -> refused.why();
            };
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Enters on a thread of its own. */
    private static CompletableFuture<Admission> entering(
            FairQueues queues, String level, long flow, int width) {
        CompletableFuture<Admission> result = new CompletableFuture<>();
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        result.complete(queues.enter(level, flow, width));
                    } catch (InterruptedException e) {
                        result.completeExceptionally(e);
                    }
                });
        return result;
    }

    @Test
    void aFlowThatFloodsDoesNotComeBeforeAFlowThatAsksOnce() throws InterruptedException {
        FairQueues queues = queues(level("l", 1, 0, 64, 50));
        BlockingQueue<Long> order = new LinkedBlockingQueue<>();
        BlockingQueue<Ticket> held = new LinkedBlockingQueue<>();
        Ticket first = admitted(queues, "l", 1);
        for (int i = 0; i < 40; i++) {
            entering(queues, "l", 7, 1)
                    .thenAccept(a -> {
                        order.add(7L);
                        held.add(((Admission.Admitted) a).ticket());
                    });
        }
        Eventually.holds("the flood waits", () -> queues.waiting("l") == 40);
        entering(queues, "l", 8, 1)
                .thenAccept(a -> {
                    order.add(8L);
                    held.add(((Admission.Admitted) a).ticket());
                });
        Eventually.holds("the other waits", () -> queues.waiting("l") == 41);

        first.close();
        for (int i = 0; i < 40; i++) {
            held.take().close();
        }

        assertThat(new ArrayList<>(order).indexOf(8L)).isLessThanOrEqualTo(2);
        held.take().close();
        assertThat(queues.used()).isZero();
    }

    @Test
    void noMoreSeatsAreInUseThanThereAre() throws Exception {
        FairQueues queues = queues(level("a", 3, 1, 8, 1_000), level("b", 5, 5, 8, 1_000));
        List<CompletableFuture<Admission>> all = new ArrayList<>();
        ConcurrentHashMap<Integer, Boolean> seen = new ConcurrentHashMap<>();
        for (int i = 0; i < 400; i++) {
            CompletableFuture<Admission> one =
                    entering(queues, i % 2 == 0 ? "a" : "b", i % 9, 1 + i % 3);
            all.add(one);
            one.thenAccept(a -> {
                seen.put(queues.used(), true);
                ((Admission.Admitted) a).ticket().close();
            });
        }
        for (CompletableFuture<Admission> one : all) {
            assertThat(one.get(20, TimeUnit.SECONDS)).isInstanceOf(Admission.Admitted.class);
        }

        assertThat(seen.keySet()).allSatisfy(used -> assertThat(used).isLessThanOrEqualTo(8));
        Eventually.holds("all seats are free", () -> queues.used() == 0);
    }

    @Test
    void idleSeatsAreLentButNotTheLastOnes() {
        FairQueues queues = queues(level("lender", 4, 2, 0, 0), level("borrower", 4, 0, 0, 0));
        List<Ticket> borrowed = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            borrowed.add(admitted(queues, "borrower", 1));
        }

        assertThat(refused(queues, "borrower", 1)).isEqualTo("concurrency-limit");
        admitted(queues, "lender", 2);
        assertThat(refused(queues, "lender", 1)).isEqualTo("concurrency-limit");
        borrowed.getFirst().close();
        admitted(queues, "lender", 1);
    }

    @Test
    void aHeavyRequestTakesManySeatsAndIsNotOvertakenForever() throws Exception {
        FairQueues queues = queues(level("l", 4, 0, 1, 50));
        Ticket one = admitted(queues, "l", 1);
        Ticket two = admitted(queues, "l", 1);
        CompletableFuture<Admission> heavy = entering(queues, "l", 3, 4);
        Eventually.holds("it waits", () -> queues.waiting("l") == 1);
        CompletableFuture<Admission> light = entering(queues, "l", 3, 1);
        Eventually.holds("both wait", () -> queues.waiting("l") == 2);

        one.close();
        two.close();

        Admission got = heavy.get(20, TimeUnit.SECONDS);
        assertThat(queues.used()).isEqualTo(4);
        assertThat(light).isNotDone();
        ((Admission.Admitted) got).ticket().close();
        ((Admission.Admitted) light.get(20, TimeUnit.SECONDS)).ticket().close();
        Ticket all = admitted(queues, "l", 99); // heavier than the level is: all of it
        assertThat(queues.used()).isEqualTo(4);
        all.close();
    }

    @Test
    void aFullQueueAndALongWaitAreRefusals() {
        FairQueues queues =
                new FairQueues(
                        List.of(level("l", 1, 0, 1, 1)), TimeSource.system(), Small.impatient());
        Ticket held = admitted(queues, "l", 1);
        CompletableFuture<Admission> waiting = entering(queues, "l", 1, 1);
        Eventually.holds(
                "it waits or has given up", () -> queues.waiting("l") == 1 || waiting.isDone());

        Eventually.holds("it gives up", waiting::isDone);

        assertThat(waiting.join()).isEqualTo(new Admission.Refused("time-out"));
        assertThat(queues.waiting("l")).isZero();
        held.close();
        assertThat(queues.used()).isZero();
    }

    @Test
    void aQueueHoldsNoMoreThanItsLength() {
        FairQueues queues = queues(level("l", 1, 0, 1, 2));
        Ticket held = admitted(queues, "l", 1);
        CompletableFuture<Admission> first = entering(queues, "l", 1, 1);
        CompletableFuture<Admission> second = entering(queues, "l", 2, 1);
        Eventually.holds("two wait", () -> queues.waiting("l") == 2);

        assertThat(refused(queues, "l", 1)).isEqualTo("queue-full");

        held.close();
        CompletableFuture.anyOf(first, second).join();
        assertThat(queues.used()).isEqualTo(1);
    }

    @Test
    void exemptRequestsHaveALimitOfTheirOwn() {
        FairQueues queues = queues(new Level("exempt", true, 0, 0, 0, 0, 0, 0));
        List<Ticket> tickets = new ArrayList<>();
        for (int i = 0; i < LIMITS.exemptInFlightMax(); i++) {
            tickets.add(admitted(queues, "exempt", 1));
        }

        assertThat(refused(queues, "exempt", 1)).isEqualTo("concurrency-limit");
        tickets.getFirst().close();
        admitted(queues, "exempt", 1);
    }
}
