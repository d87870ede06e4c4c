package dev.kemudi.node;

import java.io.FileInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/*
 * How a pod's processes are found
 * -------------------------------
 * Every process of a pod is born with KEMUDI_NODE (this node's pods folder), KEMUDI_POD_UID,
 * KEMUDI_CONTAINER and KEMUDI_ATTEMPT in its environment, and forks inherit them: a double fork or a
 * session of its own changes nothing about /proc/PID/environ. A process that empties its environment on
 * exec is still found by its working directory or by its standard output, which lie below the pod's
 * folder, once it is an orphan or a marked process's child. It must have no terminal: an administrator's
 * shell that happens to stand in a pod's folder is nobody's leftover.
 *
 * What was refused: process groups and sessions alone (one setsid() escapes both), walking parents (a
 * double fork cuts the chain). What remains possible: a process that empties its environment AND moves to
 * another directory AND replaces its streams. Only a PID namespace holds that one; it belongs to the OCI
 * runtime.
 *
 * Scans are shared: a caller who waited for a scan that began after it asked takes that one's answer, so a
 * hundred pods that stop together read /proc a few times, not some hundred times.
 */
/** The processes of this node's pods, as /proc tells. Safe for use by many threads. */
final class ProcTable {
    static final String NODE = "KEMUDI_NODE";
    static final String POD_UID = "KEMUDI_POD_UID";
    static final String CONTAINER = "KEMUDI_CONTAINER";
    static final String ATTEMPT = "KEMUDI_ATTEMPT";
    static final String EXEC = "KEMUDI_EXEC";
    private static final Path PROC = Path.of("/proc");

    /**
     * One process.
     *
     * @param startTicks since boot; with {@code pid} names a process for ever
     * @param container empty when only the pod is known
     * @param attempt -1 when unknown
     * @param exec id of the exec that it belongs to, empty for the container's own
     */
    record Entry(
            long pid,
            long startTicks,
            long session,
            String podUid,
            String container,
            int attempt,
            String exec) {}

    /** What /proc/PID/stat says. */
    record Stat(char state, long parent, long session, long terminal, long startTicks) {
        boolean dead() {
            return state == 'Z' || state == 'X';
        }
    }

    private static final long KTHREADD = 2;

    /** What the kernel tells user space, whatever its own rate. */
    static final long TICKS_PER_SECOND = 100;

    private static final long SETTLED_TICKS = 10 * TICKS_PER_SECOND;

    /** What the environment of a process told; empty when it is none of ours. */
    private record Mark(long startTicks, Optional<Entry> entry) {}

    private final String node;
    private final Map<Long, Mark> marks = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private List<Entry> newest = List.of();
    private long newestBeganNanos;
    private boolean scanned;

    /**
     * @param podsDirectory absolute; marks this node's processes
     */
    ProcTable(Path podsDirectory) {
        this.node = podsDirectory.toString();
    }

    String node() {
        return node;
    }

    /** Living processes of this node's pods. */
    List<Entry> scan() {
        long askedNanos = System.nanoTime();
        lock.lock();
        try {
            if (!scanned || newestBeganNanos - askedNanos < 0) {
                newestBeganNanos = System.nanoTime();
                newest = read();
                scanned = true;
            }
            return newest;
        } finally {
            lock.unlock();
        }
    }

    List<Entry> ofPod(String podUid) {
        return scan().stream().filter(e -> e.podUid.equals(podUid)).toList();
    }

    private List<Entry> read() {
        Map<Long, Stat> stats = new HashMap<>();
        String[] pids = PROC.toFile().list((_, name) -> Character.isDigit(name.charAt(0)));
        if (pids == null) {
            throw new IllegalStateException("cannot list /proc, which a node needs");
        }
        for (String pid : pids) {
            long number = Long.parseLong(pid);
            stat(number).filter(s -> s.parent != KTHREADD).ifPresent(s -> stats.put(number, s));
        }
        marks.keySet().retainAll(stats.keySet());
        Map<Long, Entry> entries = new HashMap<>();
        stats.forEach((pid, stat) -> marked(pid, stat).ifPresent(e -> entries.put(pid, e)));
        Set<Long> adopters = adopters(stats);
        stats.forEach((pid, stat) -> {
            if (!entries.containsKey(pid)
                    && stat.terminal == 0
                    && (adopters.contains(stat.parent) || entries.containsKey(stat.parent))) {
                unmarked(pid, stat).ifPresent(e -> entries.put(pid, e));
            }
        });
        entries.keySet().removeIf(pid -> stats.containsKey(pid) && stats.get(pid).dead());
        return List.copyOf(entries.values());
    }

    /** Who may become the parent of a process whose own has died: init, or one above Kemudi. */
    private static Set<Long> adopters(Map<Long, Stat> stats) {
        Set<Long> adopters = new HashSet<>(Set.of(1L));
        Stat own = stats.get(ProcessHandle.current().pid());
        while (own != null && adopters.add(own.parent)) {
            own = stats.get(own.parent);
        }
        return adopters;
    }

