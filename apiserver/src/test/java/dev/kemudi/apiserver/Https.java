package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The JDK's own HTTP client, trusting the server's authority and showing the admin token. */
final class Https implements AutoCloseable {
    final HttpClient client;
    private final String base;
    private final Optional<String> token;

    /** What came back. */
    record Reply(int code, JsonNode body, HttpResponse<byte[]> response) {
        String message() {
            return body.path("message").asText();
        }

        String reason() {
            return body.path("reason").asText();
        }
    }

    Https(Path pki, int port, HttpClient.Version version, Optional<String> token) {
        this(trusting(pki), port, version, token);
    }

    private Https(
            SSLContext context, int port, HttpClient.Version version, Optional<String> token) {
        this.token = token;
        base = "https://127.0.0.1:" + port;
        client = HttpClient.newBuilder().version(version).sslContext(context).build();
    }

    /** A client that shows a certificate and nothing else. */
    static Https certified(Path pki, int port, PrivateKey key, X509Certificate certificate) {
        return new Https(
                context(pki, Optional.of(Map.entry(key, certificate))),
                port,
                HttpClient.Version.HTTP_2,
                Optional.empty());
    }

    static Https admin(Path pki, int port) {
        return new Https(pki, port, HttpClient.Version.HTTP_2, Optional.of(token(pki)));
    }

    static String token(Path pki) {
        try {
            return Files.readString(pki.resolve("admin.token")).strip();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    static SSLContext trusting(Path pki) {
        return context(pki, Optional.empty());
    }

    private static SSLContext context(
            Path pki, Optional<Map.Entry<PrivateKey, X509Certificate>> own) {
        try (InputStream in = Files.newInputStream(pki.resolve("ca.crt"))) {
            KeyStore trusted = KeyStore.getInstance("PKCS12");
            trusted.load(null, null);
            trusted.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
            TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(null, null);
            if (own.isPresent()) {
                Certificate[] chain = {own.get().getValue()};
                keys.setKeyEntry("own", own.get().getKey(), new char[0], chain);
            }
            KeyManagerFactory shown = KeyManagerFactory.getInstance("PKIX");
            shown.init(keys, new char[0]);
            context.init(shown.getKeyManagers(), trust.getTrustManagers(), null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    HttpRequest.Builder request(String path) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(base + path));
        token.ifPresent(t -> builder.header("Authorization", "Bearer " + t));
        return builder;
    }

    Reply send(HttpRequest request) {
        try {
            HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
            byte[] body = response.body();
            boolean json =
                    response.headers()
                            .firstValue("content-type")
                            .orElse("")
                            .startsWith("application/json");
            return new Reply(
                    response.statusCode(),
                    json ? Json.MAPPER.readTree(body) : Json.MAPPER.missingNode(),
                    response);
        } catch (IOException e) {
            throw new AssertionError("no answer", e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    Reply get(String path) {
        return send(request(path).build());
    }

    Reply send(String method, String path, String contentType, String body) {
        return send(
                method, path, contentType, BodyPublishers.ofString(body, StandardCharsets.UTF_8));
    }

    Reply send(String method, String path, String contentType, BodyPublisher body) {
        return send(request(path).header("Content-Type", contentType).method(method, body).build());
    }

    Reply post(String path, String json) {
        return send("POST", path, "application/json", json);
    }

    InputStream stream(String path) {
        try {
            return client.send(request(path).build(), BodyHandlers.ofInputStream()).body();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
