package dev.kemudi.server;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.KVGrpc;
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
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Short lives of one member alone and of three together, for the JVM to remember which classes and
 * profiles a start and an election need.
 */
final class EtcdTrain {
    private static final int REQUESTS_ALONE = 500;
    private static final int REQUESTS_TOGETHER = 50;

    private EtcdTrain() {}

    static void run() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("kemudi-train");
        try {
            try (EtcdNode alone = start(directory.resolve("alone"))) {
                alone.awaitReady();
                use(alone.port(), REQUESTS_ALONE);
            }
            liveAsThree(directory);
        } finally {
            Train.delete(directory);
        }
    }

    /** A leader goes, and what is left elects another: an election must not wait for classes. */
    private static void liveAsThree(Path directory) throws IOException, InterruptedException {
        List<String> urls = peerUrls();
        String members =
                IntStream.range(0, urls.size())
                        .mapToObj(i -> "m%d=%s".formatted(i, urls.get(i)))
                        .collect(Collectors.joining(","));
        List<EtcdNode> nodes = new ArrayList<>();
        try {
            for (int i = 0; i < urls.size(); i++) {
                nodes.add(
                        start(
                                directory.resolve("m" + i),
                                "--name=m" + i,
                                "--listen-peer-urls=" + urls.get(i),
                                "--initial-advertise-peer-urls=" + urls.get(i),
                                "--initial-cluster=" + members));
            }
            for (EtcdNode node : nodes) {
                node.awaitReady();
                use(node.port(), REQUESTS_TOGETHER);
            }
            EtcdNode leader = nodes.stream().filter(EtcdNode::leads).findFirst().orElseThrow();
            nodes.remove(leader);
            leader.close();
            use(nodes.getFirst().port(), REQUESTS_TOGETHER);
        } finally {
            nodes.forEach(EtcdNode::close);
        }
    }

    private static EtcdNode start(Path data, String... more) throws IOException {
        List<String> flags =
                new ArrayList<>(
                        List.of(
                                "--data-dir=" + data,
                                "--log-outputs=/dev/null",
                                "--listen-client-urls=http://127.0.0.1:0",
                                "--advertise-client-urls=http://127.0.0.1:0"));
        flags.addAll(List.of(more));
        EtcdSettings settings = EtcdSettings.read(flags, Map.of());
        EtcdLine.speak(settings);
        return EtcdNode.start(settings, () -> {});
    }

    /** Members must know one another's before any of them listens. */
    private static List<String> peerUrls() throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (ServerSocket one = new ServerSocket(0, 1, loopback);
                ServerSocket two = new ServerSocket(0, 1, loopback);
                ServerSocket three = new ServerSocket(0, 1, loopback)) {
            return Stream.of(one, two, three)
                    .map(socket -> "http://127.0.0.1:" + socket.getLocalPort())
                    .toList();
        }
    }

    private static void use(int port, int requests) {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
        try {
            KVGrpc.KVBlockingStub keys = KVGrpc.newBlockingStub(channel);
            ByteString key = ByteString.copyFromUtf8("trained");
            for (int i = 0; i < requests; i++) {
                keys.put(PutRequest.newBuilder().setKey(key).setValue(key).build());
                keys.range(RangeRequest.newBuilder().setKey(key).build());
            }
        } finally {
            channel.shutdownNow();
        }
    }
}
