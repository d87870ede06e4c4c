package dev.kemudi.node;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/*
 * Nobody pays for what nobody asks: there is no thread. A question reads /proc when the last reading is some
 * seconds old, and the rate is what came in between; so the first question about a pod has no answer, the
 * next one has. The processor time of a process counts that of its ended children, so a container's sum does
 * not fall when its workers come and go.
 */
/** What the containers of this node use. Safe for use by many threads. */
final class UsageMeter {
    /** A rate since long ago says nothing of now. */
    private static final int STALE_WINDOWS = 12;

    private static final long NANOS_PER_TICK = 1_000_000_000L / ProcTable.TICKS_PER_SECOND;

    private record Container(String podUid, String name) {}

    private record Amount(long ticks, long memoryBytes) {
        Amount plus(Amount other) {
            return new Amount(ticks + other.ticks, memoryBytes + other.memoryBytes);
        }
    }

    private record Reading(long atNanos, Map<Container, Amount> amounts) {}

    private final ProcTable processes;
    private final long windowNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private Reading before = new Reading(0, Map.of());
    private Reading newest = new Reading(0, Map.of());

    UsageMeter(ProcTable processes, Limits limits) {
        this.processes = processes;
        this.windowNanos = limits.usageWindowMillis() * 1_000_000L;
    }

    Map<String, Node.Usage> of(String podUid) {
        lock.lock();
        try {
            long now = System.nanoTime();
            if (newest.amounts.isEmpty() || now - newest.atNanos >= windowNanos) {
                boolean stale = now - newest.atNanos > STALE_WINDOWS * windowNanos;
                before = stale ? new Reading(0, Map.of()) : newest;
                newest = new Reading(now, read());
            }
            return rates(podUid);
        } finally {
            lock.unlock();
        }
    }

    private Map<Container, Amount> read() {
        Map<Container, Amount> amounts = new HashMap<>();
        for (ProcTable.Entry entry : processes.scan()) {
            if (!entry.container().isEmpty()) {
                amounts.merge(
                        new Container(entry.podUid(), entry.container()),
                        new Amount(
                                ProcTable.processorTicks(entry.pid()),
                                ProcTable.residentBytes(entry.pid())),
                        Amount::plus);
            }
        }
        return amounts;
    }

    private Map<String, Node.Usage> rates(String podUid) {
        Map<String, Node.Usage> rates = new HashMap<>();
        newest.amounts.forEach((container, amount) -> {
            Amount earlier = before.amounts.get(container);
            if (earlier != null && container.podUid.equals(podUid)) {
                long usedNanos = Math.max(0, amount.ticks - earlier.ticks) * NANOS_PER_TICK;
                long cpuMillis = usedNanos * 1_000 / (newest.atNanos - before.atNanos);
                rates.put(container.name, new Node.Usage(cpuMillis, amount.memoryBytes));
            }
        });
        return rates;
    }
}
