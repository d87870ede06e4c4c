package dev.kemudi.conformance;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Kills the leader of three again and again and measures how long it takes until a client that
 * tries the others has a write acknowledged; then looks for every write that was acknowledged.
 * Arguments: how often, endpoints with commas, process ids with commas, a folder with one file
 * {@code member-N.args} per member: its command, one word per line. Prints {@code failover kills
 * p50 p99 max kills lost}, in seconds.
 */
final class LoadFailOver implements AutoCloseable {
    private static final int WRITES_BEFORE = 50;
    private static final int PAUSE_MILLIS = 20;
    private static final double ATTEMPT_SECONDS = 0.5;
    private static final double WAIT_SECONDS = 30;
    private static final double NANOS_PER_SECOND = 1e9;

    private final List<String> endpoints;
    private final ProcessHandle[] members;
    private final Path folder;
    private final List<ProcessHandle> started = new ArrayList<>();
    private final List<byte[]> acknowledged = new ArrayList<>();
    private long written;

    private LoadFailOver(List<String> endpoints, List<Long> pids, Path folder) {
        this.endpoints = endpoints;
        this.folder = folder;
        members =
                pids.stream()
                        .map(pid -> ProcessHandle.of(pid).orElseThrow())
                        .toArray(ProcessHandle[]::new);
    }

    public static void main(String[] arguments) throws IOException {
        int kills = Integer.parseInt(arguments[0]);
        List<Long> pids = Arrays.stream(arguments[2].split(",")).map(Long::valueOf).toList();
        double[] seconds = new double[kills];
        try (LoadFailOver over =
                new LoadFailOver(List.of(arguments[1].split(",")), pids, Path.of(arguments[3]))) {
            Runtime.getRuntime().addShutdownHook(new Thread(over::close));
            for (int i = 0; i < kills; i++) {
                seconds[i] = over.kill();
            }
            int lost = over.lost();
            Arrays.sort(seconds);
            System.out.printf(
                    Locale.ROOT,
                    "failover %d %.3f %.3f %.3f %d %d%n",
                    kills,
                    seconds[kills / 2],
                    seconds[(int) Math.ceil(kills * 0.99) - 1],
                    seconds[kills - 1],
                    kills,
                    lost);
        }
    }

    private double kill() throws IOException {
        int leader = leader();
        for (int i = 0; i < WRITES_BEFORE; i++) {
            write(i % endpoints.size(), WAIT_SECONDS);
        }
        long from = System.nanoTime();
        members[leader].destroyForcibly();
        int at = leader;
        do {
            at = (at + 1) % endpoints.size();
            if (at == leader) {
                at = (at + 1) % endpoints.size();
            }
        } while (!write(at, ATTEMPT_SECONDS) && notLongerThan(from));
        double seconds = (System.nanoTime() - from) / NANOS_PER_SECOND;
        members[leader].onExit().join();
        restart(leader);
        return seconds;
    }

    private static boolean notLongerThan(long from) throws IOException {
        if (System.nanoTime() - from > WAIT_SECONDS * NANOS_PER_SECOND) {
            throw new IOException("no write was acknowledged for " + WAIT_SECONDS + " s");
        }
        return true;
    }

    private boolean write(int member, double seconds) {
        byte[] key = LoadKinds.key("f/", written++);
        LoadMessage put = new LoadMessage();
        LoadKinds.put(put, key, key);
        if (ask(member, "/etcdserverpb.KV/Put", put, seconds).length == 0) {
            pause();
            return false;
        }
        acknowledged.add(key);
        return true;
    }

    /** Between two attempts, as a client backs off. */
    private static void pause() {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS));
    }

    private byte[] ask(int member, String path, LoadMessage message, double seconds) {
        try {
            return LoadProbe.ask(endpoints.get(member), path, message, seconds);
        } catch (IOException refusedOrTooSlow) {
            return new byte[0];
        }
    }

    /** The member that all three say leads. */
    private int leader() throws IOException {
        long from = System.nanoTime();
        while (notLongerThan(from)) {
            long[] leaders = new long[endpoints.size()];
            int found = -1;
            for (int i = 0; i < leaders.length; i++) {
                byte[] status =
                        ask(i, "/etcdserverpb.Maintenance/Status", new LoadMessage(), WAIT_SECONDS);
                leaders[i] = LoadMessage.number(status, 0, status.length, 4);
                if (leaders[i] != 0
                        && leaders[i] == LoadMessage.header(status, 0, status.length, 2)) {
                    found = i;
                }
            }
            if (found >= 0
                    && leaders[0] != 0
                    && Arrays.stream(leaders).allMatch(id -> id == leaders[0])) {
                return found;
            }
            pause();
        }
        throw new IllegalStateException("not reached");
    }

    private void restart(int member) throws IOException {
        File log = folder.resolve("restarted-" + member + ".log").toFile();
        Process process =
                new ProcessBuilder(Files.readAllLines(folder.resolve("member-" + member + ".args")))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                        .start();
        members[member] = process.toHandle();
        started.add(process.toHandle());
        long from = System.nanoTime();
        while (!write(member, WAIT_SECONDS) && notLongerThan(from)) {
            // It joins again before the next one goes.
        }
    }

    private int lost() {
        int lost = 0;
        for (byte[] key : acknowledged) {
            LoadMessage get = new LoadMessage().bytes(1, key);
            byte[] answer = ask(0, "/etcdserverpb.KV/Range", get, WAIT_SECONDS);
            if (LoadMessage.number(answer, 0, answer.length, 4) != 1) {
                lost++;
            }
        }
        return lost;
    }

    @Override
    public void close() {
        started.forEach(ProcessHandle::destroy);
        started.forEach(process -> process.onExit().orTimeout(10, TimeUnit.SECONDS).join());
    }
}
