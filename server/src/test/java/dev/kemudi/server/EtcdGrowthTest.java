package dev.kemudi.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.ClusterGrpc;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.MemberAddRequest;
import dev.kemudi.etcd.proto.MemberListRequest;
import dev.kemudi.etcd.proto.MemberRemoveRequest;
import dev.kemudi.etcd.proto.MemberRemoveResponse;
import dev.kemudi.etcd.proto.MemberUpdateRequest;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.RangeRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a log in a file to a log on three members, in this process. */
final class EtcdGrowthTest {
    private static final int MEMBERS = 3;
    private static final long SILENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

    @TempDir private Path folder;

    private final List<Integer> ports = freePorts();

    /** Those that were told that they are members no more. */
    private final Set<Integer> removed = ConcurrentHashMap.newKeySet();

    private static List<Integer> freePorts() {
        List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < 2 * MEMBERS; i++) {
                held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            List<Integer> ports = held.stream().map(ServerSocket::getLocalPort).toList();
            for (ServerSocket socket : held) {
                socket.close();
            }
            return ports;
        } catch (IOException e) {
            throw new IllegalStateException("no ports are free", e);
        }
    }

    private String peer(int member) {
        return "http://127.0.0.1:" + ports.get(MEMBERS + member);
    }

    private String client(int member) {
        return "http://127.0.0.1:" + ports.get(member);
    }

    private EtcdNode start(int member) throws IOException, InterruptedException {
        EtcdNode node = open(member);
        node.awaitReady();
        return node;
    }

    private EtcdNode open(int member) throws IOException {
        return open(member, peer(member));
    }

    private EtcdNode open(int member, String peerUrl) throws IOException {
        List<String> cluster = new ArrayList<>();
        for (int i = 0; i <= member; i++) {
            cluster.add("m" + i + "=" + (i == member ? peerUrl : peer(i)));
        }
        return EtcdNode.start(
                EtcdSettings.read(
                        List.of(
                                "--name=m" + member,
                                "--data-dir=" + folder.resolve("m" + member),
                                "--listen-client-urls=" + client(member),
                                "--advertise-client-urls=" + client(member),
                                "--listen-peer-urls=" + peerUrl,
                                "--initial-advertise-peer-urls=" + peerUrl,
                                "--initial-cluster=" + String.join(",", cluster),
                                "--initial-cluster-state=" + (member == 0 ? "new" : "existing")),
                        Map.of()),
                () -> removed.add(member));
    }

    private interface Use<T> {
        T with(ManagedChannel channel);
    }

    private <T> T use(int member, Use<T> use) {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", ports.get(member))
                        .usePlaintext()
                        .build();
        try {
            return use.with(channel);
        } finally {
            channel.shutdownNow();
        }
    }

    private void put(int member, String key) {
        ByteString bytes = ByteString.copyFromUtf8(key);
        PutRequest request = PutRequest.newBuilder().setKey(bytes).setValue(bytes).build();
        var unused =
                use(
                        member,
                        channel ->
                                KVGrpc.newBlockingStub(channel)
                                        .withDeadlineAfter(5, TimeUnit.SECONDS)
                                        .put(request));
    }

    private boolean has(int member, String key) {
        RangeRequest request =
                RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build();
        return use(
                member,
                channel ->
                        KVGrpc.newBlockingStub(channel)
                                        .withDeadlineAfter(5, TimeUnit.SECONDS)
                                        .range(request)
                                        .getCount()
                                == 1);
    }

    /** The member that is asked may be busy with the one before: as an operator would, again. */
    private void declare(int member) {
        MemberAddRequest request = MemberAddRequest.newBuilder().addPeerURLs(peer(member)).build();
        Eventually.holds(
                "member m" + member + " is declared",
                () ->
                        use(
                                0,
                                channel ->
                                        ClusterGrpc.newBlockingStub(channel)
                                                        .withDeadlineAfter(10, TimeUnit.SECONDS)
                                                        .memberAdd(request)
                                                        .getMembersCount()
                                                == member + 1));
    }

    private void remove(int member) {
        MemberRemoveResponse response =
                use(
                        0,
                        channel -> {
                            ClusterGrpc.ClusterBlockingStub cluster =
                                    ClusterGrpc.newBlockingStub(channel)
                                            .withDeadlineAfter(10, TimeUnit.SECONDS);
                            long id =
                                    cluster
                                            .memberList(MemberListRequest.getDefaultInstance())
                                            .getMembersList()
                                            .stream()
                                            .filter(one -> one.getPeerURLs(0).equals(peer(member)))
                                            .findFirst()
                                            .orElseThrow()
                                            .getID();
                            return cluster.memberRemove(
                                    MemberRemoveRequest.newBuilder().setID(id).build());
                        });
        assertThat(response.getMembersCount()).isEqualTo(MEMBERS - 1);
    }

    /** Its id follows from its addresses, so by its flags it is nobody that is declared. */
    @Test
    void aMemberThatMovedToAnotherAddressIsNotTakenForRemoved() throws Exception {
        try (EtcdNode node = start(0)) {
            put(0, "before");
            Eventually.holds(
                    "the directory is marked",
                    () -> Files.exists(folder.resolve("m0/store/member")));
            long id =
                    use(
                            0,
                            channel ->
                                    ClusterGrpc.newBlockingStub(channel)
                                            .memberList(MemberListRequest.getDefaultInstance())
                                            .getMembers(0)
                                            .getID());
            MemberUpdateRequest moved =
                    MemberUpdateRequest.newBuilder().setID(id).addPeerURLs(peer(1)).build();
            var unused =
                    use(0, channel -> ClusterGrpc.newBlockingStub(channel).memberUpdate(moved));
        }
        try (EtcdNode node = open(0, peer(1))) {
            node.awaitReady();
            Eventually.holds("what it had is there", () -> has(0, "before"));
            node.awaitLook();
            assertThat(removed).isEmpty();
        }
    }

    @Test
    void oneMemberBecomesThreeAndKeepsWhatItHadAndOneThatIsRemovedEnds()
            throws IOException, InterruptedException {
        List<EtcdNode> nodes = new ArrayList<>();
        try {
            nodes.add(start(0));
            put(0, "alone");
            for (int member = 1; member < MEMBERS; member++) {
                declare(member);
                long declaredNanos = System.nanoTime();
                Eventually.holds(
                        "the leader has found nobody there for longer than an election takes",
                        () -> System.nanoTime() - declaredNanos > SILENCE_NANOS);
                nodes.add(start(member));
                int newest = member;
                Eventually.holds(
                        "the newest member has what there was", () -> has(newest, "alone"));
                put(member, "with " + member);
            }
            for (int member = 0; member < MEMBERS; member++) {
                assertThat(has(member, "alone")).isTrue();
                assertThat(has(member, "with 1")).isTrue();
                assertThat(has(member, "with 2")).isTrue();
            }
            remove(MEMBERS - 1);
            Eventually.holds("the removed member knows", () -> removed.contains(MEMBERS - 1));
            nodes.removeLast().close();
            removed.clear();
            nodes.add(open(MEMBERS - 1));
            Eventually.holds("its directory knows as well", () -> removed.contains(MEMBERS - 1));
            put(0, "without");
            assertThat(has(1, "without")).isTrue();
            assertThat(removed).containsExactly(MEMBERS - 1);
        } finally {
            nodes.forEach(EtcdNode::close);
        }
    }
}
