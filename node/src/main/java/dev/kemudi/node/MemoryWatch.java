package dev.kemudi.node;

import dev.kemudi.node.ContainerRuntime.ContainerSpec;
import dev.kemudi.node.ContainerRuntime.RunningContainer;
import java.util.Collection;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/*
 * Without control groups the kernel enforces no memory limit, so once a second the resident memory of each
 * limited container's processes is added up. Only when that sum is over the limit are shared pages divided
 * among their users (smaps_rollup is dear), and only when that is over too is the container killed. A
 * container can thus exceed its limit for about a second; the JVM of a jar image does not, for it was
 * given -Xmx.
 */
/** Kills containers that use more memory than their limit: reason OOMKilled. */
final class MemoryWatch implements Runnable {
    private static final long PERIOD_MILLIS = 1_000;

    private final ProcTable processes;
    private final Supplier<Collection<PodWorker>> workers;

    MemoryWatch(ProcTable processes, Supplier<Collection<PodWorker>> workers) {
        this.processes = processes;
        this.workers = workers;
    }

    @Override
    public void run() {
        try {
            while (true) {
                Thread.sleep(PERIOD_MILLIS);
                look();
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        @Nullable List<ProcTable.Entry> entries = null;
        for (PodWorker worker : workers.get()) {
            for (ContainerRun run : worker.runs()) {
                ContainerSpec spec = run.spec;
                RunningContainer running = run.running;
                if (spec == null || running == null || spec.memoryBytes() <= 0) {
                    continue;
                }
                entries = entries == null ? processes.scan() : entries;
                if (over(entries, spec)) {
                    running.kill("OOMKilled");
                }
            }
        }
    }

    private static boolean over(List<ProcTable.Entry> all, ContainerSpec spec) {
        List<ProcTable.Entry> own =
                all.stream()
                        .filter(e ->
                                e.podUid().equals(spec.podUid())
                                        && e.container().equals(spec.container()))
                        .toList();
        return sum(own, ProcTable::residentBytes) > spec.memoryBytes()
                && sum(own, ProcTable::proportionalBytes) > spec.memoryBytes();
    }

    private static long sum(List<ProcTable.Entry> entries, LongUnaryOperator bytesOfPid) {
        return entries.stream().mapToLong(e -> bytesOfPid.applyAsLong(e.pid())).sum();
    }
}
