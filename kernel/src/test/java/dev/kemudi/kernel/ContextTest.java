package dev.kemudi.kernel;

import static dev.kemudi.kernel.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.Cancellation.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class ContextTest {
    private final SimulatedTime time = new SimulatedTime(0);
    private final Context root = Context.background(time);

    @Test
    void aChildEndsWithItsParentAndKnowsWhy() {
        Context parent = root.child();
        Context child = parent.child().withTimeout(1_000).child();
        IllegalStateException cause = new IllegalStateException("the client hung up");
        assertThat(parent.cancel("client gone", cause)).isTrue();
        assertThat(parent.cancel("again")).isFalse();
        assertThat(child.cancellation()).isEqualTo(parent.cancellation());
        assertThatThrownBy(child::checkActive)
                .isInstanceOf(CancelledException.class)
                .hasCause(cause);
    }

    @Test
    void aParentDoesNotEndWithItsChild() {
        Context parent = root.child();
        parent.child().cancel("child only");
        assertThat(parent.isActive()).isTrue();
    }

    @Test
    void theBackgroundNeverEnds() {
        assertThat(root.cancel("no")).isFalse();
        root.close();
        assertThat(root.isActive()).isTrue();
        assertThat(root.remainingMillis()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void aDeadlineIsTheSoonerOfOwnAndParents() {
        Context parent = root.withTimeout(100);
        assertThat(parent.withTimeout(1_000).remainingMillis()).isEqualTo(100);
        assertThat(parent.withTimeout(10).remainingMillis()).isEqualTo(10);
        assertThat(parent.child().remainingMillis()).isEqualTo(100);
        assertThat(parent.withTimeout(Long.MAX_VALUE).remainingMillis()).isEqualTo(100);
    }

    @Test
    void aPassedDeadlineIsSeenWithoutATimer() {
        Context context = root.withTimeout(100);
        time.advance(99);
        context.checkActive();
        time.advance(1);
        assertThat(context.remainingMillis()).isZero();
        assertThat(context.cancellation().orElseThrow().reason())
                .isEqualTo(Reason.DEADLINE_EXCEEDED);
    }

    @Test
    void aPassedDeadlineCallsWhoListensThoughNobodyAsks() throws Exception {
        Context context = root.withTimeout(100);
        AtomicReference<Cancellation> told = new AtomicReference<>();
        context.child().onCancel(told::set);
        time.awaitSleepers(1);
        time.advance(100);
        eventually("the listener is told", () -> told.get() != null);
        assertThat(Objects.requireNonNull(told.get()).reason()).isEqualTo(Reason.DEADLINE_EXCEEDED);
    }

    @Test
    void aCallbackRunsOnceAndNotAfterItWasRemoved() {
        Context context = root.child();
        List<String> told = new ArrayList<>();
        context.onCancel(why -> told.add("kept"));
        context.onCancel(why -> told.add("removed")).close();
        context.cancel("end");
        context.cancel("end");
        context.onCancel(why -> told.add("late"));
        assertThat(told).containsExactly("kept", "late");
    }

    @Test
    void aFailingCallbackDoesNotKeepOthersFromRunning() {
        Context context = root.child();
        AtomicInteger told = new AtomicInteger();
        context.onCancel(why -> {
            throw new IllegalStateException("a test's callback fails on purpose");
        });
        context.onCancel(why -> told.incrementAndGet());
        context.cancel("end");
        assertThat(told).hasValue(1);
    }

    @Test
    void finishedChildrenLeaveTheirParent() {
        Context parent = root.child();
        for (int i = 0; i < 1_000; i++) {
            try (Context child = parent.withTimeout(1_000)) {
                assertThat(child.isActive()).isTrue();
            }
        }
        assertThat(parent.listeners()).isZero();
    }

    @Test
    void aFinishedContextLeavesNoTimerThreadBehind() throws Exception {
        try (Context context = root.withTimeout(100)) {
            context.onCancel(why -> {});
            time.awaitSleepers(1);
        }
        eventually("the timer is gone", () -> time.sleepers() == 0);
    }

    @Test
    void listenersAreBounded() {
        Context parent = root.child();
        for (int i = 0; i < Limits.defaults().listenersMax(); i++) {
            parent.onCancel(why -> {});
        }
        assertThatThrownBy(parent::child)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("close those");
    }

    @Test
    void theCurrentContextIsTheOneThatWasBound() {
        assertThat(Context.current()).isSameAs(Context.background());
        Context outer = root.child();
        TraceContext trace = TraceContext.root(true);
        Context inner = outer.withTrace(trace);
        outer.run(() -> {
            assertThat(Context.current()).isSameAs(outer);
            assertThat(
                            inner.<TraceContext, RuntimeException>call(
                                    () -> Context.current().trace().orElseThrow()))
                    .isEqualTo(trace);
            assertThat(Context.current()).isSameAs(outer);
        });
        outer.cancel("shared");
        assertThat(inner.isActive()).isFalse();
    }

    @Test
    void stressEveryChildEndsAndEveryCallbackRunsOnceWhateverTheRace() throws Exception {
        Random random = new Random(5);
        for (int round = 0; round < 300; round++) {
            Context parent = root.child();
            AtomicInteger told = new AtomicInteger();
            AtomicInteger asked = new AtomicInteger();
            List<Context> children = new ArrayList<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                boolean cancels = t == random.nextInt(4);
                threads.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    for (int i = 0; i < 20; i++) {
                                        Context child = parent.child();
                                        child.onCancel(why -> told.incrementAndGet());
                                        asked.incrementAndGet();
                                        synchronized (children) {
                                            children.add(child);
                                        }
                                        if (cancels && i == 10) {
                                            parent.cancel("in the middle");
                                        }
                                        if (i % 3 == 0) {
                                            child.close();
                                        }
                                    }
                                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            parent.cancel("at the end");
            assertThat(children).allMatch(child -> !child.isActive());
            assertThat(told).hasValue(asked.get());
            assertThat(parent.listeners()).isZero();
        }
    }
}
