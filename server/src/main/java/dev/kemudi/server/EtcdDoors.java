package dev.kemudi.server;

import dev.kemudi.etcd.Config;
import dev.kemudi.etcd.Limits;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What etcd's flags say about clients: addresses, certificates, tokens, limits. */
final class EtcdDoors {
    /** Of TLS, the oldest first, as etcd writes them. */
    private static final List<String> VERSIONS = List.of("TLS1.2", "TLS1.3");

    private EtcdDoors() {}

    /**
     * @throws UsageException when flags contradict one another
     */
    static Config config(EtcdSettings settings) {
        try {
            return new Config(
                    settings.urls("listen-client-urls"),
                    settings.urls("listen-metrics-urls"),
                    tls(settings),
                    new Config.Accounts(
                            settings.text("auth-token"),
                            (int) settings.number("auth-token-ttl"),
                            (int) settings.number("bcrypt-cost")),
                    settings.number("quota-backend-bytes"),
                    true,
                    settings.dataDirectory().resolve("scratch"));
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()), e);
        }
    }

    private static Config.Tls tls(EtcdSettings settings) {
        boolean automatic = settings.isOn("auto-tls") && !settings.has("cert-file");
        if (settings.has("cert-file") != settings.has("key-file")) {
            throw new UsageException("--cert-file and --key-file go together");
        }
        return new Config.Tls(
                settings.file("cert-file"),
                settings.file("key-file"),
                settings.file("trusted-ca-file"),
                settings.isOn("client-cert-auth"),
                settings.text("client-cert-allowed-cn"),
                settings.file("client-crl-file"),
                automatic
                        ? java.util.Optional.of(
                                settings.dataDirectory().resolve("fixtures").resolve("client"))
                        : java.util.Optional.empty(),
                offer(settings));
    }

    private static Config.Offer offer(EtcdSettings settings) {
        int least = version("tls-min-version", settings.text("tls-min-version"));
        int most =
                settings.has("tls-max-version")
                        ? version("tls-max-version", settings.text("tls-max-version"))
                        : VERSIONS.size() - 1;
        if (least > most) {
            throw new UsageException("--tls-min-version is above --tls-max-version");
        }
        List<String> suites = settings.list("cipher-suites");
        if (least == most && least == VERSIONS.size() - 1 && !suites.isEmpty()) {
            throw new UsageException(
                    "cipher suites cannot be configured when only TLS1.3 is enabled");
        }
        return new Config.Offer(
                VERSIONS.subList(least, most + 1).stream()
                        .map(version -> version.replace("TLS", "TLSv"))
                        .toList(),
                suites);
    }

    private static int version(String flag, String named) {
        int at = VERSIONS.indexOf(named);
        if (at < 0) {
            throw new UsageException(
                    "--%s: unexpected TLS version \"%s\" (must be one of: %s)"
                            .formatted(flag, named, String.join(", ", VERSIONS)));
        }
        return at;
    }

    static Limits limits(EtcdSettings settings) {
        Map<String, Long> changes = new HashMap<>();
        long request = settings.number("max-request-bytes");
        changes.put("requestBytesMax", request);
        changes.put("messageBytesMax", request + (512L << 10));
        changes.put("keepAliveFloorMillis", settings.span("grpc-keepalive-min-time").toMillis());
        changes.put(
                "progressNotifyMillis",
                settings.span("experimental-watch-progress-notify-interval").toMillis());
        long streams = settings.number("max-concurrent-streams");
        changes.put("callsPerConnectionMax", streams == 0 ? Integer.MAX_VALUE : streams);
        return Tuned.limits(Limits.defaults(), changes);
    }
}
