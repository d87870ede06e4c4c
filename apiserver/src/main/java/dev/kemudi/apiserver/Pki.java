package dev.kemudi.apiserver;

import dev.kemudi.apiserver.Certificates.Identity;
import dev.kemudi.apiserver.Certificates.Subject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The server's own certificate authority, server certificate, admin client certificate and admin
 * token, kept as PEM files of mode 600 in one directory. Made when missing, reused otherwise,
 * renewed a month before they expire.
 */
final class Pki {
    private static final Duration AUTHORITY_LIFE = Duration.ofDays(3650);
    private static final Duration LEAF_LIFE = Duration.ofDays(365);
    private static final Duration RENEW_BEFORE = Duration.ofDays(30);
    // clocks of clients may be behind ours
    private static final Duration BACKDATED = Duration.ofMinutes(5);

    private final Identity authority;
    private final Identity server;
    private final Identity admin;
    private final String adminToken;

    private Pki(Identity authority, Identity server, Identity admin, String adminToken) {
        this.authority = authority;
        this.server = server;
        this.admin = admin;
        this.adminToken = adminToken;
    }

    /**
     * Opens {@code directory}, making it and whatever is missing in it. One caller at a time:
     * servers of one process may share it.
     */
    static synchronized Pki open(Path directory, String listenAddress, Instant now) {
        try {
            Files.createDirectories(directory);
            Identity authority = read(directory, "ca");
            boolean fresh = authority == null || expiring(authority, now);
            if (authority == null || fresh) {
                authority =
                        Certificates.authority(
                                "kemudi-ca", now.minus(BACKDATED), now.plus(AUTHORITY_LIFE));
                write(directory, "ca", authority);
            }
            Set<String> names = serverNames(listenAddress);
            Identity server = read(directory, "apiserver");
            if (server == null || fresh || expiring(server, now) || !covers(server, names)) {
                Subject subject = new Subject("kube-apiserver", List.of());
                Instant until = now.plus(LEAF_LIFE);
                server =
                        Certificates.issue(
                                authority,
                                subject,
                                List.copyOf(names),
                                now.minus(BACKDATED),
                                until);
                write(directory, "apiserver", server);
            }
            Identity admin = read(directory, "admin");
            if (admin == null || fresh || expiring(admin, now)) {
                Subject subject = new Subject("kubernetes-admin", List.of(User.MASTERS));
                admin =
                        Certificates.issue(
                                authority,
                                subject,
                                List.of(),
                                now.minus(BACKDATED),
                                now.plus(LEAF_LIFE));
                write(directory, "admin", admin);
            }
            return new Pki(authority, server, admin, token(directory.resolve("admin.token")));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(
                    "cannot use " + directory + " for keys and certificates: " + e, e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "a key or certificate in "
                            + directory
                            + " is damaged (delete the folder to make new ones): "
                            + e.getMessage(),
                    e);
        }
    }

    private static Set<String> serverNames(String listenAddress) {
        Set<String> names =
                new LinkedHashSet<>(
                        List.of(
                                "localhost",
                                "127.0.0.1",
                                "0:0:0:0:0:0:0:1",
                                "kubernetes",
                                "kubernetes.default",
                                "kubernetes.default.svc",
                                "kubernetes.default.svc.cluster.local"));
        if (!listenAddress.equals("0.0.0.0")
                && !listenAddress.equals("::")
                && !listenAddress.equals("::1")) {
            names.add(listenAddress);
        }
        return names;
    }

    private static boolean covers(Identity server, Set<String> names)
            throws GeneralSecurityException {
        Set<String> covered = new LinkedHashSet<>();
        var alternatives = server.certificate().getSubjectAlternativeNames();
        if (alternatives != null) {
            alternatives.forEach(a -> covered.add(String.valueOf(a.get(1))));
        }
        return covered.containsAll(names);
    }

    private static boolean expiring(Identity identity, Instant now) {
        return identity.certificate().getNotAfter().toInstant().isBefore(now.plus(RENEW_BEFORE));
    }

