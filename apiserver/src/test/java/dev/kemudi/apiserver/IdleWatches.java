package dev.kemudi.apiserver;

import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Measures what idle watches cost: {@code main DIRECTORY serve} prints heap after each line it is
 * sent, {@code main DIRECTORY PORT COUNT} opens watches from another process. Not a test: it takes
 * a minute.
 */
final class IdleWatches {
    private static final int PER_CONNECTION = 100;

    private IdleWatches() {}

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        if (args[1].equals("serve")) {
            serve(directory);
        } else {
            open(directory.resolve("pki"), Integer.parseInt(args[1]), Integer.parseInt(args[2]));
        }
    }

    private static long heap() {
        System.gc();
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private static void serve(Path directory) throws Exception {
        try (RunningServer running =
                new RunningServer(directory.resolve("pki"), Limits.defaults(), 0)) {
            running.server
                    .client("warm")
                    .list(Resource.CONFIG_MAPS, "default", dev.kemudi.api.ListOptions.ALL);
            System.out.println("port " + running.server.port());
            long before = heap();
            while (System.in.read() >= 0) {
                int open = running.openWatches();
                long grown = heap() - before;
                System.out.println(
                        open
                                + " watches, heap grown by "
                                + grown / 1024
                                + " KiB"
                                + (open == 0 ? "" : ", " + grown / open + " bytes a watch"));
                if (open > 0) {
                    running.server
                            .client("shout")
                            .create(
                                    Resource.CONFIG_MAPS,
                                    ApiObject.named(
                                            Resource.CONFIG_MAPS,
                                            "default",
                                            "shout-" + System.nanoTime()));
                }
            }
        }
    }

    private static void open(Path pki, int port, int count) throws Exception {
        List<Https> clients = new ArrayList<>();
        AtomicInteger open = new AtomicInteger();
        AtomicInteger heard = new AtomicInteger();
        long[] first = {0};
        CountDownLatch all = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            if (i % PER_CONNECTION == 0) {
                clients.add(
                        new Https(
                                pki,
                                port,
                                HttpClient.Version.HTTP_2,
                                Optional.of(Https.token(pki))));
                clients.getLast().get("/version");
            }
            Https client = clients.getLast();
            Thread.ofVirtual()
                    .start(() -> {
                        try (InputStream in =
                                client.stream(
                                        "/api/v1/namespaces/default/configmaps?watch=true"
                                                + "&labelSelector=!none")) {
                            open.incrementAndGet();
                            all.countDown();
                            while (in.read() >= 0) {
                                if (in.available() == 0) {
                                    synchronized (first) {
                                        first[0] = first[0] == 0 ? System.nanoTime() : first[0];
                                    }
                                    heard.incrementAndGet();
                                }
                            }
                        } catch (java.io.IOException e) {
                            open.decrementAndGet();
                        }
                    });
        }
        all.await();
        System.out.println(open.get() + " open");
        while (System.in.read() >= 0) {
            System.out.println(open.get() + " open, " + heard.get() + " heard");
        }
    }
}
