package dev.kemudi.store;

import com.sun.management.OperatingSystemMXBean;
import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the embedded store costs, by part; run by hand: {@code StoreBenchmark DIRECTORY
 * put|range|compact|watch|large|half|open [number]}. CPU is that of the whole process unless a
 * thread is named.
 */
public final class StoreBenchmark {
    private static final PrintStream OUT = System.out;
    private static final int VALUE_BYTES = 256;
    private static final int AT_ONCE = 256;

    private final Path directory;
    private final Store store;
    private final byte[] noise = new byte[1 << 20];

    private StoreBenchmark(Path directory) throws IOException {
        this.directory = directory;
        long began = System.nanoTime();
        store =
                KemudiStore.open(
                        directory,
                        Limits.defaults(),
                        TimeSource.system(),
                        new PrometheusRegistry());
        say("open %.0f ms, revision %d", millisSince(began), store.revision());
        new Random(1).nextBytes(noise);
    }

    public static void main(String[] args) throws Exception {
        StoreBenchmark benchmark = new StoreBenchmark(Path.of(args[0]));
        int number = args.length > 2 ? Integer.parseInt(args[2]) : 0;
        try {
            switch (args[1]) {
                case "put" -> benchmark.put(number == 0 ? 5 : number);
                case "range" -> benchmark.range(number == 0 ? 100_000 : number);
                case "compact" -> benchmark.compact(number == 0 ? 1_000_000 : number);
                case "watch" -> benchmark.watch(number == 0 ? 1_000 : number);
                case "large" -> benchmark.large(number == 0 ? 12_000_000 : number);
                case "half" -> benchmark.half();
                case "open" -> {}
                default -> throw new IllegalArgumentException("no such part: " + args[1]);
            }
        } finally {
            long began = System.nanoTime();
            benchmark.store.close();
            say("close %.0f ms", millisSince(began));
        }
    }

    private static void say(String format, Object... values) {
        OUT.println(String.format(Locale.ROOT, format, values));
    }

