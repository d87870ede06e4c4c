package dev.kemudi.etcd;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where to listen and how to treat those who come.
 *
 * @param listenUrls {@code http://HOST:PORT} or {@code https://HOST:PORT}, at least one; port 0
 *     picks a free one
 * @param tls needed when one of them is {@code https}
 * @param accounts how users prove who they are, once authentication is enabled
 * @param quotaBytes what keys and retained revisions may weigh before writes are refused with the
 *     NOSPACE alarm; 0: no quota but the disk, since nothing here slows down at etcd's 8 GB
 * @param gateway whether the JSON gateway is served beside gRPC
 * @param scratch a directory where snapshots lie while they are sent; as much room as the data
 */
public record Config(
        List<URI> listenUrls,
        Tls tls,
        Accounts accounts,
        long quotaBytes,
        boolean gateway,
        Path scratch) {
    private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));

    /** Plain text, one address, etcd's defaults. */
    public Config(String listenAddress, int port) {
        this(List.of(url(listenAddress, port)), Tls.NONE, Accounts.DEFAULT, 0, true, TEMPORARY);
    }

    private static URI url(String address, int port) {
        String host =
                address.contains(":") && !address.startsWith("[") ? "[" + address + "]" : address;
        return URI.create("http://" + host + ":" + port);
    }

    public Config {
        listenUrls = List.copyOf(listenUrls);
        if (listenUrls.isEmpty()) {
            throw new IllegalArgumentException("listenUrls should name at least one address");
        }
        for (URI url : listenUrls) {
            check(url, tls);
        }
    }

    private static void check(URI url, Tls tls) {
        boolean secure = "https".equals(url.getScheme());
        if (!secure && !"http".equals(url.getScheme())
                || url.getHost() == null
                || url.getPort() < 0) {
            throw new IllegalArgumentException(
                    "listenUrls should hold http://HOST:PORT or https://HOST:PORT, not " + url);
        }
        if (secure && !tls.isGiven()) {
            throw new IllegalArgumentException(
                    "listenUrls asks for "
                            + url
                            + " but tls names neither a certificate nor automatic");
        }
    }

    public Config withTls(Tls tls) {
        return new Config(listenUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    public Config withAccounts(Accounts accounts) {
        return new Config(listenUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    public Config withQuotaBytes(long quotaBytes) {
        return new Config(listenUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    public Config withScratch(Path scratch) {
        return new Config(listenUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    public Config withListenUrls(List<URI> listenUrls) {
        return new Config(listenUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    static String host(URI url) {
        String host = url.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    List<InetSocketAddress> addresses() {
        return listenUrls.stream()
                .map(url -> new InetSocketAddress(host(url), url.getPort()))
                .distinct()
                .toList();
    }

    boolean namesPort(int port) {
        return listenUrls.stream().anyMatch(url -> url.getPort() == port);
    }

    /** Whether TLS is spoken on a port; one that was chosen for 0 is as that address says. */
    boolean isSecure(int port) {
        int named = namesPort(port) ? port : 0;
        return listenUrls.stream()
                .anyMatch(url -> url.getPort() == named && "https".equals(url.getScheme()));
    }

    /** Whether any address is served with TLS. */
    boolean isSecure() {
        return listenUrls.stream().anyMatch(url -> "https".equals(url.getScheme()));
    }

    /**
     * The server's certificate and what it asks of clients. Files are PEM and are read again when
     * they change.
     *
     * @param certificate the server's chain; needs {@code key}
     * @param clientAuthority who signs clients; when given, or with {@code clientCertificates},
     *     every client must show a certificate
     * @param clientCertificates whether a client's common name also names a user
     * @param allowedCommonName the only common name let in; empty: any
     * @param clientRevocations a list of certificates that are let in no more
     * @param automatic a directory to keep a self-signed certificate in, made when it is not there
     */
    public record Tls(
            Optional<Path> certificate,
            Optional<Path> key,
            Optional<Path> clientAuthority,
            boolean clientCertificates,
            String allowedCommonName,
            Optional<Path> clientRevocations,
            Optional<Path> automatic) {
        public static final Tls NONE =
                new Tls(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        "",
                        Optional.empty(),
                        Optional.empty());

        public Tls {
            if (certificate.isPresent() != key.isPresent()) {
                throw new IllegalArgumentException(
                        "certificate and key go together: " + certificate + ", " + key);
            }
            if (clientCertificates && clientAuthority.isEmpty() && automatic.isEmpty()) {
                throw new IllegalArgumentException(
                        "clientCertificates needs clientAuthority: who signs them?");
            }
        }

        /** With a certificate and its key. */
        public static Tls of(Path certificate, Path key) {
            return new Tls(
                    Optional.of(certificate),
                    Optional.of(key),
                    Optional.empty(),
                    false,
                    "",
                    Optional.empty(),
                    Optional.empty());
        }

        /** Self-signed, kept in {@code directory}. */
        public static Tls automatic(Path directory) {
            return new Tls(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty(),
                    false,
                    "",
                    Optional.empty(),
                    Optional.of(directory));
        }

        /**
         * Clients must show a certificate signed by {@code authority}; its common name names the
         * user.
         */
        public Tls withClients(Path authority) {
            return new Tls(
                    certificate,
                    key,
                    Optional.of(authority),
                    true,
                    allowedCommonName,
                    clientRevocations,
                    automatic);
        }

        boolean isGiven() {
            return certificate.isPresent() || automatic.isPresent();
        }
    }

    /**
     * How users prove who they are.
     *
     * @param token etcd's {@code --auth-token}: {@code simple}, or {@code
     *     jwt,sign-method=…,pub-key=…,priv-key=…,ttl=…}
     * @param simpleTokenSeconds how long a simple token lives after its last use
     * @param bcryptCost 4 to 31: each step doubles what checking a password costs
     */
    public record Accounts(String token, int simpleTokenSeconds, int bcryptCost) {
        public static final Accounts DEFAULT = new Accounts("simple", 300, 10);
    }
}
