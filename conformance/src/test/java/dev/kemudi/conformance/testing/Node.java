package dev.kemudi.conformance.testing;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One server process under etcd's flags: started, stopped, killed, held, cut off, short of disk, by
 * whoever runs the faults. Not safe for use by many threads, its channel excepted.
 */
final class Node {
    private static final int MESSAGE_BYTES_MAX = 64 << 20;

    private final Setup setup;
    private final int number;
    private final int port;
    private final ManagedChannel channel;
    private @Nullable Process process;
    private int exits;

    /**
     * What the script that called us prepared.
     *
     * @param server the command with etcd's flags
     * @param directory of all nodes; node i has its disk mounted at {@code n<i>} when there are
     *     disks
     * @param namespaces whether node i lives in the network namespace {@code <prefix><i>}
     * @param prefix names namespaces, links and control groups of this run
     * @param fakeTime a library to preload that steps clocks; empty for none
     */
    record Setup(
            String server,
            Path directory,
            int nodes,
            boolean namespaces,
            String prefix,
            String subnet,
            String fakeTime) {}

    Node(Setup setup, int number) {
        this(setup, number, setup.namespaces() ? 2379 : 23790 + number * 2);
    }

    private Node(Setup setup, int number, int port) {
        this.setup = setup;
        this.number = number;
        this.port = port;
        channel =
                NettyChannelBuilder.forAddress(host(), clientPort())
                        .usePlaintext()
                        .maxInboundMessageSize(MESSAGE_BYTES_MAX)
                        .build();
    }

    /** A server at 127.0.0.1 that somebody else starts and stops. */
    static Node at(Setup setup, int port) {
        return new Node(setup, 1, port);
    }

    String name() {
        return "n" + number;
    }

    int number() {
        return number;
    }

    String host() {
        return setup.namespaces() ? setup.subnet() + "." + (10 + number) : "127.0.0.1";
    }

    private int clientPort() {
        return port;
    }

    String clientUrl() {
        return "http://" + host() + ":" + clientPort();
    }

    String peerUrl() {
        return "http://" + host() + ":" + (clientPort() + 1);
    }

    String namespace() {
        return setup.prefix() + number;
    }

    /** Where its disk is mounted, or the folder that stands for it. */
    Path disk() {
        return setup.directory().resolve(name());
    }

    private Path control(String file) {
        return Path.of("/sys/fs/cgroup/blkio", namespace(), file);
    }

    ManagedChannel channel() {
        return channel;
    }

    boolean alive() {
        return process != null && process.isAlive();
    }

    /** How often it ended without being asked to. */
    int exits() {
        return exits;
    }

    void noteExit() {
        exits++;
    }

    /**
     * Starts the process; does not wait until it serves.
     *
     * @param members name=peer-url, comma separated
     * @param joining whether the cluster exists already
     */
    void start(String members, boolean joining) {
        List<String> command = new ArrayList<>();
        if (setup.namespaces()) {
            command.addAll(List.of("nsenter", "--net=/var/run/netns/" + namespace()));
        }
        command.addAll(
                List.of(
                        setup.server(),
                        "--name",
                        name(),
                        "--data-dir",
                        disk().resolve("data").toString(),
                        "--listen-client-urls",
                        clientUrl(),
                        "--advertise-client-urls",
                        clientUrl(),
                        "--listen-peer-urls",
                        peerUrl(),
                        "--initial-advertise-peer-urls",
                        peerUrl(),
                        "--initial-cluster",
                        members,
                        "--initial-cluster-state",
                        joining ? "existing" : "new",
                        "--snapshot-count",
                        "500"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        Path log = setup.directory().resolve(name() + ".log");
        builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().put("KEMUDI_BUILD", "off");
        if (!setup.fakeTime().isEmpty()) {
            clock("+0");
            builder.environment().put("LD_PRELOAD", setup.fakeTime());
            builder.environment().put("FAKETIME_TIMESTAMP_FILE", clockFile().toString());
            builder.environment().put("FAKETIME_CACHE_DURATION", "1");
            builder.environment().put("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            builder.environment().put("DONT_FAKE_MONOTONIC", "1");
            // Its fix for old C libraries has every timed wait of a JVM end at once: a busy loop.
            builder.environment().put("FAKETIME_FORCE_MONOTONIC_FIX", "0");
        }
        try {
            Files.createDirectories(disk());
            Process started = builder.start();
            process = started;
            if (Files.isWritable(control("cgroup.procs"))) {
                Files.writeString(control("cgroup.procs"), Long.toString(started.pid()));
            }
        } catch (IOException e) {
            throw new IllegalStateException("cannot start " + command, e);
        }
    }

    /** kill -9; returns when it is gone. */
    void kill() {
        if (process != null) {
            process.destroyForcibly();
            await(process);
        }
    }

    private void await(Process ending) {
        try {
            if (!ending.waitFor(20, TimeUnit.SECONDS)) {
                throw new IllegalStateException(name() + " does not die");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void signal(String which) {
        Process running = Objects.requireNonNull(process, () -> name() + " was never started");
        Shell.attempt("kill", which, Long.toString(running.pid()));
    }

    void hold() {
        signal("-STOP");
    }

    void release() {
        signal("-CONT");
    }

    /** Packets from here to the other are dropped, one way. */
    void deafen(Node other) {
        inside("ip", "route", "replace", "blackhole", other.host() + "/32");
    }

    void hear(Node other) {
        inside("ip", "route", "del", "blackhole", other.host() + "/32");
    }

    /** Takes the network away altogether, clients included. */
    void unplug() {
        Shell.run("ip", "link", "set", namespace() + "h", "down");
    }

    void plug() {
        Shell.attempt("ip", "link", "set", namespace() + "h", "up");
    }

    private void inside(String... command) {
        List<String> all =
                new ArrayList<>(List.of("nsenter", "--net=/var/run/netns/" + namespace()));
        all.addAll(List.of(command));
        Shell.attempt(all.toArray(String[]::new));
    }

    /** Leaves no byte free on its disk. */
    void fill() {
        Shell.attempt(
                "sh",
                "-c",
                "free=$(df --output=avail -B1 '%1$s' | tail -1); fallocate -l $free '%1$s/filler';"
                                .formatted(disk())
                        + " dd if=/dev/zero of='%1$s/filler2' bs=4096 2>/dev/null"
                                .formatted(disk()));
    }

    void empty() {
        Shell.run("rm", "-f", disk() + "/filler", disk() + "/filler2");
    }

    /** So many writes a second reach its disk; 0 lifts the limit. */
    void slowDisk(int writesPerSecond) {
        String device = Shell.run("findmnt", "-no", "MAJ:MIN", disk().toString()).strip();
        try {
            Files.writeString(
                    control("blkio.throttle.write_iops_device"), device + " " + writesPerSecond);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path clockFile() {
        return setup.directory().resolve(name() + ".clock");
    }

    /** Steps its wall clock, like {@code -3600}; the monotonic clock goes on. */
    void clock(String offset) {
        try {
            Files.writeString(
                    clockFile(),
                    offset,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    void wipe() {
        Shell.run("rm", "-rf", disk().resolve("data").toString());
    }
}
