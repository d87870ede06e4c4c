package dev.kemudi.conformance;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The same load for any server of etcd's API; used by {@code conformance/compare-etcd.sh}.
 * Arguments: seconds per line, endpoints with commas, process ids with commas, then the lines to
 * run: puts, puts1, puts16, gets, range, count, txns, watch, watchShared, compaction, large (12 GB:
 * 6 million keys written twice, the older half compacted). Prints one line each: name, rate per
 * second, p50, p99 and longest in milliseconds, CPU of all processes in microseconds per call,
 * seconds, and seconds until compaction was answered.
 */
final class EtcdLoad {
    static final int KEYS = 10_000;
    private static final int MANY = 100_000;
    private static final int CONNECTIONS = 8;
    private static final int CLIENTS = 256;
    private static final int SOME_CLIENTS = 16;
    private static final int WATCHERS = 1_000;
    private static final int BATCHES_PER_MILLION = 10_000;
    private static final double FILL_SECONDS_MAX = 1_800;
    private static final double QUICK_SECONDS = 3;
    private static final long LARGE_BATCHES = 120_000;
    private static final int LARGE_KEYS = 6_000_000;
    private static final int LARGE_VALUE_BYTES = 1_024;

    private final List<String> endpoints;
    private final List<Long> servers;
    private final double seconds;
    private final LoadKinds kinds = new LoadKinds();
    private boolean filled;

    private EtcdLoad(double seconds, List<String> endpoints, List<Long> servers) {
        this.seconds = seconds;
        this.endpoints = endpoints;
        this.servers = servers;
    }

    public static void main(String[] arguments) throws IOException {
        List<String> endpoints = List.of(arguments[1].split(","));
        List<Long> servers = Arrays.stream(arguments[2].split(",")).map(Long::valueOf).toList();
        EtcdLoad load = new EtcdLoad(Double.parseDouble(arguments[0]), endpoints, servers);
        load.warmUp();
        for (String line : Arrays.copyOfRange(arguments, 3, arguments.length)) {
            load.line(line);
        }
    }

    /**
     * Compilers need to have seen the work, and page caches the files; the same for every server.
     */
    private void warmUp() throws IOException {
        try (LoadLoop loop = loop(CONNECTIONS)) {
            loop.warm(CLIENTS, kinds.puts("p/", KEYS), seconds);
        }
    }

    private LoadLoop loop(int connections) throws IOException {
        return new LoadLoop(endpoints, connections, servers);
    }

    private void line(String line) throws IOException {
        switch (line) {
            case "puts" -> closed(line, CLIENTS, kinds.puts("p/", KEYS));
            case "puts16" -> closed(line, SOME_CLIENTS, kinds.puts("p/", KEYS));
            case "puts1" -> closed(line, 1, kinds.puts("p/", KEYS));
            case "gets" -> {
                fill();
                closed(line, CLIENTS, kinds.gets("r/", MANY));
            }
            case "range" -> {
                fill();
                closed(line, SOME_CLIENTS, kinds.range("r/", MANY, false));
            }
            case "count" -> {
                fill();
                closed(line, SOME_CLIENTS, kinds.range("r/", MANY, true));
            }
            case "txns" -> closed(line, CLIENTS, kinds.updates("k/", CLIENTS));
            case "watch" -> watch(line, WATCHERS);
            case "watchShared" -> watch(line, CONNECTIONS);
            case "compaction" -> {
                long of = seconds < QUICK_SECONDS ? BATCHES_PER_MILLION / 10 : BATCHES_PER_MILLION;
                batches(of, kinds.fill("c/", 2 * KEYS, LoadKinds.VALUE_BYTES));
                compaction();
            }
            case "large" -> {
                batches(LARGE_BATCHES, kinds.fill("l/", LARGE_KEYS, LARGE_VALUE_BYTES));
                compaction();
            }
            default -> throw new IllegalArgumentException("no such line: " + line);
        }
    }

    private void closed(String name, int workers, LoadLoop.Workload load) throws IOException {
        try (LoadLoop loop = loop(Math.min(workers, CONNECTIONS))) {
            loop.warm(workers, load, seconds);
            print(name, loop.closed(workers, load, seconds), "");
        }
    }