    private static @org.jspecify.annotations.Nullable Identity read(Path directory, String name)
            throws IOException, GeneralSecurityException {
        Path certificate = directory.resolve(name + ".crt");
        Path key = directory.resolve(name + ".key");
        if (!Files.exists(certificate) || !Files.exists(key)) {
            return null;
        }
        byte[] pem = Files.readAllBytes(certificate);
        Certificate parsed =
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(pem));
        String text =
                Files.readString(key).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
        try {
            PrivateKey privateKey =
                    KeyFactory.getInstance(parsed.getPublicKey().getAlgorithm())
                            .generatePrivate(
                                    new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
            return new Identity((X509Certificate) parsed, privateKey);
        } catch (IllegalArgumentException e) {
            throw new CertificateException(key + " is not a PEM file", e);
        }
    }

    private static void write(Path directory, String name, Identity identity)
            throws IOException, GeneralSecurityException {
        secret(directory.resolve(name + ".key"), pem("PRIVATE KEY", identity.key().getEncoded()));
        secret(
                directory.resolve(name + ".crt"),
                pem("CERTIFICATE", identity.certificate().getEncoded()));
    }

    private static String token(Path file) throws IOException {
        if (Files.exists(file)) {
            return Files.readString(file).strip();
        }
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        String token = HexFormat.of().formatHex(random);
        secret(file, token + "\n");
        return token;
    }

    /** Written beside and renamed, so that a crash leaves the old file or the new one. */
    static void secret(Path file, String text) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(draft);
        Set<PosixFilePermission> owner = PosixFilePermissions.fromString("rw-------");
        Files.createFile(draft, PosixFilePermissions.asFileAttribute(owner));
        Files.writeString(draft, text, StandardOpenOption.WRITE);
        Files.move(
                draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    static String pem(String type, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + type + "-----\n" + body + "\n-----END " + type + "-----\n";
    }

    /** The certificate that clients check this server by, as PEM. */
    String authorityPem() {
        try {
            return pem("CERTIFICATE", authority.certificate().getEncoded());
        } catch (CertificateException e) {
            throw new IllegalStateException("cannot encode our own certificate", e);
        }
    }

    /**
     * Certifies what was asked for.
     *
     * @return PEM
     */
    String certify(Certificates.Wanted wanted, Instant now, Duration life) {
        Instant end = authority.certificate().getNotAfter().toInstant();
        Instant until = now.plus(life);
        try {
            X509Certificate made =
                    Certificates.certify(
                            authority,
                            wanted,
                            now.minus(BACKDATED),
                            until.isBefore(end) ? until : end);
            return pem("CERTIFICATE", made.getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot sign with our authority", e);
        }
    }

    String adminToken() {
        return adminToken;
    }

    /** Server side: our certificate, and clients checked against our own authority. */
    SSLContext serverContext() {
        try {
            char[] password = "in memory".toCharArray();
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, null);
            Certificate[] chain = {server.certificate(), authority.certificate()};
            keys.setKeyEntry("server", server.key(), password, chain);
            KeyManagerFactory keyManagers = KeyManagerFactory.getInstance("PKIX");
            keyManagers.init(keys, password);
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry("ca", authority.certificate());
            TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(
                    keyManagers.getKeyManagers(), trust.getTrustManagers(), new SecureRandom());
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException("cannot set up TLS: " + e.getMessage(), e);
        }
    }

    /** A kubeconfig for the admin, everything embedded. */
    String kubeconfig(String url) {
        return """
        apiVersion: v1
        kind: Config
        clusters:
        - name: kemudi
          cluster:
            server: %s
            certificate-authority-data: %s
        users:
        - name: kubernetes-admin
          user:
            client-certificate-data: %s
            client-key-data: %s
        contexts:
        - name: kemudi
          context:
            cluster: kemudi
            user: kubernetes-admin
        current-context: kemudi
        preferences: {}
        """
                .formatted(
                        url,
                        base64(authority),
                        base64(admin),
                        base64("PRIVATE KEY", admin.key().getEncoded()));
    }

    private static String base64(Identity identity) {
        try {
            return base64("CERTIFICATE", identity.certificate().getEncoded());
        } catch (CertificateException e) {
            throw new IllegalStateException("cannot encode our own certificate", e);
        }
    }

    private static String base64(String type, byte[] der) {
        return Base64.getEncoder()
                .encodeToString(pem(type, der).getBytes(StandardCharsets.US_ASCII));
    }
}
