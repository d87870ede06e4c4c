package dev.kemudi.conformance.testing;

import dev.kemudi.conformance.testing.History.Violation;
import dev.kemudi.etcd.proto.CompactionRequest;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.LeaseGrpc;
import dev.kemudi.etcd.proto.LeaseLeasesRequest;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.RangeRequest;
import dev.kemudi.etcd.proto.StatusRequest;
import dev.kemudi.etcd.proto.StatusResponse;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A cluster of real processes that can be hurt and healed. One thread hurts. */
final class Faulty implements AutoCloseable {
    private static final Pattern HASH = Pattern.compile("\"hash\":(\\d+)");
    private static final Pattern MEMBER = Pattern.compile("([0-9a-f]+), (\\w+), (n\\d+)?, ");
    private static final long START_MILLIS = 90_000;

    private final List<Node> nodes = new ArrayList<>();
    private final Random random;
    private final String etcdctl;
    private final boolean disks;
    private final List<Fault> undrawn = new ArrayList<>();
    private LongSupplier compactable = () -> 0;
    private long compacted;

    Faulty(Node.Setup setup, long seed, String etcdctl, boolean disks) {
        for (int i = 1; i <= setup.nodes(); i++) {
            nodes.add(new Node(setup, i));
        }
        random = new Random(seed);
        this.etcdctl = etcdctl;
        this.disks = disks;
    }

    List<Node> nodes() {
        return nodes;
    }

    /** Up to which revision nobody needs the past any more. */
    void compactable(LongSupplier upTo) {
        compactable = upTo;
    }

    long compacted() {
        return compacted;
    }

    int exits() {
        return nodes.stream().mapToInt(Node::exits).sum();
    }

    private String members() {
        return nodes.stream()
                .map(n -> n.name() + "=" + n.peerUrl())
                .collect(Collectors.joining(","));
    }

    boolean startAll() {
        nodes.forEach(node -> node.start(members(), false));
        return recovered(2 * START_MILLIS);
    }

    /** Each fault once before any twice, in an order of the seed's. */
    Fault draw(Set<Fault> possible) {
        if (undrawn.isEmpty()) {
            undrawn.addAll(possible);
        }
        return undrawn.remove(random.nextInt(undrawn.size()));
    }

    private Node any() {
        return nodes.get(random.nextInt(nodes.size()));
    }

    private void hold() {
        Pace.millis(500 + random.nextInt(2_500));
    }

    private Optional<StatusResponse> status(Node node) {
        try {
            return Optional.of(
                    MaintenanceGrpc.newBlockingStub(node.channel())
                            .withDeadlineAfter(1, TimeUnit.SECONDS)
                            .status(StatusRequest.getDefaultInstance()));
        } catch (StatusRuntimeException e) {
            node.channel().resetConnectBackoff();
            return Optional.empty();
        }
    }

    private Node leader() {
        for (Node node : nodes) {
            Optional<StatusResponse> status = status(node);
            if (status.isPresent()
                    && status.get().getLeader() == status.get().getHeader().getMemberId()) {
                return node;
            }
        }
        return any();
    }

    void inject(Fault fault) {
        switch (fault) {
            case KILL_ONE -> restart(any(), 1);
            case KILL_LEADER -> restart(leader(), 1);
            case KILL_TWICE -> restart(any(), 2);
            case KILL_ALL -> {
                nodes.forEach(Node::kill);
                nodes.forEach(node -> node.start(members(), false));
            }
            case PAUSE_ONE -> pause(any());
            case PAUSE_LEADER -> pause(leader());
            case CUT_ONE -> cut(any(), true);
            case CUT_LEADER -> cut(leader(), true);
            case CUT_ONE_WAY -> cut(any(), false);
            case UNPLUG_ONE -> {
                Node node = any();
                node.unplug();
                hold();
                node.plug();
            }
            case FULL_DISK -> {
                Node node = any();
                node.fill();
                hold();
                node.empty();
            }
            case SLOW_DISK -> {
                Node node = any();
                node.slowDisk(5 + random.nextInt(20));
                hold();
                node.slowDisk(0);
            }
            case CLOCK_STEP -> {
                Node node = any();
                node.clock(random.nextBoolean() ? "+" + random.nextInt(9_000) : "-7200");
                hold();
                node.clock("+0");
            }
            case COMPACT -> compact();
            case DEFRAGMENT -> admin(any(), "defrag");
            case TRANSFER -> transfer();
            case REPLACE_MEMBER -> replace(any());
        }
    }

    private void restart(Node node, int times) {
        for (int i = 0; i < times; i++) {
            node.kill();
            Pace.millis(random.nextInt(800));
            node.start(members(), false);
            // A second kill meets it while it starts.
            Pace.millis(i + 1 < times ? random.nextInt(1_500) : 0);
        }
    }

    private void pause(Node node) {
        node.hold();
        hold();
        node.release();
    }

    private void cut(Node node, boolean bothWays) {
        for (Node other : nodes) {
            if (other != node) {
                node.deafen(other);
                if (bothWays) {
                    other.deafen(node);
                }
            }
        }
        hold();
        hold();
        heal(node);
    }

    private void heal(Node node) {
        for (Node other : nodes) {
            if (other != node) {
                node.hear(other);
                other.hear(node);
            }
        }
    }

