package dev.kemudi.apiserver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PkiTest {
    private static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");

    @TempDir Path directory;

    private X509Certificate certificate(String name) throws Exception {
        try (var in = Files.newInputStream(directory.resolve(name + ".crt"))) {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }

    @Test
    void certificatesAreSignedByTheAuthorityAndSayWhatTheyAreFor() throws Exception {
        Pki.open(directory, "192.0.2.7", NOW);
        X509Certificate authority = certificate("ca");
        X509Certificate server = certificate("apiserver");
        X509Certificate admin = certificate("admin");
        server.verify(authority.getPublicKey());
        admin.verify(authority.getPublicKey());
        assertThat(authority.getBasicConstraints()).isNotNegative();
        assertThat(server.getBasicConstraints()).isNegative();
        assertThat(server.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
        assertThat(admin.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.2");
        assertThat(admin.getSubjectX500Principal().getName())
                .isEqualTo("CN=kubernetes-admin,O=system:masters");
        assertThat(server.getSubjectAlternativeNames().toString())
                .contains(
                        "localhost",
                        "127.0.0.1",
                        "0:0:0:0:0:0:0:1",
                        "192.0.2.7",
                        "kubernetes.default.svc");
    }

    @Test
    void everySecretIsReadableByItsOwnerOnly() throws IOException {
        Pki.open(directory, "127.0.0.1", NOW);
        try (var files = Files.list(directory)) {
            for (Path file : files.toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                        .as(file.toString())
                        .isEqualTo("rw-------");
            }
        }
    }

    @Test
    void aSecondStartUsesTheSameKeys() throws IOException {
        String first = Pki.open(directory, "127.0.0.1", NOW).kubeconfig("https://x");
        assertThat(
                        Pki.open(directory, "127.0.0.1", NOW.plus(Duration.ofDays(1)))
                                .kubeconfig("https://x"))
                .isEqualTo(first);
    }

    @Test
    void certificatesNearTheirEndAreRenewedAndTheAuthorityIsKept() throws Exception {
        Pki.open(directory, "127.0.0.1", NOW);
        X509Certificate authority = certificate("ca");
        X509Certificate before = certificate("apiserver");
        Instant late = before.getNotAfter().toInstant().minus(Duration.ofDays(3));
        Pki.open(directory, "127.0.0.1", late);
        assertThat(certificate("ca")).isEqualTo(authority);
        assertThat(certificate("apiserver")).isNotEqualTo(before);
        assertThat(certificate("apiserver").getNotAfter()).isAfter(java.util.Date.from(late));
    }

    @Test
    void aNewListenAddressGetsACertificateThatNamesIt() throws Exception {
        Pki.open(directory, "127.0.0.1", NOW);
        Pki.open(directory, "192.0.2.9", NOW);
        assertThat(
                        certificate("apiserver").getSubjectAlternativeNames().stream()
                                .map(List::toString))
                .anyMatch(name -> name.contains("192.0.2.9"));
    }

    @Test
    void aDamagedKeyIsReportedWithTheFolderAndTheRemedy() throws IOException {
        Pki.open(directory, "127.0.0.1", NOW);
        Files.writeString(directory.resolve("ca.key"), "-----BEGIN PRIVATE KEY-----\nAAAA\n");
        assertThatThrownBy(() -> Pki.open(directory, "127.0.0.1", NOW))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(directory.toString())
                .hasMessageContaining("delete the folder");
    }

    @Test
    void longObjectIdentifiersAndLengthsAreEncodedAsX690Says() {
        assertThat(Der.oid("1.2.840.10045.4.3.2"))
                .containsExactly(6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02);
        byte[] large = Der.octets(new byte[300]);
        assertThat(List.of(large[0], large[1], large[2], large[3]))
                .containsExactly((byte) 4, (byte) 0x82, (byte) 1, (byte) 0x2c);
    }
}
