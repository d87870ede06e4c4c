package dev.kemudi.logratis;

import static dev.kemudi.logratis.Eventually.eventually;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Log;
import dev.kemudi.log.Peer;
import dev.kemudi.log.Standing;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;

/** Members in one process, on loopback; one of them leads when the constructor returns. */
final class Cluster implements AutoCloseable {
    static final Limits LIMITS = Limits.defaults();

    private final Path root;
    private final Limits limits;
    private final UnaryOperator<Config> with;
    private final Network network = new Network();
    private final List<Peer> first = new ArrayList<>();
    private final Map<Long, RatisLog<String>> logs = new ConcurrentSkipListMap<>();
    private final Map<Long, Ledger> ledgers = new ConcurrentSkipListMap<>();

    Cluster(Path root, int size) {
        this(root, size, LIMITS, config -> config);
    }

    Cluster(Path root, int size, Limits limits, UnaryOperator<Config> with) {
        this.root = root;
        this.limits = limits;
        this.with = with;
        for (long id = 1; id <= size; id++) {
            first.add(newPeer(id, false));
        }
        for (long id = 1; id <= size; id++) {
            start(id);
        }
        if (size > 0) {
            leader();
        }
    }

    private static final AtomicInteger NEXT_PORT =
            new AtomicInteger(new Random().nextInt(12_000, 28_000));

    static Peer newPeer(long id, boolean learner) {
        return new Peer(id, "127.0.0.1:" + freePort(), learner);
    }

    /**
     * A port that stays free until a member listens there, however long that takes: one below those
     * that the kernel gives to whoever connects.
     */
    static int freePort() {
        while (true) {
            int port = NEXT_PORT.getAndIncrement();
            try (ServerSocket socket =
                    new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException e) {
                continue; // somebody else's
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    RatisLog<String> start(long id) {
        return start(with.apply(Config.of(id, "test", first)));
    }

    RatisLog<String> join(Peer peer) {
        return start(with.apply(Config.of(peer.id(), "test", List.of(peer)).asJoining()));
    }

    RatisLog<String> start(Config config) {
        long id = config.self();
        Ledger ledger = ledgers.containsKey(id) ? ledger(id).restarted() : new Ledger();
        ledgers.put(id, ledger);
        try {
            RatisLog<String> log =
                    RatisLog.open(
                            config,
                            limits,
                            directory(id),
                            ledger,
                            TimeSource.system(),
                            new PrometheusRegistry(),
                            parameters -> network.before(id, parameters));
            logs.put(id, log);
            return log;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Network network() {
        return network;
    }

    Path directory(long id) {
        return root.resolve("node" + id);
    }

    List<Peer> first() {
        return first;
    }

    RatisLog<String> log(long id) {
        return Objects.requireNonNull(logs.get(id), "no such member");
    }

    Ledger ledger(long id) {
        return Objects.requireNonNull(ledgers.get(id), "no such member");
    }

    List<RatisLog<String>> logs() {
        return List.copyOf(logs.values());
    }

    List<Ledger> ledgers() {
        return logs.keySet().stream().map(this::ledger).toList();
    }

    long leader() {
        eventually("someone leads", () -> logs().stream().anyMatch(this::leads));
        return logs().stream()
                .map(RatisLog::standing)
                .filter(Standing::leading)
                .max(Comparator.comparingLong(Standing::term))
                .map(Standing::self)
                .orElse(0L);
    }

    private boolean leads(Log<String> log) {
        return log.standing().leading();
    }

    long follower() {
        long leader = leader();
        return logs.keySet().stream().filter(id -> id != leader).findFirst().orElseThrow();
    }

    /** As if the process had been killed: what the machine did not flush is gone. */
    void kill(long id) {
        log(id).abandon();
    }

    void stop(long id) {
        log(id).close();
    }

    /** It is gone, and nobody asks it any more. */
    void forget(long id) {
        log(id).close();
        logs.remove(id);
    }

    void wipe(long id) {
        ledgers.remove(id);
        try (var found = Files.walk(directory(id))) {
            for (Path each : found.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String write(Log<String> log, String text) throws Exception {
        return log.propose(Ledger.command(text), "").get(20, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        List<Thread> closing =
                logs.values().stream().map(log -> Thread.ofPlatform().start(log::close)).toList();
        for (Thread each : closing) {
            try {
                each.join();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
