package dev.kemudi.log;

import dev.kemudi.kernel.TimeSource;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Prints writes per second and their latency for 1, 16 and 256 closed-loop writers of 320 bytes on
 * virtual threads.
 */
final class LogBenchmark {
    private static final int COMMAND_BYTES = 320;

    private LogBenchmark() {}

    public static void main(String[] args) throws Exception {
        Path directory = Files.createTempDirectory("kemudi-log-benchmark");
        int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        for (int writers : new int[] {16, 1, 16, 256}) {
            run(directory.resolve("c" + System.nanoTime()), writers, seconds);
        }
    }

    private static final class Counter implements StateMachine<Long> {
        private long durable;
        private long applied;

        @Override
        public long durableIndex() {
            return durable;
        }

        @Override
        public List<Long> apply(List<LogEntry> entries) {
            applied = entries.getLast().index();
            return entries.stream().map(LogEntry::index).toList();
        }

        @Override
        public void flush() {
            durable = applied;
        }
    }

    private static void run(Path directory, int writers, int seconds) throws Exception {
        try (FileLog<Long> log =
                FileLog.open(
                        directory,
                        new Counter(),
                        Limits.defaults(),
                        TimeSource.system(),
                        new PrometheusRegistry())) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            List<Thread> threads = new ArrayList<>();
            List<long[]> samples = new ArrayList<>();
            int[] counts = new int[writers];
            for (int writer = 0; writer < writers; writer++) {
                int self = writer;
                long[] nanos = new long[2_000_000 / writers];
                samples.add(nanos);
                threads.add(
                        Thread.ofVirtual()
                                .start(() -> {
                                    byte[] command = new byte[COMMAND_BYTES];
                                    for (long now = System.nanoTime();
                                            now < end && counts[self] < nanos.length; ) {
                                        log.propose(command, "").join();
                                        long then = System.nanoTime();
                                        nanos[counts[self]++] = then - now;
                                        now = then;
                                    }
                                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            print(writers, seconds, samples, counts);
        }
    }

    private static void print(int writers, int seconds, List<long[]> samples, int[] counts) {
        int total = Arrays.stream(counts).sum();
        long[] all = new long[total];
        int at = 0;
        for (int writer = 0; writer < writers; writer++) {
            System.arraycopy(samples.get(writer), 0, all, at, counts[writer]);
            at += counts[writer];
        }
        Arrays.sort(all);
        System.out.printf(
                "c=%d  %,d ops/s  p50 %.3f ms  p99 %.3f ms  p99.9 %.3f ms%n",
                writers,
                total / seconds,
                all[total / 2] / 1e6,
                all[(int) (total * 99L / 100)] / 1e6,
                all[(int) (total * 999L / 1_000)] / 1e6);
    }
}
