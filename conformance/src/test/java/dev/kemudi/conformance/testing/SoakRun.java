package dev.kemudi.conformance.testing;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The program behind {@code soak.sh}: a mixed load for so many seconds on one server that runs
 * already. Compacts behind itself, so that what grows is a leak and not history.
 */
final class SoakRun {
    private static final int CLIENTS = 8;
    private static final long COMPACT_MILLIS = 2_000;

    private SoakRun() {}

    /** Arguments: port of the server at 127.0.0.1, seconds, seed. */
    public static void main(String[] arguments) throws InterruptedException {
        long seconds = Long.parseLong(arguments[1]);
        long seed = Long.parseLong(arguments[2]);
        Node.Setup setup = new Node.Setup("", Path.of("."), 1, false, "", "", "");
        Node node = Node.at(setup, Integer.parseInt(arguments[0]));
        AtomicBoolean stop = new AtomicBoolean();
        Map<Integer, Long> calls = new HashMap<>();
        List<Thread> threads = new ArrayList<>();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        long total = 0;
        for (int round = 0; System.nanoTime() < end; round++) {
            // A fresh history each round: this program must not leak what it looks for.
            History history = new History();
            stop.set(false);
            for (int i = 0; i < CLIENTS; i++) {
                Traffic client =
                        new Traffic(i, List.of(node), history, seed + round * 31L + i, stop, 2);
                threads.add(Thread.ofVirtual().start(client));
            }
            Watchers watchers = new Watchers(node, history, seed + round, stop);
            threads.add(Thread.ofVirtual().start(watchers));
            Pace.millis(COMPACT_MILLIS);
            stop.set(true);
            for (Thread thread : threads) {
                thread.join();
            }
            threads.clear();
            total += history.calls().size();
            calls.merge(round, (long) history.calls().size(), Long::sum);
            Faulty.compact(node, Faulty.revision(node) - 1, round % 2 == 0);
        }
        System.out.println("calls " + total + " in " + calls.size() + " rounds");
        node.channel().shutdownNow();
    }
}
