package dev.kemudi.controller;

import static dev.kemudi.controller.ScriptedServer.WIDGETS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectKey;
import dev.kemudi.api.Status;
import dev.kemudi.api.WatchEvent;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** Seeded storms of changes and faults; the repetition is the seed. */
class InformerStormTest {
    /** A handler that keeps its own copy and checks that no object's state ever goes back. */
    private static final class Copy implements EventHandler {
        private final Map<ObjectKey, ApiObject> objects = new HashMap<>();
        private String wrong = "";

        @Override
        public synchronized void onAdd(ApiObject object, boolean initial) {
            if (objects.put(object.key(), object) != null) {
                wrong = "added twice: " + object.key();
            }
        }

        @Override
        public synchronized void onUpdate(ApiObject old, ApiObject now) {
            ApiObject before = objects.put(now.key(), now);
            if (before != old) {
                wrong = "updated from a state that was not told: " + now.key();
            } else if (ResourceVersions.older(now.resourceVersion(), old.resourceVersion())) {
                wrong = "went back: " + now.key();
            }
        }

        @Override
        public synchronized void onDelete(ApiObject last, boolean stateUnknown) {
            if (objects.remove(last.key()) == null) {
                wrong = "deleted what was not told: " + last.key();
            }
        }

        synchronized Map<ObjectKey, ApiObject> objects() {
            return new HashMap<>(objects);
        }

        synchronized String wrong() {
            return wrong;
        }
    }

    @RepeatedTest(60)
    void whateverTheServerDoesTheCacheEndsTrueAndEveryHandlerWithIt(RepetitionInfo repetition)
            throws Exception {
        Random random = new Random(repetition.getCurrentRepetition());
        ScriptedServer server = new ScriptedServer();
        Limits limits = new Limits(4, 1 + random.nextInt(3), 2, 2, 10, 10, 10, 1_000_000);
        try (Informer informer =
                Informer.builder(server, WIDGETS)
                        .time(new FakeTime())
                        .limits(limits)
                        .random(random)
                        .watchList(random.nextBoolean())
                        .build()) {
            Copy early = new Copy();
            Registration first = informer.addHandler(early);
            informer.start();
            Copy late = new Copy();
            Registration second = first;
            for (int step = 0; step < 400; step++) {
                storm(server, random);
                if (step == 200) {
                    second = informer.addHandler(late);
                }
            }
            server.mute(false);
            server.dropStreams();
            String end = server.put("last", "1").resourceVersion();
            assertThat(informer.awaitRevision(end, Duration.ofSeconds(20))).isTrue();
            Registration lateOne = second;
            Eventually.eventually(
                    "all heard",
                    () ->
                            first.pending() + lateOne.pending() == 0
                                    && early.objects().equals(late.objects()));
            Map<ObjectKey, ApiObject> truth = new HashMap<>();
            server.list(WIDGETS, "", ListOptions.ALL).items().forEach(o -> truth.put(o.key(), o));
            Map<ObjectKey, ApiObject> cache = new HashMap<>();
            informer.list().forEach(o -> cache.put(o.key(), o));
            assertThat(cache).isEqualTo(truth);
            assertThat(early.objects()).isEqualTo(truth);
            assertThat(early.wrong()).isEmpty();
            assertThat(late.wrong()).isEmpty();
        }
    }

    private static void storm(ScriptedServer server, Random random) {
        String name = "w" + random.nextInt(6);
        switch (random.nextInt(24)) {
            case 0 -> server.dropStreams();
            case 1 -> server.compact();
            case 2 -> server.send(new WatchEvent.Failed(Status.expired("too old")));
            case 3 ->
                    server.send(new WatchEvent.Failed(Status.of(500, "InternalError", "stumbled")));
            case 4 -> server.repeatLast();
            case 5, 6, 7, 8 -> server.removeIfThere(name);
            default -> server.put(name, Integer.toString(random.nextInt(100)));
        }
    }
}
