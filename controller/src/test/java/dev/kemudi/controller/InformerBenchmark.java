package dev.kemudi.controller;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.ObjectList;
import dev.kemudi.api.Resource;
import dev.kemudi.api.WatchEvent;
import dev.kemudi.api.WatchOptions;
import dev.kemudi.api.WatchStream;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/**
 * A million events from a watch through queue, cache with two indexes, and one handler; prints
 * events per second. Run its main with the module's test class path; not part of the tests.
 */
final class InformerBenchmark {
    private static final int EVENTS = 1_000_000;
    private static final int OBJECTS = 10_000;

    private InformerBenchmark() {}

    public static void main(String[] arguments) throws InterruptedException {
        ApiObject[] states = new ApiObject[EVENTS];
        for (int i = 0; i < EVENTS; i++) {
            states[i] =
                    ScriptedServer.widget(
                            "w" + i % OBJECTS, "u" + i % OBJECTS, "v" + i % 7, i + 1L);
        }
        for (int round = 1; round <= 5; round++) {
            System.out.printf("round %d: %,d events/s%n", round, (long) (EVENTS / seconds(states)));
        }
    }

    private static double seconds(ApiObject[] states) throws InterruptedException {
        CountDownLatch heard = new CountDownLatch(1);
        String last = states[EVENTS - 1].resourceVersion();
        Informer informer =
                Informer.builder(client(states), ScriptedServer.WIDGETS)
                        .index("value", o -> List.of(o.text("/spec/value")))
                        .build();
        informer.addHandler(
                new EventHandler() {
                    @Override
                    public void onUpdate(ApiObject old, ApiObject now) {
                        if (now.resourceVersion().equals(last)) {
                            heard.countDown();
                        }
                    }
                });
        long began = System.nanoTime();
        informer.start();
        heard.await();
        double seconds = (System.nanoTime() - began) / 1e9;
        informer.close();
        return seconds;
    }

    /** Only list and watch are called; anything else is a mistake of the benchmark. */
    private static dev.kemudi.api.ApiClient client(ApiObject[] states) {
        return (dev.kemudi.api.ApiClient)
                Proxy.newProxyInstance(
                        InformerBenchmark.class.getClassLoader(),
                        new Class<?>[] {dev.kemudi.api.ApiClient.class},
                        (proxy, method, given) ->
                                switch (method.getName()) {
                                    case "list" ->
                                            list(
                                                    (Resource) given[0],
                                                    (String) given[1],
                                                    (ListOptions) given[2]);
                                    case "watch" -> watch((WatchOptions) given[2], states);
                                    default ->
                                            throw new UnsupportedOperationException(
                                                    method.getName());
                                });
    }

    private static ObjectList list(Resource resource, String namespace, ListOptions options) {
        return new ObjectList(List.of(), "0", "");
    }

    private static WatchStream watch(WatchOptions options, ApiObject[] states) {
        return new WatchStream() {
            private final CountDownLatch closed = new CountDownLatch(1);
            private int next;

            @Override
            public Optional<WatchEvent> next() throws InterruptedException {
                if (next == states.length) {
                    closed.await();
                    return Optional.empty();
                }
                return Optional.of(new WatchEvent.Modified(states[next++]));
            }

            @Override
            public void close() {
                closed.countDown();
            }
        };
    }
}