    private static void print(String name, LoadLoop.Measured m, String extra) {
        System.out.printf(
                Locale.ROOT,
                "%s %.0f %.3f %.3f %.3f %.3f %.1f %s%n",
                name,
                m.perSecond(),
                m.p50(),
                m.p99(),
                m.max(),
                m.microsPerCall(),
                m.seconds(),
                extra);
    }

    /** 100,000 keys of 256 bytes, once. */
    private void fill() throws IOException {
        if (!filled) {
            filled = true;
            batches(MANY / LoadKinds.BATCH, kinds.fill("r/", MANY, LoadKinds.VALUE_BYTES));
        }
    }

    private void batches(long count, LoadLoop.Workload load) throws IOException {
        long[] asked = {0};
        LoadLoop.Workload counted =
                new LoadLoop.Workload() {
                    @Override
                    public String path() {
                        return load.path();
                    }

                    @Override
                    public void request(LoadMessage out, int worker) {
                        asked[0]++;
                        load.request(out, worker);
                    }

                    @Override
                    public boolean answer(byte[] bytes, int from, int size, int worker) {
                        return load.answer(bytes, from, size, worker);
                    }
                };
        try (LoadLoop loop = loop(CONNECTIONS)) {
            loop.run(SOME_CLIENTS, counted, FILL_SECONDS_MAX, () -> asked[0] >= count);
        }
        if (asked[0] < count) {
            throw new IOException(
                    "%d of %d batches in %.0f s: what would be measured is not what it says"
                            .formatted(asked[0], count, FILL_SECONDS_MAX));
        }
    }

    /**
     * Everyone sees everything: so many puts are under way as long as not all watchers have the
     * oldest of them.
     */
    private void watch(String name, int streams) throws IOException {
        try (LoadLoop loop = loop(CONNECTIONS)) {
            LoadWatchers watchers = new LoadWatchers(loop, kinds, WATCHERS, streams);
            watchers.open();
            watchers.warm(seconds);
            loop.begin();
            long before = watchers.events();
            watchers.run(seconds);
            LoadLoop.Measured measured = loop.end();
            watchers.check();
            print(name, measured.counting(watchers.events() - before), "");
        }
    }

    private void compaction() throws IOException {
        LoadLoop.Workload puts = kinds.puts("p/", KEYS);
        try (LoadLoop loop = loop(CONNECTIONS)) {
            loop.run(SOME_CLIENTS, puts, seconds / 2);
            LoadLoop.Measured before = loop.closed(SOME_CLIENTS, puts, seconds);
            long[] revision = {0};
            List<Double> took = new ArrayList<>();
            LoadConnection first = loop.connections.getFirst();
            LoadMessage key = new LoadMessage().bytes(1, LoadKinds.key("p/", 0));
            first.call("/etcdserverpb.KV/Range", key, true, new Answered(revision, took));
            loop.until(() -> !took.isEmpty(), FILL_SECONDS_MAX);
            took.clear();
            LoadMessage compact = new LoadMessage().number(1, revision[0]).number(2, 1);
            loop.begin();
            first.call("/etcdserverpb.KV/Compact", compact, true, new Answered(revision, took));
            // At least as long as before, and until the space is reclaimed: that is what may
            // disturb.
            loop.run(SOME_CLIENTS, puts, seconds);
            while (took.isEmpty()) {
                loop.run(SOME_CLIENTS, puts, 1);
            }
            LoadLoop.Measured during = loop.end();
            print("compactionBefore", before, "");
            print("compactionDuring", during, String.format(Locale.ROOT, "%.1f", took.getFirst()));
        }
    }

    /** Keeps the revision of the answer and how long it took. */
    private static final class Answered implements LoadConnection.Call {
        private final long began = System.nanoTime();
        private final long[] revision;
        private final List<Double> took;

        Answered(long[] revision, List<Double> took) {
            this.revision = revision;
            this.took = took;
        }

        @Override
        public void message(byte[] bytes, int from, int size) {
            revision[0] = LoadMessage.revision(bytes, from, size);
        }

        @Override
        public void closed(boolean succeeded, String trailers) {
            if (!succeeded) {
                throw new IllegalStateException("refused: " + trailers);
            }
            took.add((System.nanoTime() - began) / 1e9);
        }
    }
}
