package dev.kemudi.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/*
 * How a pod's processes are found
 * -------------------------------
 * Every process of a pod is born with KEMUDI_NODE (this node's pods folder), KEMUDI_POD_UID,
 * KEMUDI_CONTAINER and KEMUDI_ATTEMPT in its environment, and forks inherit them: a double fork or a
 * session of its own changes nothing about /proc/PID/environ. A process that empties its environment on
 * exec is still found by its working directory or by its standard output, which lie below the pod's folder.
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
    record Stat(char state, long session, long startTicks) {
        boolean dead() {
            return state == 'Z' || state == 'X';
        }
    }

    private final String node;
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
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path process : processes) {
                entry(process).ifPresent(entries::add);
            }
        } catch (IOException e) {
            throw new IllegalStateException(
                    "cannot read /proc, which a node needs: " + e.getMessage(), e);
        }
        return List.copyOf(entries);
    }

    private Optional<Entry> entry(Path process) {
        String environment = contents(process.resolve("environ"));
        String podUid = "";
        String container = "";
        int attempt = -1;
        String exec = "";
        if (variable(environment, NODE).equals(node)) {
            podUid = variable(environment, POD_UID);
            container = variable(environment, CONTAINER);
            String number = variable(environment, ATTEMPT);
            attempt = number.matches("\\d{1,9}") ? Integer.parseInt(number) : -1;
            exec = variable(environment, EXEC);
        } else {
            podUid = podOf(process.resolve("cwd"));
            podUid = podUid.isEmpty() ? podOf(process.resolve("fd/1")) : podUid;
        }
        if (podUid.isEmpty()) {
            return Optional.empty();
        }
        long pid = Long.parseLong(process.getFileName().toString());
        Optional<Stat> stat = stat(pid);
        if (stat.isEmpty() || stat.get().dead()) {
            return Optional.empty();
        }
        return Optional.of(
                new Entry(
                        pid,
                        stat.get().startTicks,
                        stat.get().session,
                        podUid,
                        container,
                        attempt,
                        exec));
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
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
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
                        Long.parseLong(fields[3]),
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
