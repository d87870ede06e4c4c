package dev.kemudi.logratis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.apache.ratis.grpc.GrpcTlsConfig;

/**
 * PEM files with which peers prove who they are.
 *
 * @param certificate this node's certificate and those between it and the root
 * @param key its private key: PKCS #8, or PKCS #1 of RSA
 * @param trusted the authorities whose certificates are accepted; empty: every certificate is, so
 *     that peers hide what they say from who only listens, and nothing else (etcd's {@code
 *     --peer-auto-tls})
 * @param mutual whether who calls must show a certificate, too
 */
public record Tls(Path certificate, Path key, Optional<Path> trusted, boolean mutual) {
    private static final Pattern KEY =
            Pattern.compile(
                    "-----BEGIN (RSA )?PRIVATE KEY-----([^-]+)-----END (RSA )?PRIVATE KEY-----");

    /** RFC 8017: version 0 and the algorithm rsaEncryption, before the key as PKCS #8 has it. */
    private static final byte[] RSA_HEAD =
            HexFormat.of().parseHex("020100300d06092a864886f70d0101010500");

    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;

    /**
     * @throws UncheckedIOException naming the file that cannot be used
     */
    GrpcTlsConfig grpc() {
        try {
            return new GrpcTlsConfig(keyManager(), trustManager(), mutual);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new UncheckedIOException(
                    new IOException(
                            "the peers' certificates cannot be used (%s, %s, %s): %s"
                                    .formatted(certificate, key, trusted, e.getMessage()),
                            e));
        }
    }

    private KeyManager keyManager() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        Certificate[] chain = certificates(certificate).toArray(Certificate[]::new);
        store.setKeyEntry("peer", privateKey(), new char[0], chain);
        KeyManagerFactory factory =
                KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers()[0];
    }

    private TrustManager trustManager() throws IOException, GeneralSecurityException {
        if (trusted.isEmpty()) {
            return new Everyone();
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int number = 0;
        for (Certificate authority : certificates(trusted.get())) {
            store.setCertificateEntry("authority-" + number++, authority);
        }
        TrustManagerFactory factory =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers()[0];
    }

    private static Collection<? extends Certificate> certificates(Path file)
            throws IOException, GeneralSecurityException {
        try (var in = Files.newInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in);
        }
    }

    private PrivateKey privateKey() throws IOException, GeneralSecurityException {
        Matcher block = KEY.matcher(Files.readString(key, StandardCharsets.ISO_8859_1));
        if (!block.find()) {
            throw new IOException(
                    key + ": expected a BEGIN PRIVATE KEY or BEGIN RSA PRIVATE KEY block");
        }
        byte[] content = Base64.getMimeDecoder().decode(block.group(2));
        if (block.group(1) != null) {
            content = tagged(SEQUENCE, joined(RSA_HEAD, tagged(OCTETS, content)));
        }
        PKCS8EncodedKeySpec encoded = new PKCS8EncodedKeySpec(content);
        String algorithm =
                certificates(certificate).iterator().next().getPublicKey().getAlgorithm();
        return KeyFactory.getInstance(algorithm).generatePrivate(encoded);
    }

    /** DER with a length of two bytes, which every RSA key needs. */
    private static byte[] tagged(int tag, byte[] content) {
        byte[] head = {
            (byte) tag, (byte) 0x82, (byte) (content.length >> 8), (byte) content.length
        };
        return joined(head, content);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        byte[] whole = java.util.Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, whole, first.length, second.length);
        return whole;
    }

    /** Believes every certificate and does not compare names. */
    private static final class Everyone extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
