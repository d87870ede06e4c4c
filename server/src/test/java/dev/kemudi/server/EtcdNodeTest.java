package dev.kemudi.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.etcd.proto.RangeRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class EtcdNodeTest {
    @TempDir private Path folder;

    private static EtcdNode start(Path data, String... more)
            throws IOException, InterruptedException {
        List<String> flags =
                new ArrayList<>(
                        List.of(
                                "--data-dir=" + data,
                                "--listen-client-urls=http://127.0.0.1:0",
                                "--advertise-client-urls=http://127.0.0.1:0"));
        flags.addAll(List.of(more));
        EtcdNode node = EtcdNode.start(EtcdSettings.read(flags, Map.of()), () -> {});
        node.awaitReady();
        return node;
    }

    @Test
    void aDirectoryOfAnEtcdWithoutItsDatabaseIsNoEmptyOne() throws IOException {
        Files.createDirectories(folder.resolve("old/member/wal"));
        assertThatThrownBy(() -> start(folder.resolve("old")))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("old/member/snap/db is missing");
    }

    private interface Use {
        void with(KVGrpc.KVBlockingStub keys);
    }

    private static void use(EtcdNode node, Use use) {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", node.port()).usePlaintext().build();
        try {
            use.with(KVGrpc.newBlockingStub(channel));
        } finally {
            channel.shutdownNow();
        }
    }

    private static void put(EtcdNode node, String key) {
        ByteString bytes = ByteString.copyFromUtf8(key);
        use(
                node,
                keys -> {
                    var unused =
                            keys.put(PutRequest.newBuilder().setKey(bytes).setValue(bytes).build());
                });
    }

    private static boolean has(EtcdNode node, String key) {
        boolean[] found = {false};
        RangeRequest request =
                RangeRequest.newBuilder().setKey(ByteString.copyFromUtf8(key)).build();
        use(node, keys -> found[0] = keys.range(request).getCount() == 1);
        return found[0];
    }

    /** What {@code kemudi store …} prints, as JSON; it must end with {@code code}. */
    private String store(int code, String... arguments) {
        StringWriter out = new StringWriter();
        CommandLine line = new CommandLine(new StoreCommand());
        line.setCaseInsensitiveEnumValuesAllowed(true).setOut(new PrintWriter(out, true));
        assertThat(line.execute(arguments)).isEqualTo(code);
        return out.toString();
    }

    @Test
    void whatWasPutIsThereAfterARestart() throws IOException, InterruptedException {
        try (EtcdNode node = start(folder)) {
            put(node, "kept");
        }
        try (EtcdNode node = start(folder)) {
            assertThat(has(node, "kept")).isTrue();
        }
    }

    @Test
    void aSnapshotIsRestoredIntoADirectoryOfItsOwn() throws IOException, InterruptedException {
        Path first = folder.resolve("first");
        Path second = folder.resolve("second");
        Path file = folder.resolve("copy.db");
        try (EtcdNode node = start(first)) {
            put(node, "copied");
            assertThat(store(0, "status", "--data-dir", first.toString(), "-o", "json"))
                    .contains("\"role\" : \"leader\"");
            assertThat(store(0, "hash", "--data-dir", first.toString(), "-o", "json"))
                    .contains("\"hash\"");
            assertThat(
                            store(
                                    0,
                                    "snapshot",
                                    file.toString(),
                                    "--data-dir",
                                    first.toString(),
                                    "-o",
                                    "json"))
                    .contains("\"revision\" : 2");
        }
        assertThat(store(0, "restore", file.toString(), "--data-dir", second.toString()))
                .contains("revision 2");
        try (EtcdNode node = start(second)) {
            assertThat(has(node, "copied")).isTrue();
        }
    }

    @Test
    void aDamagedSnapshotIsNotRestored() throws IOException, InterruptedException {
        Path file = folder.resolve("copy.db");
        try (EtcdNode node = start(folder.resolve("first"))) {
            put(node, "copied");
            store(0, "snapshot", file.toString(), "--data-dir", folder.resolve("first").toString());
        }
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() ->
                        SnapshotImport.load(
                                file,
                                dev.kemudi.bolt.EtcdSnapshotReader.Checksum.REQUIRED,
                                folder.resolve("second"),
                                dev.kemudi.store.Limits.defaults()))
                .isInstanceOf(FailedException.class)
                .hasMessageContaining("not a whole snapshot");
    }

    @Test
    void aDirectoryInUseIsRefused() throws IOException, InterruptedException {
        try (EtcdNode node = start(folder)) {
            assertThatThrownBy(() -> start(folder))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another process");
            put(node, "still");
        }
    }

    @Test
    void anAddressThatClientsAreNotToldOfIsRefused() {
        EtcdSettings settings =
                EtcdSettings.read(List.of("--listen-client-urls=http://127.0.0.1:0"), Map.of());
        assertThatThrownBy(() -> EtcdNode.start(settings, () -> {}))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("advertise");
    }

    @Test
    void limitsAreThoseOfTheFlags() {
        EtcdSettings settings =
                EtcdSettings.read(
                        List.of("--max-request-bytes=1000", "--max-concurrent-streams=3"),
                        Map.of());
        assertThat(EtcdDoors.limits(settings).requestBytesMax()).isEqualTo(1_000);
        assertThat(EtcdDoors.limits(settings).callsPerConnectionMax()).isEqualTo(3);
    }
}
