package dev.kemudi.logratis;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Log;
import dev.kemudi.log.LogEntry;
import dev.kemudi.log.Peer;
import dev.kemudi.log.StateMachine;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Prints writes per second and CPU per write of three members in this process, on whatever disk the
 * temporary folder is. Arguments: callers at once, seconds, through the leader only or all (all).
 */
final class RatisLogBenchmark {
    private static final byte[] COMMAND = new byte[300];

    private RatisLogBenchmark() {}

    /** Remembers nothing. */
    private static final class Nothing implements StateMachine<Long> {
        private volatile long index;

        @Override
        public long durableIndex() {
            return 0;
        }

        @Override
        public List<Long> apply(List<LogEntry> entries) {
            index = entries.getLast().index();
            return Collections.nCopies(entries.size(), index);
        }

        @Override
        public void flush() {}

        @Override
        public Copied checkpoint(Path directory) throws java.io.IOException {
            Files.createDirectories(directory);
            Files.writeString(directory.resolve("index"), "" + index);
            return new Copied(index, 1);
        }
    }

    public static void main(String[] arguments) throws Exception {
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 5;
        boolean all = arguments.length > 2 && arguments[2].equals("all");
        Path root = Files.createTempDirectory("kemudi-ratis");
        List<Peer> peers = new ArrayList<>();
        for (long id = 1; id <= 3; id++) {
            peers.add(Cluster.newPeer(id, false));
        }
        List<RatisLog<Long>> logs = new ArrayList<>();
        for (long id = 1; id <= 3; id++) {
            logs.add(
                    RatisLog.open(
                            Config.of(id, "benchmark", peers),
                            Limits.defaults(),
                            root.resolve("" + id),
                            new Nothing(),
                            TimeSource.system(),
                            new PrometheusRegistry()));
        }
        logs.getFirst().propose(COMMAND, "").get(20, TimeUnit.SECONDS);
        List<RatisLog<Long>> through =
                all ? logs : logs.stream().filter(log -> log.standing().leading()).toList();
        for (String callers : (arguments.length > 0 ? arguments[0] : "1,16,256").split(",")) {
            run(through, Integer.parseInt(callers), 2, false);
            run(through, Integer.parseInt(callers), seconds, true);
        }
        logs.forEach(Log::close);
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean)
                        ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private static void run(List<RatisLog<Long>> through, int callers, int seconds, boolean print)
            throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        long cpu = cpuNanos();
        CountDownLatch done = new CountDownLatch(callers);
        long[] latencies = new long[4_000_000];
        AtomicInteger count = new AtomicInteger();
        for (int i = 0; i < callers; i++) {
            next(through.get(i % through.size()), end, count, latencies, done);
        }
        done.await();
        long used = cpuNanos() - cpu;
        int writes = Math.min(count.get(), latencies.length);
        Arrays.sort(latencies, 0, writes);
        if (print) {
            System.out.printf(
                    "%4d callers: %7d writes/s, CPU %5.1f us a write, p50 %.2f ms, p99 %.2f ms%n",
                    callers,
                    writes / seconds,
                    used / 1e3 / writes,
                    latencies[writes / 2] / 1e6,
                    latencies[(int) (writes * 0.99)] / 1e6);
        }
    }

    private static void next(
            RatisLog<Long> log,
            long end,
            AtomicInteger count,
            long[] latencies,
            CountDownLatch done) {
        long start = System.nanoTime();
        if (start > end) {
            done.countDown();
            return;
        }
        log.propose(COMMAND, "")
                .whenComplete((answer, failed) -> {
                    latencies[count.getAndIncrement() % latencies.length] =
                            System.nanoTime() - start;
                    next(log, end, count, latencies, done);
                });
    }
}
