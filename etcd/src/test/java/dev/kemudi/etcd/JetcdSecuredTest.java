package dev.kemudi.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.etcd.jetcd.Auth;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.ClientBuilder;
import io.etcd.jetcd.auth.Permission;
import io.etcd.jetcd.maintenance.StatusResponse;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program on jetcd gets over TLS: certificates, accounts, maintenance. */
class JetcdSecuredTest {
    private static final List<String> HERE = List.of("localhost", "127.0.0.1");

    @TempDir private Path directory;
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Store store = KemudiStore.inMemory(TimeSource.system(), registry);
    private EtcdServer server;
    private Client anybody;

    @BeforeEach
    void start() throws Exception {
        Path certificate = directory.resolve("server.pem");
        Path key = directory.resolve("server.key");
        SelfSigned.write(certificate, key, HERE);
        SelfSigned.write(directory.resolve("c.pem"), directory.resolve("c.key"), HERE, "carol");
        Config config =
                new Config(
                        List.of(URI.create("https://127.0.0.1:0")),
                        List.of(),
                        Config.Tls.of(certificate, key).withClients(directory.resolve("c.pem")),
                        new Config.Accounts("simple", 300, 4),
                        0,
                        true,
                        directory);
        server = new EtcdServer(config, store, registry, Limits.defaults());
        server.start();
        anybody = secured(Optional.of("c")).build();
    }

    @AfterEach
    void stop() {
        anybody.close();
        server.close();
        store.close();
    }

    private String address() {
        return "https://127.0.0.1:" + server.port();
    }

    private ClientBuilder secured(Optional<String> certificate) throws Exception {
        var trusted = Pem.certificates(directory.resolve("server.pem")).getFirst();
        return Client.builder()
                .endpoints(address())
                .sslContext(tls -> {
                    tls.trustManager(trusted);
                    certificate.ifPresent(name ->
                            tls.keyManager(
                                    directory.resolve(name + ".pem").toFile(),
                                    directory.resolve(name + ".key").toFile()));
                });
    }

    private static ByteSequence b(String text) {
        return ByteSequence.from(text, StandardCharsets.UTF_8);
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(20, TimeUnit.SECONDS);
    }

    @Test
    void whoShowsNoCertificateIsNotServed() throws Exception {
        get(anybody.getKVClient().put(b("a"), b("1")));
        try (Client stranger = secured(Optional.empty()).retryMaxAttempts(1).build()) {
            var written = stranger.getKVClient().put(b("a"), b("2"));
            assertThatThrownBy(() -> written.get(3, TimeUnit.SECONDS))
                    .isInstanceOf(Exception.class);
        }
        assertThat(get(anybody.getKVClient().get(b("a"))).getKvs().getFirst().getValue())
                .isEqualTo(b("1"));
    }

    private void accounts() throws Exception {
        Auth auth = anybody.getAuthClient();
        get(auth.roleAdd(b("r")));
        get(auth.roleGrantPermission(b("r"), b("a/"), b("a0"), Permission.Type.READWRITE));
        for (String name : List.of("root", "alice")) {
            get(auth.userAdd(b(name), b(name + "'s")));
        }
        get(auth.roleAdd(b("root")));
        get(auth.userGrantRole(b("root"), b("root")));
        get(auth.userGrantRole(b("alice"), b("r")));
        get(auth.authEnable());
    }

    @Test
    void anAccountMayDoWhatItsRolesPermitAndNothingElse() throws Exception {
        accounts();
        try (Client alice =
                        secured(Optional.of("c")).user(b("alice")).password(b("alice's")).build();
                Client root =
                        secured(Optional.of("c")).user(b("root")).password(b("root's")).build();
                Client wrong =
                        secured(Optional.of("c")).user(b("alice")).password(b("x")).build()) {
            get(alice.getKVClient().put(b("a/1"), b("x")));
            assertThatThrownBy(() -> get(alice.getKVClient().put(b("b"), b("x"))))
                    .hasStackTraceContaining("etcdserver: permission denied");
            assertThatThrownBy(() -> get(alice.getAuthClient().userList()))
                    .hasStackTraceContaining("etcdserver: permission denied");
            assertThatThrownBy(() -> get(wrong.getKVClient().put(b("a/1"), b("y"))))
                    .hasStackTraceContaining("authentication failed");
            assertThat(get(root.getKVClient().get(b("a/1"))).getCount()).isEqualTo(1);
            get(root.getAuthClient().userRevokeRole(b("alice"), b("r")));
            assertThatThrownBy(() -> get(alice.getKVClient().put(b("a/1"), b("z"))))
                    .hasStackTraceContaining("etcdserver: permission denied");
            get(root.getAuthClient().authDisable());
        }
        get(anybody.getKVClient().put(b("b"), b("open again")));
    }

    @Test
    void maintenanceTellsWhatIsThereAndCopiesIt() throws Exception {
        get(anybody.getKVClient().put(b("a"), b("1")));
        var maintenance = anybody.getMaintenanceClient();
        StatusResponse status = get(maintenance.statusMember(address()));
        assertThat(status.getLeader()).isEqualTo(status.getHeader().getMemberId());
        assertThat(get(maintenance.listAlarms()).getAlarms()).isEmpty();
        int before = get(maintenance.hashKV(address(), 0)).getHash();
        get(maintenance.defragmentMember(address()));
        assertThat(get(maintenance.hashKV(address(), 0)).getHash()).isEqualTo(before);
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        assertThat(get(maintenance.snapshot(copy))).isEqualTo(copy.size()).isPositive();
        assertThat(get(anybody.getClusterClient().listMember()).getMembers()).hasSize(1);
    }
}
