package dev.kemudi.conformance.testing;

import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.kemudi.etcd.Config;
import dev.kemudi.etcd.EtcdServer;
import dev.kemudi.etcd.Limits;
import dev.kemudi.etcd.proto.ElectionProto;
import dev.kemudi.etcd.proto.LockProto;
import dev.kemudi.etcd.proto.RpcProto;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Any message to any unary method of a server in this process: it is answered, with a value or a
 * refusal, never with INTERNAL or UNKNOWN and never not at all. The first byte of an input chooses
 * the method, the rest is the request. Run by {@code conformance/fuzz.sh}.
 */
public final class EtcdFuzz {
    private static final int DEADLINE_SECONDS = 10;

    /** These may wait for something that never comes, by contract. */
    private static final Set<String> WAITING = Set.of("Lock", "Campaign");

    private static final List<MethodDescriptor> METHODS = methods();
    private static final ManagedChannel CHANNEL = start();

    private EtcdFuzz() {}

    private static List<MethodDescriptor> methods() {
        List<MethodDescriptor> found = new ArrayList<>();
        for (FileDescriptor file :
                List.of(
                        RpcProto.getDescriptor(),
                        LockProto.getDescriptor(),
                        ElectionProto.getDescriptor())) {
            for (ServiceDescriptor service : file.getServices()) {
                for (MethodDescriptor method : service.getMethods()) {
                    if (!method.isClientStreaming()
                            && !method.isServerStreaming()
                            && !WAITING.contains(method.getName())) {
                        found.add(method);
                    }
                }
            }
        }
        return found;
    }

    private static ManagedChannel start() {
        PrometheusRegistry registry = new PrometheusRegistry();
        Store store = KemudiStore.inMemory(TimeSource.system(), registry);
        EtcdServer server =
                new EtcdServer(new Config("127.0.0.1", 0), store, registry, Limits.defaults());
        try {
            server.start();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    }

    /** An empty request and one with a key to each method, from which the fuzzer begins. */
    public static void main(String[] arguments) throws IOException {
        for (int i = 0; i < METHODS.size(); i++) {
            byte[] key = {(byte) i, 0x0a, 3, 'k', 'e', 'y', 0x12, 1, 'v'};
            Files.write(Path.of(arguments[0], "seed-" + i), key);
            Files.write(Path.of(arguments[0], "empty-" + i), new byte[] {(byte) i});
        }
        CHANNEL.shutdownNow();
        System.exit(0); // the server's threads
    }

    static List<MethodDescriptor> fuzzed() {
        return METHODS;
    }

    /** One input. */
    public static void fuzzerTestOneInput(byte[] input) {
        if (input.length == 0) {
            return;
        }
        MethodDescriptor method = METHODS.get((input[0] & 0xff) % METHODS.size());
        DynamicMessage request;
        try {
            request =
                    DynamicMessage.parseFrom(
                            method.getInputType(), Arrays.copyOfRange(input, 1, input.length));
        } catch (InvalidProtocolBufferException undecodable) {
            return;
        }
        try {
            ClientCalls.blockingUnaryCall(
                    CHANNEL,
                    Replay.wire(method),
                    CallOptions.DEFAULT.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS),
                    request);
        } catch (StatusRuntimeException e) {
            Status.Code code = e.getStatus().getCode();
            // etcd itself tells a few refusals as UNKNOWN, with a text; gRPC's for a bug is its
            // own.
            String text = String.valueOf(e.getStatus().getDescription());
            boolean refusal = !text.equals("null") && !text.startsWith("Application error");
            if (code == Status.Code.INTERNAL
                    || (code == Status.Code.UNKNOWN && !refusal)
                    || code == Status.Code.DEADLINE_EXCEEDED) {
                throw new AssertionError(
                        method.getFullName() + " answered " + e.getStatus() + " to: " + request, e);
            }
        }
    }
}
