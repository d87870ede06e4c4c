package dev.kemudi.etcd;

import io.netty.channel.Channel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * The server's side of TLS, from PEM files. When a file changes, connections made afterwards see
 * the new one; a new file that cannot be used is told in the log and the old one stays. Safe for
 * use by many threads.
 */
final class Certificates {
    private static final System.Logger LOG = System.getLogger(Certificates.class.getName());

    private final Config.Tls config;
    private final List<Path> files;
    private volatile SslContext context;
    private Map<Path, FileTime> seen;

    /**
     * @param hosts what a certificate made here is for
     * @throws IOException naming the file that cannot be used
     */
    Certificates(Config.Tls config, List<String> hosts) throws IOException {
        this.config = config.certificate().isPresent() ? config : selfSigned(config, hosts);
        this.files =
                Stream.of(
                                this.config.certificate(),
                                this.config.key(),
                                this.config.clientAuthority(),
                                this.config.clientRevocations())
                        .flatMap(Optional::stream)
                        .toList();
        this.seen = times();
        this.context = load();
    }

    private static Config.Tls selfSigned(Config.Tls config, List<String> hosts) throws IOException {
        Path directory = config.automatic().orElseThrow();
        Path certificate = directory.resolve("cert.pem");
        Path key = directory.resolve("key.pem");
        if (!Files.exists(certificate) || !Files.exists(key)) {
            Files.createDirectories(directory);
            SelfSigned.write(certificate, key, hosts);
        }
        return new Config.Tls(
                Optional.of(certificate),
                Optional.of(key),
                config.clientAuthority(),
                config.clientCertificates(),
                config.allowedCommonName(),
                config.clientRevocations(),
                config.automatic(),
                config.offer());
    }

    private Map<Path, FileTime> times() throws IOException {
        Map<Path, FileTime> times = new HashMap<>();
        for (Path file : files) {
            times.put(file, Files.getLastModifiedTime(file));
        }
        return times;
    }

    /** Reads the files again when one of them changed. */
    synchronized void refresh() {
        try {
            Map<Path, FileTime> now = times();
            if (!now.equals(seen)) {
                seen = now;
                context = load();
                LOG.log(System.Logger.Level.INFO, "certificates were read again: {0}", files);
            }
        } catch (IOException e) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "a certificate that changed cannot be used, the old one stays",
                    e);
        }
    }

    private SslContext load() throws IOException {
        Path certificate = config.certificate().orElseThrow();
        try {
            SslContextBuilder builder =
                    SslContextBuilder.forServer(
                            Pem.privateKey(config.key().orElseThrow()),
                            Pem.certificates(certificate).toArray(X509Certificate[]::new));
            if (config.clientAuthority().isPresent()) {
                builder.trustManager(trust(config.clientAuthority().get()))
                        .clientAuth(ClientAuth.REQUIRE);
            }
            List<String> ciphers = CipherSuites.ofJdk(config.offer().cipherSuites());
            if (!ciphers.isEmpty()) {
                builder.ciphers(ciphers);
            }
            return builder.sslProvider(SslProvider.JDK)
                    .protocols(config.offer().protocols())
                    .applicationProtocolConfig(
                            new ApplicationProtocolConfig(
                                    ApplicationProtocolConfig.Protocol.ALPN,
                                    ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                                    ApplicationProtocolConfig.SelectedListenerFailureBehavior
                                            .ACCEPT,
                                    // Who offers both is no gRPC client, and JSON and pages are
                                    // served over HTTP/1.1 only.
                                    ApplicationProtocolNames.HTTP_1_1,
                                    ApplicationProtocolNames.HTTP_2))
                    .build();
        } catch (GeneralSecurityException e) {
            throw new IOException("TLS cannot be set up from " + files + ": " + e.getMessage(), e);
        }
    }

    private TrustManager trust(Path authority) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (X509Certificate certificate : Pem.certificates(authority)) {
            store.setCertificateEntry("ca-" + number++, certificate);
        }
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        Optional<X509CRL> revoked =
                config.clientRevocations().isPresent()
                        ? Optional.of(revocations(config.clientRevocations().get()))
                        : Optional.empty();
        return new Admission(
                (X509ExtendedTrustManager) factory.getTrustManagers()[0],
                config.allowedCommonName(),
                revoked);
    }

    private static X509CRL revocations(Path file) throws IOException, GeneralSecurityException {
        try (InputStream in = Files.newInputStream(file)) {
            return (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(in);
        }
    }

    SslHandler handler(Channel channel) {
        return context.newHandler(channel.alloc());
    }

    /** The common name of the client's certificate; empty when it showed none. */
    static String commonName(SSLSession session) {
        try {
            return session.getPeerCertificates()[0] instanceof X509Certificate certificate
                    ? Pem.commonName(certificate)
                    : "";
        } catch (SSLPeerUnverifiedException _) {
            return ""; // clients need not show one here
        }
    }

    /** Beyond a chain that can be trusted, asks for the name and that it was not revoked. */
    private static final class Admission extends X509ExtendedTrustManager {
        private final X509ExtendedTrustManager chain;
        private final String commonName;
        private final Optional<X509CRL> revoked;

        Admission(X509ExtendedTrustManager chain, String commonName, Optional<X509CRL> revoked) {
            this.chain = chain;
            this.commonName = commonName;
            this.revoked = revoked;
        }

        private void admit(X509Certificate client) throws CertificateException {
            String name = Pem.commonName(client);
            if (!commonName.isEmpty() && !commonName.equals(name)) {
                throw new CertificateException(
                        "the client's common name should be " + commonName + ", not " + name);
            }
            if (revoked.isPresent() && revoked.get().isRevoked(client)) {
                throw new CertificateException("the client's certificate was revoked");
            }
        }

        @Override
        public void checkClientTrusted(
                X509Certificate[] certificates, String type, SSLEngine engine)
                throws CertificateException {
            chain.checkClientTrusted(certificates, type, engine);
            admit(certificates[0]);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type, Socket socket)
                throws CertificateException {
            chain.checkClientTrusted(certificates, type, socket);
            admit(certificates[0]);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] certificates, String type)
                throws CertificateException {
            chain.checkClientTrusted(certificates, type);
            admit(certificates[0]);
        }

        @Override
        public void checkServerTrusted(
                X509Certificate[] certificates, String type, SSLEngine engine)
                throws CertificateException {
            chain.checkServerTrusted(certificates, type, engine);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type, Socket socket)
                throws CertificateException {
            chain.checkServerTrusted(certificates, type, socket);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] certificates, String type)
                throws CertificateException {
            chain.checkServerTrusted(certificates, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return chain.getAcceptedIssuers();
        }
    }
}
