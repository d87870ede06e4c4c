package dev.kemudi.controller;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Where an API server is and who we are to it: the current context of a kubeconfig. Certificates
 * and keys may be embedded or in files; keys must be PKCS#8. Helper programs ({@code exec}) are not
 * run.
 *
 * @param token empty when the client certificate says who we are
 */
record Kubeconfig(URI server, SSLContext tls, String token) {
    private static final char[] NO_PASSWORD = new char[0];

    /**
     * @throws IllegalArgumentException when the file does not say what is needed; the message names
     *     what is missing
     */
    static Kubeconfig read(Path file) throws IOException {
        try {
            Object root =
                    new Load(LoadSettings.builder().setLabel(file.toString()).build())
                            .loadFromString(Files.readString(file));
            Path folder = file.toAbsolutePath().getParent();
            return new Reading(file, folder == null ? Path.of(".") : folder, map(root))
                    .kubeconfig();
        } catch (YamlEngineException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "expected a kubeconfig in " + file + ": " + e.getMessage(), e);
        }
    }

    private static Map<?, ?> map(@Nullable Object node) {
        return node instanceof Map<?, ?> map ? map : Map.of();
    }

    private static String text(Map<?, ?> map, String name) {
        return map.get(name) instanceof Object value ? value.toString() : "";
    }

    private record Reading(Path file, Path folder, Map<?, ?> root) {
        Kubeconfig kubeconfig() throws IOException, GeneralSecurityException {
            Map<?, ?> context = named("contexts", text(root, "current-context"), "context");
            Map<?, ?> cluster = named("clusters", text(context, "cluster"), "cluster");
            Map<?, ?> user = named("users", text(context, "user"), "user");
            if (text(cluster, "server").isEmpty()) {
                throw new IllegalArgumentException(
                        "expected a server in the cluster of " + file + ", found none");
            }
            String token = text(user, "token");
            if (token.isEmpty() && !text(user, "tokenFile").isEmpty()) {
                token = Files.readString(folder.resolve(text(user, "tokenFile"))).strip();
            }
            return new Kubeconfig(URI.create(text(cluster, "server")), tls(cluster, user), token);
        }

        private Map<?, ?> named(String list, String name, String member) {
            if (root.get(list) instanceof List<?> items) {
                for (Object item : items) {
                    if (text(map(item), "name").equals(name)) {
                        return map(map(item).get(member));
                    }
                }
            }
            throw new IllegalArgumentException(
                    "expected \"" + name + "\" among the " + list + " of " + file + ", found none");
        }

        private byte[] bytes(Map<?, ?> map, String name) throws IOException {
            String embedded = text(map, name + "-data");
            if (!embedded.isEmpty()) {
                return Base64.getMimeDecoder().decode(embedded);
            }
            String path = text(map, name);
            return path.isEmpty() ? new byte[0] : Files.readAllBytes(folder.resolve(path));
        }

        private SSLContext tls(Map<?, ?> cluster, Map<?, ?> user)
                throws IOException, GeneralSecurityException {
            byte[] authority = bytes(cluster, "certificate-authority");
            byte[] certificate = bytes(user, "client-certificate");
            byte[] key = bytes(user, "client-key");
            TrustManagerFactory trust =
                    TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(authority.length == 0 ? null : trusted(certificates(authority)));
            KeyManagerFactory keys =
                    KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(
                    key.length == 0
                            ? empty()
                            : identity(certificates(certificate), privateKey(key)),
                    NO_PASSWORD);
            SSLContext tls = SSLContext.getInstance("TLS");
            tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
            return tls;
        }

        private static KeyStore empty() throws IOException, GeneralSecurityException {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, NO_PASSWORD);
            return store;
        }

        private static KeyStore trusted(Collection<? extends Certificate> authorities)
                throws IOException, GeneralSecurityException {
            KeyStore store = empty();
            for (Certificate authority : authorities) {
                store.setCertificateEntry("ca" + store.size(), authority);
            }
            return store;
        }

        private static KeyStore identity(Collection<? extends Certificate> chain, PrivateKey key)
                throws IOException, GeneralSecurityException {
            KeyStore store = empty();
            store.setKeyEntry("client", key, NO_PASSWORD, chain.toArray(Certificate[]::new));
            return store;
        }

        private static Collection<? extends Certificate> certificates(byte[] pem)
                throws GeneralSecurityException {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem));
        }

        private PrivateKey privateKey(byte[] pem) throws GeneralSecurityException {
            String text = new String(pem, StandardCharsets.US_ASCII);
            if (!text.contains("-----BEGIN PRIVATE KEY-----")) {
                throw new IllegalArgumentException(
                        "expected a PKCS#8 key (BEGIN PRIVATE KEY) in "
                                + file
                                + ", found another form; convert it with: openssl pkcs8 -topk8 -nocrypt");
            }
            byte[] der =
                    Base64.getMimeDecoder()
                            .decode(text.replaceAll("-----[A-Z ]+-----", "").strip());
            for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
                try {
                    return KeyFactory.getInstance(algorithm)
                            .generatePrivate(new PKCS8EncodedKeySpec(der));
                } catch (InvalidKeySpecException e) {
                    // Another algorithm's key: the next one may fit.
                }
            }
            throw new IllegalArgumentException(
                    "expected an EC, RSA or EdDSA key in " + file + ", found another");
        }
    }
}
