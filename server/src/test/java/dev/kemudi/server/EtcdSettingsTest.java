package dev.kemudi.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EtcdSettingsTest {
    private static EtcdSettings read(String... arguments) {
        return EtcdSettings.read(List.of(arguments), Map.of());
    }

    @Test
    void aFlagIsTakenInEveryFormThatEtcdTakes() {
        EtcdSettings settings =
                read("--name", "a", "-auth-token=jwt", "--debug", "--pre-vote=false");
        assertThat(settings.text("name")).isEqualTo("a");
        assertThat(settings.text("auth-token")).isEqualTo("jwt");
        assertThat(settings.isOn("debug")).isTrue();
    }

    @Test
    void theEnvironmentGivesWhatNoFlagGives() {
        EtcdSettings settings =
                EtcdSettings.read(
                        List.of("--name=flag"),
                        Map.of("ETCD_NAME", "env", "ETCD_DATA_DIR", "/d", "ETCD_NAEM", "x"));
        assertThat(settings.text("name")).isEqualTo("flag");
        assertThat(settings.dataDirectory()).isEqualTo(Path.of("/d"));
        assertThat(settings.remarks())
                .containsExactly("unrecognized environment variable ETCD_NAEM");
    }

    @Test
    void aConfigurationFileStandsAlone(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("etcd.yml");
        Files.writeString(
                file,
                """
                name: 'filed'
                listen-client-urls: http://localhost:1,http://localhost:2
                wal-dir:
                client-transport-security:
                  cert-file: c.pem
                peer-transport-security:
                  auto-tls: true
                log-outputs: [stderr]
                """);
        EtcdSettings settings =
                EtcdSettings.read(
                        List.of("--config-file=" + file, "--name=flag"),
                        Map.of("ETCD_NAME", "env"));
        assertThat(settings.text("name")).isEqualTo("filed");
        assertThat(settings.urls("listen-client-urls")).hasSize(2);
        assertThat(settings.text("cert-file")).isEqualTo("c.pem");
        assertThat(settings.isOn("peer-auto-tls")).isTrue();
        assertThat(settings.text("log-outputs")).isEqualTo("stderr");
    }

    @Test
    void whatCannotBeHadIsRefusedByName() {
        assertThatThrownBy(() -> read("--nonsense=1"))
                .isInstanceOf(UsageException.class)
                .hasMessageContaining("--nonsense");
        assertThatThrownBy(() -> read("--unsafe-no-fsync"))
                .hasMessageContaining("--unsafe-no-fsync");
        assertThatThrownBy(() -> read("--enable-v2")).hasMessageContaining("v2 API");
        assertThatThrownBy(() -> read("start")).hasMessageContaining("start");
        assertThatThrownBy(() -> read("--name")).hasMessageContaining("needs a value: --name");
    }

    @Test
    void whatBecomesOfEveryFlagStandsInTheDocument() throws IOException {
        String document = Files.readString(Path.of("../docs/protocols/etcd.md"));
        assertThat(EtcdFlags.BY_NAME.values())
                .allSatisfy(flag ->
                        assertThat(document)
                                .contains(
                                        flag.handling() == EtcdFlag.Handling.USED
                                                ? "`--" + flag.name() + "`"
                                                : "| `--%s` | %s"
                                                        .formatted(flag.name(), flag.says())));
    }

    @Test
    void aRefusedFlagThatAsksForNothingIsNoObstacle() {
        assertThat(read("--enable-v2=false", "--proxy", "off").remarks()).isEmpty();
    }

    @Test
    void aWrongValueSaysWhatWasExpected() {
        assertThatThrownBy(() -> read("--heartbeat-interval=fast"))
                .hasMessageContainingAll("\"fast\"", "--heartbeat-interval", "whole number");
        assertThatThrownBy(() -> read("--grpc-keepalive-min-time=5"))
                .hasMessageContainingAll("--grpc-keepalive-min-time", "duration");
        assertThatThrownBy(() -> read("--listen-client-urls=localhost:2379"))
                .hasMessageContainingAll("--listen-client-urls", "http://HOST:PORT");
        assertThatThrownBy(() -> read("--listen-peer-urls=unix://x:1"))
                .hasMessageContaining("unix sockets");
        assertThatThrownBy(() -> read("--strict-reconfig-check=maybe"))
                .hasMessageContaining("true or false");
    }

    @Test
    void ciphersAndVersionsAreThoseThatTheJdkServes() {
        String certificate = "--cert-file=c.pem", key = "--key-file=k.pem";
        assertThat(
                        EtcdDoors.config(
                                        read(
                                                "--tls-min-version=TLS1.3",
                                                "--listen-metrics-urls=http://127.0.0.1:1",
                                                certificate,
                                                key))
                                .tls()
                                .offer()
                                .protocols())
                .containsExactly("TLSv1.3");
        assertThatThrownBy(() -> EtcdDoors.config(read("--cipher-suites=TLS_NONE")))
                .isInstanceOf(UsageException.class)
                .hasMessageStartingWith("unexpected TLS cipher suite \"TLS_NONE\"");
        assertThatThrownBy(() -> EtcdDoors.config(read("--tls-max-version=TLS1.1")))
                .hasMessageContainingAll("--tls-max-version", "TLS1.1", "TLS1.2, TLS1.3");
        assertThatThrownBy(() ->
                        EtcdDoors.config(
                                read(
                                        "--tls-min-version=TLS1.3",
                                        "--cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")))
                .hasMessageContaining("only TLS1.3");
    }

    @Test
    void whatHasNothingToActUponIsTakenAndRemarked() {
        assertThat(read("--max-wals=7").remarks())
                .singleElement()
                .asString()
                .contains("--max-wals is ignored");
    }

    @Test
    void idsAreThoseThatEtcdComputes() {
        // What etcd 3.4.23 prints for these flags.
        EtcdCluster one =
                EtcdCluster.read(
                        read(
                                "--name=x",
                                "--initial-advertise-peer-urls=http://127.0.0.1:22380",
                                "--initial-cluster=x=http://127.0.0.1:22380"));
        assertThat(Long.toHexString(one.own().id())).isEqualTo("9e737febb6b99eee");
        assertThat(Long.toHexString(one.id())).isEqualTo("c8730d66636ff140");
        assertThat(Long.toHexString(EtcdCluster.read(read()).id())).isEqualTo("cdf818194e3a8c32");
    }

    @Test
    void aMemberThatIsNotNamedAmongTheFirstIsRefused() {
        assertThatThrownBy(
                        () -> EtcdCluster.read(read("--name=z", "--initial-cluster=a=http://h:1")))
                .hasMessageContaining("couldn't find local name \"z\"");
        assertThatThrownBy(
                        () -> EtcdCluster.read(read("--name=a", "--initial-cluster=a=http://h:1")))
                .hasMessageContaining("--initial-advertise-peer-urls");
    }

    @Test
    void membersOfOneClusterAreNamedTogether() {
        EtcdCluster three =
                EtcdCluster.read(
                        read(
                                "--name=b",
                                "--initial-advertise-peer-urls=http://h:2",
                                "--initial-cluster=a=http://h:1,b=http://h:2,c=http://h:3"));
        assertThat(three.members()).hasSize(3);
        assertThat(three.own().peerUrls()).containsExactly(URI.create("http://h:2"));
    }
}
