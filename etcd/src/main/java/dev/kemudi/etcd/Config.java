package dev.kemudi.etcd;

import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where to listen and how to treat those who come.
 *
 * @param listenUrls {@code http://HOST:PORT} or {@code https://HOST:PORT}, at least one; port 0
 *     picks a free one
 * @param pageUrls where {@code /metrics}, {@code /health} and their like are served alone as well;
 *     may be empty
 * @param tls needed when one of them is {@code https}
 * @param accounts how users prove who they are, once authentication is enabled
 * @param quotaBytes what keys and retained revisions may weigh before writes are refused with the
 *     NOSPACE alarm; 0: no quota but the disk, since nothing here slows down at etcd's 8 GB
 * @param gateway whether the JSON gateway is served beside gRPC
 * @param scratch a directory where snapshots lie while they are sent; as much room as the data
 */
public record Config(
        List<URI> listenUrls,
        List<URI> pageUrls,
        Tls tls,
        Accounts accounts,
        long quotaBytes,
        boolean gateway,
        Path scratch) {
    private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));

    /** Plain text, one address, etcd's defaults. */
    public Config(String listenAddress, int port) {
        this(
                List.of(url(listenAddress, port)),
                List.of(),
                Tls.NONE,
                Accounts.DEFAULT,
                0,
                true,
                TEMPORARY);
    }

    private static URI url(String address, int port) {
        String host =
                address.contains(":") && !address.startsWith("[") ? "[" + address + "]" : address;
        return URI.create("http://" + host + ":" + port);
    }

    public Config {
        listenUrls = List.copyOf(listenUrls);
        pageUrls = List.copyOf(pageUrls);
        if (listenUrls.isEmpty()) {
            throw new IllegalArgumentException("listenUrls should name at least one address");
        }
        for (URI url : listenUrls) {
            check("listenUrls", url, tls);
        }
        for (URI url : pageUrls) {
            check("pageUrls", url, tls);
        }
    }

    private static void check(String where, URI url, Tls tls) {
        boolean secure = "https".equals(url.getScheme());
        if (!secure && !"http".equals(url.getScheme())
                || url.getHost() == null
                || url.getPort() < 0) {
            throw new IllegalArgumentException(
                    where + " should hold http://HOST:PORT or https://HOST:PORT, not " + url);
        }
        if (secure && !tls.isGiven()) {
            throw new IllegalArgumentException(
                    where
                            + " asks for "
                            + url
                            + " but tls names neither a certificate nor automatic");
        }
    }

    public Config withTls(Tls tls) {
        return new Config(listenUrls, pageUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    public Config withAccounts(Accounts accounts) {
        return new Config(listenUrls, pageUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    public Config withQuotaBytes(long quotaBytes) {
        return new Config(listenUrls, pageUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    public Config withScratch(Path scratch) {
        return new Config(listenUrls, pageUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    public Config withListenUrls(List<URI> listenUrls) {
        return new Config(listenUrls, pageUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    public Config withPageUrls(List<URI> pageUrls) {
        return new Config(listenUrls, pageUrls, tls, accounts, quotaBytes, gateway, scratch);
    }

    static String host(URI url) {
        String host = url.getHost();
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    List<InetSocketAddress> addresses() {
        return listenUrls.stream().map(Config::address).distinct().toList();
    }

    static InetSocketAddress address(URI url) {
        return new InetSocketAddress(host(url), url.getPort());
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
        return Stream.concat(listenUrls.stream(), pageUrls.stream()).anyMatch(Config::isSecure);
    }

    static boolean isSecure(URI url) {
        return "https".equals(url.getScheme());
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
     * @param offer the versions and ciphers that are served
     */
    public record Tls(
            Optional<Path> certificate,
            Optional<Path> key,
            Optional<Path> clientAuthority,
            boolean clientCertificates,
            String allowedCommonName,
            Optional<Path> clientRevocations,
            Optional<Path> automatic,
            Offer offer) {
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

        /** With every version and cipher that the JDK serves. */
        public Tls(
                Optional<Path> certificate,
                Optional<Path> key,
                Optional<Path> clientAuthority,
                boolean clientCertificates,
                String allowedCommonName,
                Optional<Path> clientRevocations,
                Optional<Path> automatic) {
            this(
                    certificate,
                    key,
                    clientAuthority,
                    clientCertificates,
                    allowedCommonName,
                    clientRevocations,
                    automatic,
                    Offer.ALL);
        }

        public Tls withOffer(Offer offer) {
            return new Tls(
                    certificate,
                    key,
                    clientAuthority,
                    clientCertificates,
                    allowedCommonName,
                    clientRevocations,
                    automatic,
                    offer);
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
                    automatic,
                    offer);
        }

        boolean isGiven() {
            return certificate.isPresent() || automatic.isPresent();
        }
    }

    /**
     * What of TLS is served.
     *
     * @param protocols of {@code TLSv1.3} and {@code TLSv1.2} at least one
     * @param cipherSuites those of TLS 1.2, by the names etcd knows them; empty: what the JDK
     *     serves. TLS 1.3 has its own, which are always served
     */
    public record Offer(List<String> protocols, List<String> cipherSuites) {
        public static final Offer ALL = new Offer(List.of("TLSv1.3", "TLSv1.2"), List.of());

        public Offer {
            protocols = List.copyOf(protocols);
            cipherSuites = List.copyOf(cipherSuites);
            if (protocols.isEmpty()) {
                throw new IllegalArgumentException("protocols should name a version of TLS");
            }
            CipherSuites.ofJdk(cipherSuites);
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