    /**
     * A process that carries this node's marks. Looked up once per process, for they never change.
     */
    private Optional<Entry> marked(long pid, Stat stat) {
        Mark known = marks.get(pid);
        if (known != null && known.startTicks == stat.startTicks) {
            return known.entry;
        }
        String environment = contents(PROC.resolve(Long.toString(pid)).resolve("environ"));
        Optional<Entry> entry = Optional.empty();
        if (variable(environment, NODE).equals(node)) {
            String number = variable(environment, ATTEMPT);
            entry =
                    Optional.of(
                            new Entry(
                                    pid,
                                    stat.startTicks,
                                    stat.session,
                                    variable(environment, POD_UID),
                                    variable(environment, CONTAINER),
                                    number.matches("\\d{1,9}") ? Integer.parseInt(number) : -1,
                                    variable(environment, EXEC)));
        }
        // A young process without marks may just not have reached its exec: look again next time.
        if (entry.isPresent() || uptimeTicks() - stat.startTicks > SETTLED_TICKS) {
            marks.put(pid, new Mark(stat.startTicks, entry));
        }
        return entry;
    }

    private static long uptimeTicks() {
        String text = contents(PROC.resolve("uptime"));
        int end = text.indexOf(' ');
        return end < 0 ? 0 : (long) (Double.parseDouble(text.substring(0, end)) * TICKS_PER_SECOND);
    }

    /** An orphan, or a child of a pod's process, that lost its marks but not its place. */
    private Optional<Entry> unmarked(long pid, Stat stat) {
        Path process = PROC.resolve(Long.toString(pid));
        String podUid = podOf(process.resolve("cwd"));
        podUid = podUid.isEmpty() ? podOf(process.resolve("fd/1")) : podUid;
        return podUid.isEmpty()
                ? Optional.empty()
                : Optional.of(new Entry(pid, stat.startTicks, stat.session, podUid, "", -1, ""));
    }

    /** The pod whose folder the link points below, empty for none. */
    private String podOf(Path link) {
        try {
            String target = Files.readSymbolicLink(link).toString();
            if (target.startsWith(node + "/")) {
                String rest = target.substring(node.length() + 1);
                int slash = rest.indexOf('/');
                return slash < 0 ? rest : rest.substring(0, slash);
            }
        } catch (IOException _) {
            // Gone by now, or another user's: not ours either way.
        }
        return "";
    }

    private static String variable(String environment, String name) {
        String start = name + "=";
        int at = environment.startsWith(start) ? 0 : environment.indexOf("\0" + start) + 1;
        if (at == 0 && !environment.startsWith(start)) {
            return "";
        }
        int end = environment.indexOf('\0', at);
        return environment.substring(at + start.length(), end < 0 ? environment.length() : end);
    }

    private static String contents(Path file) {
        try (FileInputStream in = new FileInputStream(file.toFile())) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException _) {
            return ""; // gone by now, or another user's
        }
    }

    /** Empty when there is no such process. */
    static Optional<Stat> stat(long pid) {
        String text = contents(PROC.resolve(Long.toString(pid)).resolve("stat"));
        int afterName = text.lastIndexOf(')');
        if (afterName < 0) {
            return Optional.empty();
        }
        String[] fields = text.substring(afterName + 2).split(" ");
        return Optional.of(
                new Stat(
                        fields[0].charAt(0),
                        Long.parseLong(fields[1]),
                        Long.parseLong(fields[3]),
                        Long.parseLong(fields[4]),
                        Long.parseLong(fields[19])));
    }

    static boolean alive(long pid, long startTicks) {
        return stat(pid).filter(s -> !s.dead() && s.startTicks == startTicks).isPresent();
    }

    /**
     * Sends SIGTERM, or SIGKILL when {@code force}, unless the pid belongs to another process by
     * now.
     */
    static void signal(long pid, long startTicks, boolean force) {
        // The handle remembers the start time it saw; ours is compared after that, so no later
        // process is hit.
        Optional<ProcessHandle> handle = ProcessHandle.of(pid);
        if (handle.isPresent() && alive(pid, startTicks)) {
            if (force) {
                handle.get().destroyForcibly();
            } else {
                handle.get().destroy();
            }
        }
    }

    /** Processor time of a process and its ended children, in ticks; 0 when it is gone. */
    static long processorTicks(long pid) {
        String stat = contents(PROC.resolve(Long.toString(pid)).resolve("stat"));
        int name = stat.lastIndexOf(')'); // the name may hold anything, spaces and brackets too
        if (name < 0) {
            return 0;
        }
        String[] fields = stat.substring(name + 2).split(" ");
        long ticks = 0;
        for (int i = 11; i <= 14; i++) {
            ticks += Long.parseLong(fields[i]);
        }
        return ticks;
    }

    /** Resident bytes of a process with shared pages counted in full; 0 when it is gone. */
    static long residentBytes(long pid) {
        return kibibytes(contents(PROC.resolve(Long.toString(pid)).resolve("status")), "VmRSS:");
    }

    /** Resident bytes of a process with shared pages counted in part; 0 when it is gone. */
    static long proportionalBytes(long pid) {
        return kibibytes(
                contents(PROC.resolve(Long.toString(pid)).resolve("smaps_rollup")), "\nPss:");
    }

    private static long kibibytes(String text, String field) {
        int at = text.indexOf(field);
        if (at < 0) {
            return 0;
        }
        int end = text.indexOf("kB", at);
        return Long.parseLong(text.substring(at + field.length(), end).strip()) * 1024;
    }
}
