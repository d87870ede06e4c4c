package dev.kemudi.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.etcd.proto.MaintenanceGrpc;
import dev.kemudi.etcd.proto.MoveLeaderRequest;
import dev.kemudi.etcd.proto.StatusRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three whole members in this process. */
final class ClusterTest {
    private static final List<String> NAMES = List.of("a", "b", "c");

    @TempDir private Path folder;

    private record Member(String name, Path data, int gatewayPort, Platform platform) {
        /** What acts has the gateway's port open. */
        boolean acts() {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress("127.0.0.1", gatewayPort), 1_000);
                return true;
            } catch (IOException e) {
                return false;
            }
        }

        /** Runs the pod, and says so. */
        boolean runs(ApiObject pod) {
            ApiObject now = platform.client("tester").get(Resource.PODS, "default", pod.name());
            return acts()
                    && Files.isDirectory(data.resolve("pods").resolve(pod.uid()))
                    && now.text("/status/phase").equals("Running")
                    && ready(platform.client("tester"));
        }

        private static boolean ready(ApiClient client) {
            return client.get(Resource.DEPLOYMENTS, "default", "sleeper")
                            .integer("/status/readyReplicas", 0)
                    == 1;
        }
    }

    @Test
    void whatActsFollowsTheLeaderAndIsNowhereElse() throws Exception {
        List<Member> members = start();
        try {
            Eventually.holds("one acts", () -> acting(members).size() == 1);
            Member first = acting(members).getFirst();
            List<Member> others = new ArrayList<>(members);
            others.remove(first);
            others.getFirst().platform().client("tester").create(Resource.DEPLOYMENTS, sleeper());
            ApiObject pod = pod(first);

            move(first, others.getFirst());
            Eventually.holds("the next runs the pod", () -> others.getFirst().runs(pod));
            Eventually.holds("one acts", () -> acting(members).size() == 1);

            others.getFirst().platform().close();
            Eventually.holds(
                    "one of the rest runs the pod",
                    () -> first.runs(pod) || others.getLast().runs(pod));
            assertThat(acting(members)).hasSize(1);
        } finally {
            members.forEach(member -> member.platform().close());
        }
    }

    private static List<Member> acting(List<Member> members) {
        return members.stream().filter(Member::acts).toList();
    }

    private static ApiObject pod(Member acting) {
        ApiClient client = acting.platform().client("tester");
        Eventually.holds(
                "the pod runs",
                () -> pods(client).stream().findFirst().filter(acting::runs).isPresent());
        return pods(client).getFirst();
    }

    private static List<ApiObject> pods(ApiClient client) {
        return client.list(Resource.PODS, "default", ListOptions.ALL).items();
    }

    private static ApiObject sleeper() {
        return ApiObject.parse(
                """
                {"metadata":{"name":"sleeper","namespace":"default"},"spec":{"replicas":1,
                 "selector":{"matchLabels":{"app":"sleeper"}},
                 "template":{"metadata":{"labels":{"app":"sleeper"}},"spec":{
                  "terminationGracePeriodSeconds":1,
                  "containers":[{"name":"sleep","image":"host","command":["sleep","600"]}]}}}}\
                """);
    }

    /** As {@code etcdctl move-leader} asks. */
    private static void move(Member from, Member to) throws InterruptedException {
        ManagedChannel leader = channel(from);
        ManagedChannel next = channel(to);
        try {
            long id =
                    MaintenanceGrpc.newBlockingStub(next)
                            .status(StatusRequest.getDefaultInstance())
                            .getHeader()
                            .getMemberId();
            var _ =
                    MaintenanceGrpc.newBlockingStub(leader)
                            .moveLeader(MoveLeaderRequest.newBuilder().setTargetID(id).build());
        } finally {
            leader.shutdownNow();
            next.shutdownNow();
        }
    }

    private static ManagedChannel channel(Member member) {
        return NettyChannelBuilder.forTarget(member.platform().endpoints().etcd())
                .usePlaintext()
                .build();
    }

    private List<Member> start() throws IOException {
        List<Integer> ports = freePorts(2 * NAMES.size());
        Map<String, String> peers = new LinkedHashMap<>();
        for (int i = 0; i < NAMES.size(); i++) {
            peers.put(NAMES.get(i), "127.0.0.1:" + ports.get(i));
        }
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<Member>> starting = new ArrayList<>();
            for (int i = 0; i < NAMES.size(); i++) {
                String name = NAMES.get(i);
                int gatewayPort = ports.get(NAMES.size() + i);
                starting.add(
                        CompletableFuture.supplyAsync(
                                () -> member(name, gatewayPort, peers), executor));
            }
            return starting.stream().map(CompletableFuture::join).toList();
        }
    }

    private Member member(String name, int gatewayPort, Map<String, String> peers) {
        Path data = folder.resolve(name);
        Options options =
                new Options(data, false, "127.0.0.1", 0, 0, gatewayPort, 0)
                        .clustered(new Peers(name, peers, Optional.empty(), false));
        return new Member(name, data, gatewayPort, Platform.start(options));
    }

    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            return held.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket socket : held) {
                socket.close();
            }
        }
    }
}