    private static double millisSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e6;
    }

    private static Bytes key(long number) {
        return Bytes.utf8(String.format(Locale.ROOT, "/registry/things/%012d", number));
    }

    /** Half of it compresses. */
    private Bytes value(int bytes) {
        byte[] value = new byte[bytes];
        int from = ThreadLocalRandom.current().nextInt(noise.length - bytes);
        System.arraycopy(noise, from, value, 0, bytes / 2);
        return Bytes.of(value);
    }

    /** Puts from one thread, so many under way at once. */
    private final class Load {
        private final Semaphore room = new Semaphore(AT_ONCE);
        private final AtomicLong failed = new AtomicLong();
        private long[] nanos = new long[1 << 16];
        private int count;
        private final int valueBytes;

        Load(int valueBytes) {
            this.valueBytes = valueBytes;
        }

        void one(Bytes key) {
            room.acquireUninterruptibly();
            long began = System.nanoTime();
            store.put(Op.Put.of(key, value(valueBytes)))
                    .whenComplete((answer, failure) -> {
                        took(System.nanoTime() - began);
                        if (!(answer instanceof Answer.Put)) {
                            failed.incrementAndGet();
                        }
                        room.release();
                    });
        }

        private synchronized void took(long time) {
            if (count == nanos.length) {
                nanos = Arrays.copyOf(nanos, count * 2);
            }
            nanos[count++] = time;
        }

        void drain() {
            room.acquireUninterruptibly(AT_ONCE);
            room.release(AT_ONCE);
            if (failed.get() > 0) {
                throw new IllegalStateException(failed + " puts failed");
            }
        }

        /** p50, p99 and max in milliseconds of what came since it was last asked. */
        synchronized String times() {
            long[] sorted = Arrays.copyOf(nanos, count);
            Arrays.sort(sorted);
            String line =
                    count == 0
                            ? "none"
                            : String.format(
                                    Locale.ROOT,
                                    "n %d, ms p50 %.2f p99 %.2f max %.2f",
                                    count,
                                    sorted[count / 2] / 1e6,
                                    sorted[(int) (count * 0.99)] / 1e6,
                                    sorted[count - 1] / 1e6);
            count = 0;
            return line;
        }
    }

    /** CPU seconds spent between two looks. */
    private static final class Cpu {
        private final OperatingSystemMXBean system =
                (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        private long process = system.getProcessCpuTime();
        private Map<String, Long> byThread = threadTimes();

        /** RocksDB's threads and the collector's too: that is why not the beans. */
        private static Map<String, Long> threadTimes() {
            Map<String, Long> times = new TreeMap<>();
            try (DirectoryStream<Path> tasks =
                    Files.newDirectoryStream(Path.of("/proc/self/task"))) {
                for (Path task : tasks) {
                    String name = Files.readString(task.resolve("comm")).strip();
                    String[] spent = Files.readString(task.resolve("schedstat")).split(" ");
                    times.merge(
                            name.replaceAll("[-#0-9]+$", ""), Long.parseLong(spent[0]), Long::sum);
                }
                return times;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Microseconds for each of {@code operations}, and of which threads. */
        String each(long operations) {
            long now = system.getProcessCpuTime();
            Map<String, Long> current = threadTimes();
            StringBuilder line =
                    new StringBuilder(
                            String.format(
                                    Locale.ROOT,
                                    "CPU us each %.2f:",
                                    (now - process) / 1e3 / operations));
            current.forEach((name, time) -> {
                double micros = (time - byThread.getOrDefault(name, 0L)) / 1e3 / operations;
                if (micros >= 0.05) {
                    line.append(String.format(Locale.ROOT, " %s %.2f", name, micros));
                }
            });
            process = now;
            byThread = current;
            return line.toString();
        }
    }

    private static String resident() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("VmRSS"))
                .findFirst()
                .orElse("")
                .replaceAll("\\s+", " ");
    }

    private void put(int seconds) throws IOException {
        Load load = new Load(VALUE_BYTES);
        Random random = new Random(2);
        for (int round = 0; round < 3; round++) {
            Cpu cpu = new Cpu();
            long began = System.nanoTime();
            long count = 0;
            while (millisSince(began) < seconds * 1e3) {
                load.one(key(random.nextInt(10_000)));
                count++;
            }
            load.drain();
            say(
                    "put c=%d: %.0f/s, %s; %s; %s",
                    AT_ONCE,
                    count / (millisSince(began) / 1e3),
                    load.times(),
                    cpu.each(count),
                    resident());
        }
    }

    private void fill(long keys, int valueBytes) {
        Load load = new Load(valueBytes);
        long began = System.nanoTime();
        for (long i = 0; i < keys; i++) {
            load.one(key(i * 7_919 % keys));
        }
        load.drain();
        say("fill %d: %.0f/s, %s", keys, keys / (millisSince(began) / 1e3), load.times());
    }

    private void range(int keys) {
        fill(keys, VALUE_BYTES);
        KeyRange all = KeyRange.prefix(Bytes.utf8("/registry/"));
        Random random = new Random(3);
        for (int round = 0; round < 2; round++) {
            time("range limit=100", 2, new Op.Range(all, 0, 100, false, false));
            time("range limit=100 keysOnly", 2, new Op.Range(all, 0, 100, true, false));
            time("countOnly", 2, new Op.Range(all, 0, 0, false, true));
            long old = store.revision() - 1_000;
            time("countOnly 1,000 revisions ago", 2, new Op.Range(all, old, 0, false, true));
            time("range limit=10000", 2, new Op.Range(all, 0, 10_000, false, false));
            KeyRange from = new KeyRange(key(random.nextInt(keys / 2)), all.end());
            time("range limit=500 from the middle", 2, new Op.Range(from, 0, 500, false, false));
            KeyRange one = KeyRange.single(key(random.nextInt(keys)));
            time("get", 2, Op.Range.of(one));
        }
    }

    private void time(String what, int seconds, Op.Range op) {
        Cpu cpu = new Cpu();
        long began = System.nanoTime();
        long count = 0;
        while (millisSince(began) < seconds * 1e3) {
            if (!(store.range(op) instanceof Answer.Ranged)) {
                throw new IllegalStateException("refused: " + op);
            }
            count++;
        }
        say("%s: %.0f/s; %s", what, count / (millisSince(began) / 1e3), cpu.each(count));
    }

    /** One writer per millisecond, roughly; times before and while a compaction reclaims. */
    private void compact(int revisions) throws IOException {
        Load fill = new Load(VALUE_BYTES);
        long began = System.nanoTime();
        for (int i = 0; i < revisions; i++) {
            fill.one(key(i % 50_000));
        }
        fill.drain();
        say("fill %d revisions: %.0f/s", revisions, revisions / (millisSince(began) / 1e3));
        say("settling: %s", steady(60_000, () -> true));
        say("before: %s; bytes %s", steady(60_000, () -> true), store.stats());
        long compacted = store.revision();
        began = System.nanoTime();
        java.util.concurrent.CompletableFuture<Answer> done = store.compact(compacted, true);
        say("during: %s", steady(Long.MAX_VALUE, () -> !done.isDone()));
        say("compaction took %.0f ms; bytes %s", millisSince(began), store.stats());
        say("after: %s; %s", steady(10_000, () -> true), resident());
        began = System.nanoTime();
        store.defragment().join();
        say("defragment %.0f ms; bytes %s", millisSince(began), store.stats());
    }

    /** Sixteen at once, one after the other each. */
    private String steady(long puts, java.util.function.BooleanSupplier on) {
        Load load = new Load(VALUE_BYTES);
        Semaphore few = new Semaphore(16);
        Random random = new Random(5);
        for (long i = 0; i < puts && on.getAsBoolean(); i++) {
            few.acquireUninterruptibly();
            long began = System.nanoTime();
            store.put(Op.Put.of(key(random.nextInt(50_000)), value(VALUE_BYTES)))
                    .whenComplete((answer, failure) -> {
                        load.took(System.nanoTime() - began);
                        few.release();
                    });
        }
        few.acquireUninterruptibly(16);
        return load.times();
    }

    /** Many listeners on one prefix. */
    private void watch(int watchers) {
        // Even rounds on a thread of their own, odd ones on the hub's.
        AtomicBoolean offered = new AtomicBoolean();
        AtomicLong seen = new AtomicLong();
        AtomicLong calls = new AtomicLong();
        Watcher.Listener listener =
                new Watcher.Listener() {
                    @Override
                    public boolean offer(EventBatch batch) {
                        if (offered.get()) {
                            events(batch.events(), batch.revision());
                        }
                        return offered.get();
                    }

                    @Override
                    public void events(List<Watcher.Event> events, long revision) {
                        seen.addAndGet(events.size());
                        calls.incrementAndGet();
                    }

                    @Override
                    public void progress(long revision) {}

                    @Override
                    public void ended(long compactRevision) {
                        if (compactRevision > 0) {
                            throw new IllegalStateException("ended at " + compactRevision);
                        }
                    }
                };
        KeyRange all = KeyRange.prefix(Bytes.utf8("/registry/"));
        for (int i = 0; i < watchers; i++) {
            store.watch(all, 0, false, listener);
        }
        for (int round = 0; round < 4; round++) {
            offered.set(round % 2 == 1);
            paced(watchers, seen, calls, 1_000, 5);
            paced(watchers, seen, calls, 5_000, 3);
        }
    }

    private void paced(int watchers, AtomicLong seen, AtomicLong calls, int rate, int seconds) {
        Cpu cpu = new Cpu();
        long seenBefore = seen.get();
        long callsBefore = calls.get();
        long began = System.nanoTime();
        Load load = new Load(VALUE_BYTES);
        long puts = 0;
        for (; puts < (long) rate * seconds; puts++) {
            while (millisSince(began) < puts * 1e3 / rate) {
                java.util.concurrent.locks.LockSupport.parkNanos(200_000);
            }
            load.one(key(puts % 1_000));
        }
        load.drain();
        while (seen.get() - seenBefore < puts * watchers) {
            java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
        }
        double took = millisSince(began) / 1e3;
        long events = seen.get() - seenBefore;
        say(
                "%d watchers, %d puts/s asked: %.0f puts/s, %.0f events/s, %.1f events a call; puts %s;"
                        + " %s",
                watchers,
                rate,
                puts / took,
                events / took,
                (double) events / (calls.get() - callsBefore),
                load.times(),
                cpu.each(events));
    }

    /** More than etcd takes: 1 KiB values, half of them superseded, then compacted. */
    private void large(int revisions) throws IOException {
        int keys = revisions / 2;
        Load load = new Load(1_024);
        long began = System.nanoTime();
        for (long i = 0; i < revisions; i++) {
            load.one(key(i * 7_919 % keys));
            if (i % (revisions / 6) == 0) {
                say("%d: %s; %s", i, load.times(), resident());
            }
        }
        load.drain();
        say("%d in %.0f ms; %s; %s", revisions, millisSince(began), store.stats(), resident());
        half();
    }

    /** Compacts the older half of what is there, beside writes. */
    private void half() throws IOException {
        say("before: %s", steady(20_000, () -> true));
        long half = (store.revision() + store.compactedRevision()) / 2;
        long began = System.nanoTime();
        java.util.concurrent.CompletableFuture<Answer> done = store.compact(half, true);
        say("during: %s", steady(Long.MAX_VALUE, () -> !done.isDone()));
        say("compaction took %.0f ms; %s", millisSince(began), store.stats());
        say("after: %s; %s; %s", steady(20_000, () -> true), resident(), directory);
    }
}
