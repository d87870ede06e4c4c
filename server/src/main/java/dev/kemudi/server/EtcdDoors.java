package dev.kemudi.server;

import dev.kemudi.etcd.Config;
import dev.kemudi.etcd.Limits;
import java.util.HashMap;
import java.util.Map;

/** What etcd's flags say about clients: addresses, certificates, tokens, limits. */
final class EtcdDoors {
    private EtcdDoors() {}

    /**
     * @throws UsageException when flags contradict one another
     */
    static Config config(EtcdSettings settings) {
        try {
            return new Config(
                    settings.urls("listen-client-urls"),
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
                        : java.util.Optional.empty());
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
