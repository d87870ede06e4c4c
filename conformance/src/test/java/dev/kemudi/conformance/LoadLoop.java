package dev.kemudi.conformance;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Connections, one thread, and what is measured while they work. */
final class LoadLoop implements AutoCloseable {
    private static final int BUCKET_SHIFT = 12;
    private static final int BUCKETS = 1 << 21;
    private static final long TICK_MICROS = 10_000;
    private static final long WAIT_MILLIS = 5;
    private static final double WARM_MAX = 4;
    private static final double CHEAPER = 0.93;
    private static final int WARM_WINDOWS = 4;
    private static final int STEADY = 2;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double NANOS_PER_MILLI = 1e6;

    /** One kind of request: how it is made and what a good answer is. */
    interface Workload {
        String path();

        void request(LoadMessage out, int worker);

        /** False: that is not the answer that was expected. */
        boolean answer(byte[] bytes, int from, int size, int worker);
    }

    /** What was measured between two moments; latencies in milliseconds. */
    record Measured(
            long calls, double seconds, double p50, double p99, double max, long cpuMicros) {
        double microsPerCall() {
            return calls == 0 ? 0 : (double) cpuMicros / calls;
        }

        double perSecond() {
            return calls / seconds;
        }

        Measured counting(long things) {
            return new Measured(things, seconds, p50, p99, max, cpuMicros);
        }
    }

    final Selector selector;
    final List<LoadConnection> connections = new ArrayList<>();
    private final List<Long> servers;
    private final int[] buckets = new int[BUCKETS];
    private long calls;
    private long longest;
    private long began;
    private long cpuBefore;
    private long stopAt;

    LoadLoop(List<String> endpoints, int count, List<Long> servers) throws IOException {
        this.selector = Selector.open();
        this.servers = servers;
        for (int i = 0; i < count; i++) {
            connections.add(new LoadConnection(endpoints.get(i % endpoints.size()), selector));
        }
    }

    /** Turns until the condition holds; a server that leaves is an error. */
    void until(BooleanSupplier done, double seconds) throws IOException {
        long end = System.nanoTime() + (long) (seconds * NANOS_PER_SECOND);
        while (!done.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new IOException("the servers did not answer within " + seconds + " s");
            }
            turn();
            for (LoadConnection connection : connections) {
                if (connection.broken()) {
                    throw new IOException(connection.authority + " closed the connection");
                }
            }
        }
    }

    void turn() throws IOException {
        connections.forEach(LoadConnection::flush);
        selector.select(WAIT_MILLIS);
        for (SelectionKey key : selector.selectedKeys()) {
            LoadConnection connection = (LoadConnection) key.attachment();
            if (key.isValid() && key.isReadable()) {
                connection.read();
            }
        }
        selector.selectedKeys().clear();
        connections.forEach(LoadConnection::flush);
    }

    void begin() throws IOException {
        Arrays.fill(buckets, 0);
        calls = 0;
        longest = 0;
        cpuBefore = cpuMicros();
        began = System.nanoTime();
    }

    void record(long nanos) {
        calls++;
        longest = Math.max(longest, nanos);
        buckets[(int) Math.min(nanos >> BUCKET_SHIFT, BUCKETS - 1)]++;
    }

    Measured end() throws IOException {
        double seconds = (System.nanoTime() - began) / NANOS_PER_SECOND;
        return new Measured(
                calls,
                seconds,
                percentile(0.5),
                percentile(0.99),
                longest / NANOS_PER_MILLI,
                cpuMicros() - cpuBefore);
    }

    private double percentile(double part) {
        long wanted = (long) Math.ceil(calls * part);
        long seen = 0;
        for (int i = 0; i < BUCKETS; i++) {
            seen += buckets[i];
            if (seen >= wanted) {
                return ((long) i + 1 << BUCKET_SHIFT) / NANOS_PER_MILLI;
            }
        }
        return longest / NANOS_PER_MILLI;
    }

    /** User and system time of all servers: of all their threads, ended ones too. */
    private long cpuMicros() throws IOException {
        long ticks = 0;
        for (long pid : servers) {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        }
        return ticks * TICK_MICROS;
    }

    /** A closed loop: each worker asks again as soon as it is answered. */
    Measured closed(int workers, Workload workload, double seconds) throws IOException {
        begin();
        run(workers, workload, seconds);
        return end();
    }

    /**
     * Goes on until a call no longer gets cheaper, so that compilers and caches have done what they
     * will do; the same for every server. Bounded in time.
     */
    void warm(int workers, Workload workload, double seconds) throws IOException {
        double before = Double.MAX_VALUE;
        long end = System.nanoTime() + (long) (WARM_MAX * seconds * NANOS_PER_SECOND);
        for (int steady = 0; steady < STEADY && System.nanoTime() < end; ) {
            double now = closed(workers, workload, seconds / WARM_WINDOWS).microsPerCall();
            steady = now > before * CHEAPER ? steady + 1 : 0;
            before = now;
        }
    }

    void run(int workers, Workload workload, double seconds) throws IOException {
        run(workers, workload, seconds, () -> false);
    }

    /** As long as it says, or until the condition holds. */
    void run(int workers, Workload workload, double seconds, BooleanSupplier enough)
            throws IOException {
        stopAt = System.nanoTime() + (long) (seconds * NANOS_PER_SECOND);
        int[] busy = {0};
        for (int i = 0; i < workers; i++) {
            new Worker(i, workload, connections.get(i % connections.size()), busy, enough).next();
        }
        until(() -> busy[0] == 0, seconds + 30);
    }

    private final class Worker implements LoadConnection.Call {
        private final int number;
        private final Workload workload;
        private final LoadConnection connection;
        private final int[] busy;
        private final BooleanSupplier enough;
        private final LoadMessage message = new LoadMessage();
        private long sent;

        Worker(
                int number,
                Workload workload,
                LoadConnection connection,
                int[] busy,
                BooleanSupplier enough) {
            this.number = number;
            this.workload = workload;
            this.connection = connection;
            this.busy = busy;
            this.enough = enough;
            busy[0]++;
        }

        void next() {
            sent = System.nanoTime();
            if (sent >= stopAt || enough.getAsBoolean()) {
                busy[0]--;
                return;
            }
            workload.request(message.clear(), number);
            connection.call(workload.path(), message, true, this);
        }

        @Override
        public void message(byte[] bytes, int from, int size) {
            if (!workload.answer(bytes, from, size, number)) {
                throw new IllegalStateException("an answer to " + workload.path() + " is wrong");
            }
        }

        @Override
        public void closed(boolean succeeded, String trailers) {
            if (!succeeded) {
                throw new IllegalStateException(workload.path() + " failed: " + trailers);
            }
            record(System.nanoTime() - sent);
            next();
        }
    }

    @Override
    public void close() throws IOException {
        connections.forEach(LoadConnection::close);
        selector.close();
    }
}
