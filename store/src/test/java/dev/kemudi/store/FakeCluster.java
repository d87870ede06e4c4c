package dev.kemudi.store;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.Log;
import dev.kemudi.log.LogEntry;
import dev.kemudi.log.LogOpener;
import dev.kemudi.log.LogRefusedException;
import dev.kemudi.log.Peer;
import dev.kemudi.log.Quorum;
import dev.kemudi.log.Standing;
import dev.kemudi.log.StateMachine;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A quorum as simple as can be: one order of entries, kept by one thread, applied on every node
 * that is not cut off. The test says who leads. A node that is cut off believes what it believed,
 * and what it proposes reaches the others when it comes back, as a forwarding log's would.
 */
final class FakeCluster implements AutoCloseable {
    private final ExecutorService order = Executors.newSingleThreadExecutor();
    private final List<LogEntry> entries = new ArrayList<>();
    private final Map<Long, Node<?>> nodes = new HashMap<>();
    private final TimeSource time;
    private List<Peer> peers = List.of();
    private final List<List<Peer>> configurations = new ArrayList<>();
    private long leader;
    private long term;

    FakeCluster(TimeSource time) {
        this.time = time;
    }

    /** Runs in the one order and waits for it. */
    private <T> T ordered(Callable<T> work) {
        try {
            return order.submit(work).get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private Node<?> node(long id) {
        return Objects.requireNonNull(nodes.get(id), "no node " + id);
    }

    void configure(List<Peer> initial) {
        ordered(() -> peers = List.copyOf(initial));
    }

    List<Peer> peers() {
        return ordered(() -> peers);
    }

    /** Each configuration that was asked for, in order. */
    List<List<Peer>> configurations() {
        return ordered(() -> List.copyOf(configurations));
    }

    LogOpener opener(long id) {
        return new LogOpener() {
            @Override
            public <R> Log<R> open(
                    Path directory,
                    StateMachine<R> machine,
                    TimeSource ignored,
                    PrometheusRegistry registry) {
                Node<R> node = new Node<>(id, machine);
                ordered(() -> {
                    nodes.put(id, node);
                    node.catchUp(entries.size());
                    node.stand();
                    return id;
                });
                return node;
            }
        };
    }

    /** Has {@code id} lead in a new term; those who are cut off do not hear of it. */
    void elect(long id) {
        ordered(() -> {
            leader = id;
            term++;
            nodes.values().stream().filter(node -> !node.cutOff).forEach(Node::stand);
            return id;
        });
    }

    void cutOff(long id) {
        ordered(() -> node(id).cutOff = true);
    }

    /** It hears of everything, and what it had proposed goes on its way. */
    void heal(long id) {
        ordered(() -> {
            Node<?> node = node(id);
            node.cutOff = false;
            node.catchUp(entries.size());
            node.stand();
            node.forward();
            return id;
        });
    }

    /** As {@link #heal}, by a copy of another's state instead of the entries that were missed. */
    void healByCopy(long id, long from, Path directory) {
        ordered(() -> {
            node(id).take(node(from), directory);
            return id;
        });
        heal(id);
    }

    /** Waits for everything that was put into the order before. */
    void settle() {
        ordered(() -> leader);
    }

    /** Proposals that a node that is cut off could not pass on. */
    int held(long id) {
        return ordered(() -> node(id).held.size());
    }

    List<LogEntry> entries() {
        return ordered(() -> List.copyOf(entries));
    }

    int size() {
        return ordered(entries::size);
    }

    @Override
    public void close() {
        order.shutdown();
    }

    final class Node<R> implements Log<R>, Quorum {
        private final long id;
        private final StateMachine<R> machine;
        private final List<Runnable> held = new ArrayList<>();
        private volatile boolean cutOff;
        private volatile long applied;
        private volatile Standing standing;

        Node(long id, StateMachine<R> machine) {
            this.id = id;
            this.machine = machine;
            this.applied = machine.durableIndex();
            this.standing = new Standing(0, id, 0, false, false, applied, applied);
        }

        private void stand() {
            standing = new Standing(term, id, leader, leader == id, false, applied, applied);
            machine.standingChanged(standing);
        }

        /** In batches of various sizes: how they are cut must not matter. */
        private void catchUp(int through) {
            while (applied < through) {
                int from = (int) applied;
                int to = Math.min(through, from + 1 + from % 5);
                machine.apply(entries.subList(from, to));
                applied = to;
            }
        }

        private void take(Node<?> other, Path directory) throws IOException {
            StateMachine.Copied copied = other.machine.checkpoint(directory);
            machine.install(directory);
            applied = copied.index();
        }

        private void forward() {
            List<Runnable> now = List.copyOf(held);
            held.clear();
            now.forEach(Runnable::run);
        }

        private void append(byte[] command, String traceparent, CompletableFuture<R> answer) {
            if (cutOff) {
                held.add(() -> append(command, traceparent, answer));
                return;
            }
            if (leader == 0 || node(leader).cutOff) {
                answer.completeExceptionally(noLeader());
                return;
            }
            long index = entries.size() + 1L;
            entries.add(new LogEntry(index, term, time.epochMillis(), traceparent, command));
            for (Node<?> node : nodes.values()) {
                if (!node.cutOff && node != this) {
                    node.catchUp(entries.size());
                }
            }
            catchUp(entries.size() - 1);
            R own = machine.apply(entries.subList(entries.size() - 1, entries.size())).getFirst();
            applied = index;
            answer.complete(own);
        }

        private LogRefusedException noLeader() {
            return new LogRefusedException(LogRefusedException.Reason.NOT_LEADER, "no leader");
        }

        @Override
        public CompletableFuture<R> propose(byte[] command, String traceparent) {
            CompletableFuture<R> answer = new CompletableFuture<>();
            order.execute(() -> append(command, traceparent, answer));
            return answer;
        }

        @Override
        public CompletableFuture<Long> readBarrier() {
            CompletableFuture<Long> reached = new CompletableFuture<>();
            order.execute(() -> {
                if (cutOff || leader == 0 || node(leader).cutOff) {
                    reached.completeExceptionally(noLeader());
                } else {
                    reached.complete(applied);
                }
            });
            return reached;
        }

        @Override
        public long appliedIndex() {
            return applied;
        }

        @Override
        public Standing standing() {
            return standing;
        }

        @Override
        public Optional<Quorum> quorum() {
            return Optional.of(this);
        }

        @Override
        public List<Peer> peers() {
            return peers;
        }

        @Override
        public CompletableFuture<Void> reconfigure(List<Peer> next) {
            return CompletableFuture.runAsync(
                    () -> {
                        configurations.add(next);
                        peers = List.copyOf(next);
                    },
                    order);
        }

        @Override
        public CompletableFuture<Void> transferLeadership(long to) {
            return CompletableFuture.runAsync(
                    () -> {
                        leader = to;
                        term++;
                        nodes.values().stream().filter(node -> !node.cutOff).forEach(Node::stand);
                    },
                    order);
        }

        @Override
        public CompletableFuture<byte[]> askLeader(byte[] question) {
            return CompletableFuture.supplyAsync(
                    () -> {
                        // Who is cut off asks whom it still believes in.
                        Node<?> asked = nodes.get(standing.leader());
                        if (asked == null || asked.cutOff != cutOff) {
                            throw noLeader();
                        }
                        return asked.machine.answer(question);
                    },
                    order);
        }

        @Override
        public long firstIndex() {
            return 1;
        }

        @Override
        public long bytesOnDisk() {
            return 0;
        }

        @Override
        public void truncate(long index) {}

        @Override
        public void close() {
            ordered(() -> {
                nodes.remove(id);
                return id;
            });
            machine.flush();
        }
    }
}
