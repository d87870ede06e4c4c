package dev.kemudi.controller;

import static dev.kemudi.controller.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Statements 1–3, 7, 9–11 where the queue alone answers them. */
class EventQueueTest {
    private final EventQueue queue = new EventQueue(8, 1_000);

    private static Delta.Upsert upsert(String name, String value) {
        return new Delta.Upsert(ScriptedServer.widget(name, "u", value, 1));
    }

    @Test
    void everyEventIsDeliveredInArrivalOrderAcrossKeysAndNoneIsFolded()
            throws InterruptedException {
        List<Delta> sent =
                List.of(upsert("a", "1"), upsert("b", "1"), upsert("a", "2"), upsert("a", "3"));
        for (Delta delta : sent) {
            queue.put(delta);
        }
        List<Delta> got = new ArrayList<>();
        while (got.size() < sent.size()) {
            got.addAll(queue.take());
        }
        assertThat(got).isEqualTo(sent);
    }

    @Test
    void aBatchHoldsNoKeyTwiceAndNoMoreThanItsLimit() throws InterruptedException {
        EventQueue small = new EventQueue(8, 2);
        for (String name : List.of("a", "b", "c", "c")) {
            small.put(upsert(name, "1"));
        }
        assertThat(small.take()).hasSize(2);
        assertThat(small.take()).hasSize(1);
        assertThat(small.take()).hasSize(1);
    }

    @Test
    void aListIsOneAtomicEventAndTravelsAlone() throws InterruptedException {
        queue.put(upsert("a", "1"));
        queue.put(new Delta.ReplacedAll(List.<ApiObject>of(), "7"));
        queue.put(new Delta.Bookmark("8"));
        assertThat(queue.take()).containsExactly(upsert("a", "1"));
        assertThat(queue.take()).containsExactly(new Delta.ReplacedAll(List.of(), "7"));
        assertThat(queue.take()).containsExactly(new Delta.Bookmark("8"));
    }

    @Test
    void takingAfterCloseGivesWhatIsLeftAndThenTheEndAndCloseWakesAll()
            throws InterruptedException {
        queue.put(upsert("a", "1"));
        queue.close();
        assertThat(queue.take()).hasSize(1);
        assertThat(queue.take()).isEmpty();
        assertThat(queue.put(upsert("a", "2"))).isFalse();

        EventQueue waiting = new EventQueue(1, 1);
        AtomicBoolean ended = new AtomicBoolean();
        Thread taker =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                ended.set(waiting.take().isEmpty());
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        eventually("the taker waits", () -> taker.getState() == Thread.State.WAITING);
        waiting.close();
        taker.join();
        assertThat(ended).isTrue();
    }

    @Test
    void aReflectorThatReadsTooFarAheadWaits() throws InterruptedException {
        EventQueue one = new EventQueue(1, 1);
        one.put(upsert("a", "1"));
        Thread second =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                one.put(upsert("a", "2"));
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        eventually("the second waits", () -> second.getState() == Thread.State.WAITING);
        assertThat(one.size()).isEqualTo(1);
        one.take();
        second.join();
        assertThat(one.take()).containsExactly(upsert("a", "2"));
    }
}
