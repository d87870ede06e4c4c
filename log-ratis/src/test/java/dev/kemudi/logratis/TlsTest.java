package dev.kemudi.logratis;

import static dev.kemudi.logratis.Cluster.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.kernel.TimeSource;
import dev.kemudi.log.LogRefusedException;
import dev.kemudi.log.Peer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
    @TempDir Path root;

    /** A certificate that vouches for itself, good for 127.0.0.1. */
    private Tls certificate(String name) throws Exception {
        Path store = root.resolve(name + ".p12");
        Process keytool =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "keytool")
                                        .toString(),
                                "-genkeypair",
                                "-alias",
                                "peer",
                                "-keyalg",
                                "EC",
                                "-dname",
                                "CN=" + name,
                                "-ext",
                                "san=ip:127.0.0.1",
                                "-storetype",
                                "PKCS12",
                                "-keystore",
                                store.toString(),
                                "-storepass",
                                "secret")
                        .redirectErrorStream(true)
                        .start();
        assertThat(keytool.waitFor()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, "secret".toCharArray());
        }
        Path certificate = root.resolve(name + ".crt");
        Path key = root.resolve(name + ".key");
        pem(certificate, "CERTIFICATE", keys.getCertificate("peer").getEncoded());
        pem(key, "PRIVATE KEY", keys.getKey("peer", "secret".toCharArray()).getEncoded());
        return new Tls(certificate, key, java.util.Optional.of(certificate), true);
    }

    private static void pem(Path file, String what, byte[] bytes) throws Exception {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        Files.writeString(
                file, "-----BEGIN %s-----%n%s%n-----END %s-----%n".formatted(what, body, what));
    }

    @Test
    void peersThatProveWhoTheyAreWorkTogether() throws Exception {
        Tls tls = certificate("peers");
        try (Cluster cluster =
                new Cluster(root, 3, Cluster.LIMITS, config -> config.withTls(tls))) {
            for (long id = 1; id <= 3; id++) {
                write(cluster.log(id), "through " + id);
                cluster.log(id).readBarrier().get(20, TimeUnit.SECONDS);
            }
            assertThat(cluster.ledger(1).size()).isEqualTo(3);
        }
    }

    @Test
    void aPeerWithAnotherCertificateIsNotHeard() throws Exception {
        Tls ours = certificate("ours");
        Tls theirs = certificate("theirs");
        List<Peer> peers = List.of(Cluster.newPeer(1, false), Cluster.newPeer(2, false));
        Limits impatient =
                new Limits(
                        4 << 20, 4 << 20, 4_096, 16_384, 64L << 20, 65_536, 1_024, 8 << 20, 2,
                        32L << 20, 1 << 20, 2_000, 2_000, 30_000, 512);
        Ledger machine = new Ledger();
        try (RatisLog<String> one = open(peers, 1, ours, impatient, machine);
                RatisLog<String> two = open(peers, 2, theirs, impatient, new Ledger())) {
            assertThatThrownBy(() -> write(one, "nobody trusts the other"))
                    .hasCauseInstanceOf(LogRefusedException.class);
            assertThat(two.standing().hasLeader()).isFalse();
            assertThat(machine.size()).isZero();
        }
    }

    private RatisLog<String> open(List<Peer> peers, long id, Tls tls, Limits limits, Ledger machine)
            throws Exception {
        return RatisLog.open(
                Config.of(id, "test", peers).withTls(tls),
                limits,
                root.resolve("node" + id),
                machine,
                TimeSource.system(),
                new PrometheusRegistry());
    }
}
