package dev.kemudi.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kemudi.log.Peer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityTest {
    private static final String URL = "http://localhost:2380";

    @Test
    void idsAreThoseThatEtcdGives() {
        // What every etcd that was started without flags calls itself and its cluster.
        long member = Identity.memberId(List.of(URL), Identity.DEFAULT_TOKEN);
        assertThat(member).isEqualTo(0x8e9e05c52164694dL);
        assertThat(Identity.clusterId(List.of(member))).isEqualTo(0xcdf818194e3a8c32L);
    }

    @Test
    void neitherTheOrderOfUrlsNorOfMembersMatters() {
        List<String> urls = List.of("http://b:1", "http://a:1");
        assertThat(Identity.memberId(urls, "t")).isEqualTo(Identity.memberId(urls.reversed(), "t"));
        assertThat(Identity.clusterId(List.of(-1L, 1L)))
                .isEqualTo(Identity.clusterId(List.of(1L, -1L)));
        assertThat(Identity.memberId(urls, "t", 5)).isNotEqualTo(Identity.memberId(urls, "t", 6));
    }

    @Test
    void whoIsAloneMayAddASecondBeforeSayingItsOwnName(@TempDir Path directory) throws Exception {
        Identity identity = Identity.founding("a", List.of(), "t", Map.of("a", List.of(URL)));
        // The housekeeping, which says the name, sleeps by this clock, which stands.
        try (Store store =
                KemudiStore.open(
                        directory,
                        KemudiStore::fileLog,
                        identity,
                        Limits.defaults(),
                        new ManualTime(),
                        new PrometheusRegistry())) {
            store.membership().add(List.of("http://localhost:2381"), false).join();
            assertThat(store.membership().members()).hasSize(2);
        }
    }

    @Test
    void whoFoundsAClusterIsOneOfItsMembers() {
        Identity identity = Identity.founding("a", List.of(), "t", Map.of("a", List.of(URL)));
        assertThat(identity.peers())
                .containsExactly(new Peer(identity.self(), "localhost:2380", false));
        assertThatThrownBy(() -> Identity.founding("b", List.of(), "t", Map.of("a", List.of(URL))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected a member named 'b', got [a]");
        assertThatThrownBy(() ->
                        Identity.founding(
                                "a", List.of(), "t", Map.of("a", List.of(URL), "b", List.of(URL))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("two members");
        assertThatThrownBy(() -> Identity.address("localhost"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("got 'localhost'");
    }
}
