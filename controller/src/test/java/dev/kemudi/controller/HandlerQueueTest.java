package dev.kemudi.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.controller.Notification.Added;
import dev.kemudi.controller.Notification.Deleted;
import dev.kemudi.controller.Notification.Updated;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** DeltaFIFO's properties, kept by the queue of a handler that has fallen behind. */
class HandlerQueueTest {
    private static final ObjectKey A = new ObjectKey("ns", "a");
    private static final ObjectKey B = new ObjectKey("ns", "b");

    private final HandlerQueue queue = new HandlerQueue(2, 1_000);

    private static ApiObject object(String name, int value) {
        return ScriptedServer.widget(name, "u", "" + value, value);
    }

    private static Added add(ObjectKey key, int value) {
        return new Added(key, object(key.name(), value), false);
    }

    private static Updated update(ObjectKey key, int from, int to) {
        return new Updated(key, object(key.name(), from), object(key.name(), to));
    }

    private static Deleted delete(ObjectKey key, int value, boolean unknown) {
        return new Deleted(key, object(key.name(), value), unknown, object(key.name(), value));
    }

    private List<Notification> folded(Notification... notifications) throws InterruptedException {
        queue.offer(List.of(notifications));
        return queue.take();
    }

    @Test
    void aKeyIsQueuedOnceAndKeysLeaveInTheOrderTheyFirstCame() throws InterruptedException {
        assertThat(folded(update(A, 1, 2), update(B, 1, 2), update(A, 2, 3), update(B, 2, 3)))
                .containsExactly(update(A, 1, 3), update(B, 1, 3));
        assertThat(queue.foldings()).isEqualTo(1);
    }

    @Test
    void twoDeletionsOfOneKeyBecomeOneThatKeepsTheInformation() throws InterruptedException {
        assertThat(
                        folded(
                                delete(A, 1, true),
                                delete(A, 1, false),
                                delete(B, 1, false),
                                delete(B, 1, true)))
                .containsExactly(delete(A, 1, false), delete(B, 1, false));
    }

    @Test
    void whatCameAndWentUnheardStaysUnheard() throws InterruptedException {
        assertThat(folded(add(A, 1), add(B, 1), update(A, 1, 2), delete(A, 2, false)))
                .containsExactly(add(B, 1));
    }

    @Test
    void aDeletionOfWhatWasHeardIsNeverLost() throws InterruptedException {
        assertThat(folded(update(A, 1, 2), add(B, 1), delete(A, 2, false)))
                .containsExactly(new Deleted(A, object("a", 2), false, object("a", 1)), add(B, 1));
        assertThat(folded(delete(A, 2, false), add(B, 9), add(A, 5)))
                .containsExactly(update(A, 2, 5), add(B, 9));
    }

    /**
     * Whatever is folded, the handler ends with the true state and hears each object's states in
     * order.
     */
    @RepeatedTest(200)
    void aHandlerThatHearsFoldedEventsEndsWithTheTrueState(RepetitionInfo repetition)
            throws InterruptedException {
        Random random = new Random(repetition.getCurrentRepetition());
        HandlerQueue tested = new HandlerQueue(1 + random.nextInt(6), 1 + random.nextInt(4));
        Map<ObjectKey, Integer> truth = new HashMap<>();
        Map<ObjectKey, Integer> believed = new HashMap<>();
        int clock = 0;
        for (int step = 0; step < 200; step++) {
            ObjectKey key = new ObjectKey("ns", "k" + random.nextInt(5));
            Integer before = truth.get(key);
            clock++;
            if (before == null) {
                truth.put(key, clock);
                tested.offer(List.of(add(key, clock)));
            } else if (random.nextInt(3) == 0) {
                truth.remove(key);
                tested.offer(List.of(delete(key, before, false)));
            } else {
                truth.put(key, clock);
                tested.offer(List.of(update(key, before, clock)));
            }
            if (random.nextInt(8) == 0 && tested.pending() > 0) {
                hear(tested.take(), believed);
            }
            int known = new HashSet<>(keysOf(truth, believed)).size();
            assertThat(tested.pending()).isLessThanOrEqualTo(Math.max(6, known));
        }
        while (tested.pending() > 0) {
            hear(tested.take(), believed);
        }
        assertThat(believed).isEqualTo(truth);
    }

    private static List<ObjectKey> keysOf(
            Map<ObjectKey, Integer> truth, Map<ObjectKey, Integer> believed) {
        List<ObjectKey> keys = new ArrayList<>(truth.keySet());
        keys.addAll(believed.keySet());
        return keys;
    }

    private static void hear(List<Notification> batch, Map<ObjectKey, Integer> believed) {
        for (Notification notification : batch) {
            switch (notification) {
                case Added(ObjectKey key, ApiObject object, boolean initial) ->
                        assertThat(believed.put(key, value(object))).isNull();
                case Updated(ObjectKey key, ApiObject old, ApiObject now) -> {
                    assertThat(believed.put(key, value(now))).isEqualTo(value(old));
                    assertThat(value(now)).isGreaterThan(value(old));
                }
                case Deleted(ObjectKey key, ApiObject last, boolean unknown, ApiObject heard) ->
                        assertThat(believed.remove(key)).isEqualTo(value(heard));
                case Notification.InitialListEnd end ->
                        throw new AssertionError("no list was offered");
            }
        }
    }

    private static int value(ApiObject object) {
        return Integer.parseInt(object.text("/spec/value"));
    }
}