    private void compact() {
        long target = compactable.getAsLong() - random.nextInt(10);
        if (target <= compacted + 1) {
            return;
        }
        compact(any(), target, random.nextBoolean());
        compacted = target;
    }

    static void compact(Node node, long revision, boolean physical) {
        try {
            KVGrpc.newBlockingStub(node.channel())
                    .withDeadlineAfter(5, TimeUnit.SECONDS)
                    .compact(
                            CompactionRequest.newBuilder()
                                    .setRevision(revision)
                                    .setPhysical(physical)
                                    .build());
        } catch (StatusRuntimeException e) {
            System.out.println("  compaction: " + e.getStatus());
        }
    }

    static long revision(Node node) {
        return KVGrpc.newBlockingStub(node.channel())
                .withDeadlineAfter(10, TimeUnit.SECONDS)
                .range(RangeRequest.newBuilder().setKey(Wires.bytes("health")).build())
                .getHeader()
                .getRevision();
    }

    private Shell.Ended admin(Node through, String... words) {
        List<String> command =
                new ArrayList<>(List.of(etcdctl, "--endpoints=" + through.clientUrl()));
        command.addAll(List.of("--command-timeout=10s", "--dial-timeout=3s"));
        command.addAll(List.of(words));
        Shell.Ended ended = Shell.run(Map.of("ETCDCTL_API", "3"), command);
        if (!ended.fine()) {
            System.out.println("  etcdctl " + String.join(" ", words) + ": " + ended.said());
        }
        return ended;
    }

    private Map<String, String> memberIds(Node through) {
        Map<String, String> ids = new HashMap<>();
        Matcher matcher = MEMBER.matcher(admin(through, "member", "list").said());
        while (matcher.find()) {
            ids.put(String.valueOf(matcher.group(3)), matcher.group(1));
        }
        return ids;
    }

    private void transfer() {
        Node leader = leader();
        Node target =
                nodes.get((leader.number() + random.nextInt(nodes.size() - 1)) % nodes.size());
        Optional.ofNullable(memberIds(leader).get(target.name()))
                .ifPresent(id -> admin(leader, "move-leader", id));
    }

    /** Takes a member out, forgets its disk, and lets it join again: it must be sent a snapshot. */
    private void replace(Node node) {
        Node through = nodes.get(node.number() % nodes.size());
        String id = memberIds(through).get(node.name());
        if (id == null || !admin(through, "member", "remove", id).fine()) {
            return;
        }
        node.kill();
        node.wipe();
        boolean added =
                Pace.until(
                        20_000,
                        () ->
                                admin(
                                                through,
                                                "member",
                                                "add",
                                                node.name(),
                                                "--peer-urls=" + node.peerUrl())
                                        .fine());
        if (added) {
            node.start(members(), true);
        }
    }

    /** Whether every node is up and answers a linearizable read within the time. */
    boolean recovered(long withinMillis) {
        Set<Node> well = new TreeSet<>((a, b) -> Integer.compare(a.number(), b.number()));
        return Pace.until(
                withinMillis,
                () -> {
                    for (Node node : nodes) {
                        if (!node.alive()) {
                            node.noteExit();
                            well.remove(node);
                            node.start(members(), false);
                        }
                        if (!well.contains(node) && answers(node)) {
                            well.add(node);
                        }
                    }
                    return well.size() == nodes.size();
                });
    }

    private static boolean answers(Node node) {
        try {
            node.channel().resetConnectBackoff();
            KVGrpc.newBlockingStub(node.channel())
                    .withDeadlineAfter(2, TimeUnit.SECONDS)
                    .range(RangeRequest.newBuilder().setKey(Wires.bytes("health")).build());
            return true;
        } catch (StatusRuntimeException e) {
            return false;
        }
    }

    int leases() {
        try {
            return LeaseGrpc.newBlockingStub(nodes.getFirst().channel())
                    .withDeadlineAfter(2, TimeUnit.SECONDS)
                    .leaseLeases(LeaseLeasesRequest.getDefaultInstance())
                    .getLeasesCount();
        } catch (StatusRuntimeException e) {
            return -1;
        }
    }

    /** All members' hashes of the whole key space agree. */
    Optional<Violation> hashes() {
        Map<String, String> byNode = new HashMap<>();
        for (Node node : nodes) {
            Shell.Ended ended = admin(node, "endpoint", "hashkv", "-w", "json");
            Matcher matcher = HASH.matcher(ended.said());
            if (!ended.fine() || !matcher.find()) {
                return Optional.of(new Violation("no hash", node.name() + ": " + ended.said()));
            }
            byNode.put(node.name(), matcher.group(1));
        }
        System.out.println("hashes " + byNode);
        return Set.copyOf(byNode.values()).size() == 1
                ? Optional.empty()
                : Optional.of(new Violation("hashes differ", byNode.toString()));
    }

    void healAll() {
        for (Node node : nodes) {
            if (node.alive()) {
                node.release();
            }
            heal(node);
            if (disks) {
                node.empty();
                node.slowDisk(0);
            }
        }
    }

    @Override
    public void close() {
        nodes.forEach(node -> {
            node.kill();
            node.channel().shutdownNow();
        });
    }
}
