package dev.kemudi.server;

import dev.kemudi.logratis.Config;
import dev.kemudi.store.Identity;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whom a node works with.
 *
 * @param self this node's name among {@code addresses}
 * @param addresses where each reaches the others, host:port, by name
 * @param tls how they prove who they are; without it whoever reaches a peer's port is believed
 * @param join whether the cluster exists already and has been told of this node
 */
public record Peers(String self, Map<String, String> addresses, Optional<Tls> tls, boolean join) {
    private static final String TOKEN = "kemudi";

    /** PEM files: a node's certificate and key, and who signed those of the others. */
    public record Tls(Path certificate, Path key, Path authority) {}

    public Peers {
        addresses = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(addresses));
    }

    /**
     * Reads {@code NAME=HOST:PORT,…}.
     *
     * @throws UsageException naming what is wrong
     */
    static Peers parse(String self, String text, Optional<Tls> tls, boolean join) {
        Map<String, String> addresses = new LinkedHashMap<>();
        for (String entry : text.split(",")) {
            int equals = entry.indexOf('=');
            String address = entry.substring(equals + 1).strip();
            if (equals < 1 || !address.matches("\\S+:\\d{1,5}")) {
                throw new UsageException(
                        ("--cluster-peers: \"%s\": expected NAME=HOST:PORT, as in"
                                        + " a=10.0.0.1:2380,b=10.0.0.2:2380")
                                .formatted(entry));
            }
            if (addresses.put(entry.substring(0, equals).strip(), address) != null) {
                throw new UsageException(
                        "--cluster-peers: \"%s\" is named twice"
                                .formatted(entry.substring(0, equals)));
            }
        }
        if (!addresses.containsKey(self)) {
            throw new UsageException(
                    "--node-name: \"%s\" is not among --cluster-peers (%s)"
                            .formatted(self, String.join(", ", addresses.keySet())));
        }
        return new Peers(self, addresses, tls, join);
    }

    /** With ids as etcd computes them. */
    Identity identity(String clientUrl) {
        Identity founding = Identity.founding(self, List.of(clientUrl), TOKEN, urls());
        return join ? Identity.joining(founding.self(), self, List.of(clientUrl), TOKEN) : founding;
    }

    /** How the log finds the others. */
    Config config() {
        Identity founding = Identity.founding(self, List.of(), TOKEN, urls());
        Config config = Config.of(founding.self(), TOKEN, founding.peers());
        Config joined = join ? config.asJoining() : config;
        return tls.map(files ->
                        joined.withTls(
                                new dev.kemudi.logratis.Tls(
                                        files.certificate(),
                                        files.key(),
                                        Optional.of(files.authority()),
                                        true)))
                .orElse(joined);
    }

    private Map<String, List<String>> urls() {
        String scheme = tls.isPresent() ? "https://" : "http://";
        Map<String, List<String>> urls = new LinkedHashMap<>();
        addresses.forEach((name, address) -> urls.put(name, List.of(scheme + address)));
        return urls;
    }
}
