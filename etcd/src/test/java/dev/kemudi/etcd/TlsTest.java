package dev.kemudi.etcd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.kemudi.etcd.proto.AuthEnableRequest;
import dev.kemudi.etcd.proto.AuthGrpc;
import dev.kemudi.etcd.proto.AuthRoleAddRequest;
import dev.kemudi.etcd.proto.AuthRoleGrantPermissionRequest;
import dev.kemudi.etcd.proto.AuthUserAddRequest;
import dev.kemudi.etcd.proto.AuthUserGrantRoleRequest;
import dev.kemudi.etcd.proto.KVGrpc;
import dev.kemudi.etcd.proto.Permission;
import dev.kemudi.etcd.proto.PutRequest;
import dev.kemudi.kernel.TimeSource;
import dev.kemudi.store.KemudiStore;
import dev.kemudi.store.Store;
import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
    private static final List<String> HERE = List.of("localhost", "127.0.0.1");

    @TempDir private Path directory;
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Store store = KemudiStore.inMemory(TimeSource.system(), registry);
    private Optional<EtcdServer> server = Optional.empty();
    private Path certificate;
    private Path key;

    @BeforeEach
    void certificates() throws Exception {
        certificate = directory.resolve("server.pem");
        key = directory.resolve("server.key");
        SelfSigned.write(certificate, key, HERE);
    }

    @AfterEach
    void stop() {
        server.ifPresent(EtcdServer::close);
        store.close();
    }

    private int serve(Config.Tls tls) throws IOException {
        Config config =
                new Config(
                        List.of(URI.create("https://127.0.0.1:0")),
                        List.of(),
                        tls,
                        new Config.Accounts("simple", 300, 4),
                        0,
                        true,
                        directory);
        EtcdServer started = new EtcdServer(config, store, registry, Limits.defaults());
        started.start();
        server = Optional.of(started);
        return started.port();
    }

    private ManagedChannel channel(int port, Path trusted, Optional<String> client)
            throws Exception {
        SslContextBuilder tls =
                GrpcSslContexts.configure(SslContextBuilder.forClient(), SslProvider.JDK)
                        .trustManager(Pem.certificates(trusted).getFirst());
        if (client.isPresent()) {
            tls.keyManager(
                    Pem.privateKey(directory.resolve(client.get() + ".key")),
                    Pem.certificates(directory.resolve(client.get() + ".pem")).getFirst());
        }
        return NettyChannelBuilder.forAddress("127.0.0.1", port).sslContext(tls.build()).build();
    }

    private static void put(ManagedChannel channel, String name) {
        KVGrpc.newBlockingStub(channel)
                .put(PutRequest.newBuilder().setKey(ByteString.copyFromUtf8(name)).build());
    }

    private SSLContext trusting(Path trusted) throws Exception {
        KeyStore known = KeyStore.getInstance(KeyStore.getDefaultType());
        known.load(null, null);
        known.setCertificateEntry("ca", Pem.certificates(trusted).getFirst());
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(known);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }

    @Test
    void grpcAndHttpShareTheSecurePort() throws Exception {
        int port = serve(Config.Tls.of(certificate, key));
        ManagedChannel channel = channel(port, certificate, Optional.empty());
        put(channel, "a");
        channel.shutdownNow();
        try (HttpClient http =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_2) // or the older one, as curl does
                        .sslContext(trusting(certificate))
                        .build()) {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/health"))
                            .build();
            assertThat(http.send(request, HttpResponse.BodyHandlers.ofString()).body())
                    .isEqualTo("{\"health\":\"true\"}");
        }
        try (Socket plain = new Socket("127.0.0.1", port)) {
            plain.getOutputStream().write("GET /health HTTP/1.1\r\n\r\n".getBytes());
            assertThat(new String(plain.getInputStream().readAllBytes())).doesNotContain("health");
        }
    }

    @Test
    void aCertificateMadeHereIsKept() throws Exception {
        Path made = directory.resolve("auto");
        int port = serve(Config.Tls.automatic(made));
        byte[] first = Files.readAllBytes(made.resolve("cert.pem"));
        ManagedChannel channel = channel(port, made.resolve("cert.pem"), Optional.empty());
        put(channel, "a");
        channel.shutdownNow();
        server.orElseThrow().close();
        serve(Config.Tls.automatic(made));
        assertThat(made.resolve("cert.pem")).hasBinaryContent(first);
    }

    @Test
    void aChangedCertificateIsShownToWhoeverComesNext() throws Exception {
        int port = serve(Config.Tls.of(certificate, key));
        X509Certificate before = shown(port);
        SelfSigned.write(certificate, key, HERE);
        // Two changes within the clock's grain must not look like none.
        Files.setLastModifiedTime(key, FileTime.fromMillis(System.currentTimeMillis() + 5_000));
        Eventually.eventually(() -> assertThat(shown(port)).isNotEqualTo(before));
        Files.writeString(key, "rubbish");
        Files.setLastModifiedTime(key, FileTime.fromMillis(System.currentTimeMillis() + 9_000));
        assertThat(shown(port)).isNotEqualTo(before);
    }

    private X509Certificate shown(int port) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new javax.net.ssl.TrustManager[] {new Anybody()}, null);
        try (SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
            SSLSession session = socket.getSession();
            return (X509Certificate) session.getPeerCertificates()[0];
        }
    }

    private static final class Anybody extends javax.net.ssl.X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(
                X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(
                X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    private void client(String name) throws IOException {
        SelfSigned.write(
                directory.resolve(name + ".pem"), directory.resolve(name + ".key"), HERE, name);
    }

    private void accounts(ManagedChannel channel, String user) {
        AuthGrpc.AuthBlockingStub auth = AuthGrpc.newBlockingStub(channel);
        auth.roleAdd(AuthRoleAddRequest.newBuilder().setName("r").build());
        auth.roleGrantPermission(
                AuthRoleGrantPermissionRequest.newBuilder()
                        .setName("r")
                        .setPerm(
                                Permission.newBuilder()
                                        .setPermType(Permission.Type.READWRITE)
                                        .setKey(ByteString.copyFromUtf8("mine")))
                        .build());
        for (String name : List.of("root", user)) {
            auth.userAdd(AuthUserAddRequest.newBuilder().setName(name).build());
        }
        auth.userGrantRole(
                AuthUserGrantRoleRequest.newBuilder().setUser("root").setRole("root").build());
        auth.userGrantRole(
                AuthUserGrantRoleRequest.newBuilder().setUser(user).setRole("r").build());
        auth.authEnable(AuthEnableRequest.getDefaultInstance());
    }

    @Test
    void theCommonNameOfACertificateNamesTheUser() throws Exception {
        client("alice");
        client("mallory");
        int port =
                serve(Config.Tls.of(certificate, key).withClients(directory.resolve("alice.pem")));
        ManagedChannel alice = channel(port, certificate, Optional.of("alice"));
        accounts(alice, "alice");
        put(alice, "mine");
        assertThatThrownBy(() -> put(alice, "yours"))
                .hasMessage("PERMISSION_DENIED: etcdserver: permission denied");
        alice.shutdownNow();
        for (Optional<String> other : List.of(Optional.<String>empty(), Optional.of("mallory"))) {
            ManagedChannel channel = channel(port, certificate, other);
            assertThatThrownBy(() -> put(channel, "mine")).hasMessageStartingWith("UNAVAILABLE");
            channel.shutdownNow();
        }
    }

    @Test
    void onlyTheAllowedNameIsLetIn() throws Exception {
        client("alice");
        Config.Tls named =
                new Config.Tls(
                        Optional.of(certificate),
                        Optional.of(key),
                        Optional.of(directory.resolve("alice.pem")),
                        true,
                        "bob",
                        Optional.empty(),
                        Optional.empty());
        ManagedChannel alice = channel(serve(named), certificate, Optional.of("alice"));
        assertThatThrownBy(() -> put(alice, "a")).hasMessageStartingWith("UNAVAILABLE");
        alice.shutdownNow();
    }

    @Test
    void onlyTheCiphersAndVersionsAskedForAreServed() throws Exception {
        String served = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
        String other = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
        Config.Offer narrow =
                new Config.Offer(
                        List.of("TLSv1.2"),
                        List.of(served, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"));
        int port = serve(Config.Tls.of(certificate, key).withOffer(narrow));
        assertThat(agreed(port, "TLSv1.2", served)).isEqualTo(served);
        assertThatThrownBy(() -> agreed(port, "TLSv1.2", other)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> agreed(port, "TLSv1.3", "TLS_AES_128_GCM_SHA256"))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> new Config.Offer(List.of("TLSv1.2"), List.of("TLS_NONE")))
                .hasMessageStartingWith("unexpected TLS cipher suite \"TLS_NONE\"");
    }

    private String agreed(int port, String version, String cipher) throws Exception {
        try (SSLSocket socket =
                (SSLSocket)
                        trusting(certificate).getSocketFactory().createSocket("127.0.0.1", port)) {
            socket.setEnabledProtocols(new String[] {version});
            socket.setEnabledCipherSuites(new String[] {cipher});
            socket.startHandshake();
            return socket.getSession().getCipherSuite();
        }
    }

    @Test
    void whatCannotBeUsedIsNamed() {
        Path missing = directory.resolve("missing.pem");
        assertThatThrownBy(() -> serve(Config.Tls.of(missing, key)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(missing.toString());
        assertThatThrownBy(() -> serve(Config.Tls.NONE))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("https://127.0.0.1:0");
    }
}
