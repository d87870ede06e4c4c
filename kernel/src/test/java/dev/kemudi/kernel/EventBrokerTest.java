package dev.kemudi.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.EventBroker.Item;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventBrokerTest {
    private static final Limits SMALL = new Limits(4, 2, 1, 1, 1, 1, 1);

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final EventBroker<String> broker = new EventBroker<>("test", SMALL, registry);

    @AfterEach
    void close() {
        broker.close();
    }

    @Test
    void eventsArriveNumberedAndInOrder() throws Exception {
        broker.publish("before");
        try (Subscription<String> subscription = broker.subscribe()) {
            assertThat(subscription.startSequence()).isEqualTo(1);
            assertThat(broker.publish("a")).isEqualTo(2);
            broker.publish("b");
            assertThat(subscription.take()).isEqualTo(new Item.Event<>(2, "a"));
            assertThat(subscription.take()).isEqualTo(new Item.Event<>(3, "b"));
            assertThat(subscription.poll(1)).isEqualTo(Optional.empty());
        }
    }

    @Test
    void aSubscriberThatFallsBehindIsToldToResyncFromTheNextEventItSees() throws Exception {
        try (Subscription<String> slow = broker.subscribe();
                Subscription<String> quick = broker.subscribe()) {
            for (int i = 1; i <= 6; i++) {
                broker.publish("e" + i);
                assertThat(quick.take()).isEqualTo(new Item.Event<>(i, "e" + i));
            }
            assertThat(slow.take()).isEqualTo(new Item.Resync<String>(5));
            assertThat(slow.take()).isEqualTo(new Item.Event<>(5, "e5"));
            assertThat(slow.take()).isEqualTo(new Item.Event<>(6, "e6"));
            assertThat(slow.poll(1)).isEmpty();
        }
    }

    @Test
    void fallingBehindAgainBeforeReadingMovesTheResyncOn() throws Exception {
        try (Subscription<String> slow = broker.subscribe()) {
            for (int i = 1; i <= 100; i++) {
                broker.publish("e" + i);
            }
            Item.Resync<String> resync = (Item.Resync<String>) slow.take();
            for (long next = resync.fromSequence(); next <= 100; next++) {
                assertThat(slow.take()).isEqualTo(new Item.Event<>(next, "e" + next));
            }
        }
    }

    @Test
    void aClosedBrokerLetsItsReadersFinish() throws Exception {
        Subscription<String> subscription = broker.subscribe();
        broker.publish("last");
        broker.close();
        assertThat(subscription.take()).isEqualTo(new Item.Event<>(1, "last"));
        assertThat(subscription.take()).isInstanceOf(Item.Ended.class);
        assertThat(subscription.take()).isInstanceOf(Item.Ended.class);
        assertThat(broker.subscribe().take()).isInstanceOf(Item.Ended.class);
        assertThat(registry.scrape().size()).isZero();
    }

    @Test
    void aClosedSubscriptionWakesItsReaderAndLeaves() throws Exception {
        Subscription<String> subscription = broker.subscribe();
        List<Item<String>> read = new CopyOnWriteArrayList<>();
        Thread reader =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                read.add(subscription.take());
                            } catch (InterruptedException e) {
                                throw new IllegalStateException(e);
                            }
                        });
        subscription.close();
        reader.join();
        assertThat(read).singleElement().isInstanceOf(Item.Ended.class);
        assertThat(broker.subscribers()).isZero();
    }

    @Test
    void subscribersAreBounded() {
        broker.subscribe();
        broker.subscribe();
        assertThatThrownBy(broker::subscribe)
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageContaining("2 subscribers");
    }

    @Test
    void stressEveryGapIsAnnouncedAndNothingIsSeenTwice() throws Exception {
        try (EventBroker<Long> busy =
                new EventBroker<>(
                        "busy", new Limits(16, 8, 1, 1, 1, 1, 1), new PrometheusRegistry())) {
            int events = 20_000;
            List<Thread> readers = new ArrayList<>();
            List<String> wrong = new CopyOnWriteArrayList<>();
            for (int i = 0; i < 4; i++) {
                Subscription<Long> subscription = busy.subscribe();
                Random random = new Random(i);
                boolean slow = i % 2 == 0;
                readers.add(
                        Thread.ofVirtual()
                                .start(() -> read(subscription, events, slow, random, wrong)));
            }
            List<Thread> publishers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                publishers.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    for (int n = 0; n < events / 2; n++) {
                                        busy.publish(1L);
                                        if (n % 64 == 0) {
                                            Thread.yield();
                                        }
                                    }
                                }));
            }
            for (Thread publisher : publishers) {
                publisher.join();
            }
            for (Thread reader : readers) {
                reader.join();
            }
            assertThat(wrong).isEmpty();
        }
    }

    private static void read(
            Subscription<Long> subscription,
            long last,
            boolean slow,
            Random random,
            List<String> wrong) {
        long expected = 1;
        try {
            while (expected <= last) {
                switch (subscription.take()) {
                    case Item.Event<Long>(long sequence, Long _) -> {
                        if (sequence != expected) {
                            wrong.add("event %d instead of %d".formatted(sequence, expected));
                        }
                        expected = sequence + 1;
                    }
                    case Item.Resync<Long>(long from) -> {
                        if (from <= expected) {
                            wrong.add(
                                    "resync from %d though %d was next".formatted(from, expected));
                        }
                        expected = from;
                    }
                    case Item.Ended<Long>() -> wrong.add("ended");
                }
                if (slow && random.nextInt(50) == 0) {
                    Thread.yield();
                }
            }
        } catch (InterruptedException e) {
            wrong.add("interrupted");
        }
    }
}
