package dev.kemudi.server;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.RangeRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A short life of one member, for the JVM to remember which classes and profiles a start needs. */
final class EtcdTrain {
    private static final int REQUESTS = 500;

    private EtcdTrain() {}

    static void run() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("kemudi-train");
        try {
            EtcdSettings settings =
                    EtcdSettings.read(
                            List.of(
                                    "--data-dir=" + directory,
                                    "--log-outputs=/dev/null",
                                    "--listen-client-urls=http://127.0.0.1:0",
                                    "--advertise-client-urls=http://127.0.0.1:0"),
                            Map.of());
            EtcdLine.speak(settings);
            try (EtcdNode node = EtcdNode.start(settings)) {
                node.awaitReady();
                use(node.port());
            }
        } finally {
            Train.delete(directory);
        }
    }

    private static void use(int port) {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
        try {
            KVGrpc.KVBlockingStub keys = KVGrpc.newBlockingStub(channel);
            ByteString key = ByteString.copyFromUtf8("trained");
            for (int i = 0; i < REQUESTS; i++) {
                keys.put(PutRequest.newBuilder().setKey(key).setValue(key).build());
                keys.range(RangeRequest.newBuilder().setKey(key).build());
            }
        } finally {
            channel.shutdownNow();
        }
    }
}
