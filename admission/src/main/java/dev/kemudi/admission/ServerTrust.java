package dev.kemudi.admission;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts servers whose certificate comes from one authority and bears one name, whatever address
 * they are reached at: a Service's endpoints are known by address, its certificate says {@code
 * name.namespace.svc}.
 */
final class ServerTrust extends X509ExtendedTrustManager {
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    private final X509ExtendedTrustManager authorities;
    private final String serverName;

    private ServerTrust(X509ExtendedTrustManager authorities, String serverName) {
        this.authorities = authorities;
        this.serverName = serverName;
    }

    /**
     * @param caBundle certificates in PEM, in Base64 as the API has them; empty for those that the
     *     platform trusts
     * @throws WebhookException when the bundle holds no certificates
     */
    static SSLContext context(String caBundle, String serverName) throws WebhookException {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(caBundle.isEmpty() ? null : authorities(caBundle));
            for (TrustManager trust : factory.getTrustManagers()) {
                if (trust instanceof X509ExtendedTrustManager authorities) {
                    SSLContext context = SSLContext.getInstance("TLS");
                    context.init(
                            null,
                            new TrustManager[] {new ServerTrust(authorities, serverName)},
                            null);
                    return context;
                }
            }
            throw new IllegalStateException("this JDK has no PKIX trust manager");
        } catch (GeneralSecurityException | IOException | IllegalArgumentException e) {
            throw new WebhookException(
                    "caBundle: expected certificates in PEM: " + e.getMessage(), e);
        }
    }

    private static KeyStore authorities(String caBundle)
            throws GeneralSecurityException, IOException {
        byte[] pem = Base64.getMimeDecoder().decode(caBundle);
        Collection<? extends Certificate> certificates =
                CertificateFactory.getInstance("X.509")
                        .generateCertificates(new ByteArrayInputStream(pem));
        if (certificates.isEmpty()) {
            throw new CertificateException("there is none");
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        int i = 0;
        for (Certificate certificate : certificates) {
            store.setCertificateEntry("ca" + i++, certificate);
        }
        return store;
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type)
            throws CertificateException {
        authorities.checkServerTrusted(chain, type);
        if (!bears(chain[0])) {
            throw new CertificateException(
                    "certificate is valid for " + names(chain[0]) + ", not " + serverName);
        }
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
            throws CertificateException {
        checkServerTrusted(chain, type);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        checkServerTrusted(chain, type);
    }

    private boolean bears(X509Certificate certificate) throws CertificateException {
        String wanted = serverName.toLowerCase(Locale.ROOT);
        for (String name : names(certificate)) {
            String known = name.toLowerCase(Locale.ROOT);
            boolean wildcard =
                    known.startsWith("*.")
                            && wanted.indexOf('.') > 0
                            && wanted.substring(wanted.indexOf('.')).equals(known.substring(1));
            if (known.equals(wanted) || wildcard) {
                return true;
            }
        }
        return false;
    }

    private static List<String> names(X509Certificate certificate) throws CertificateException {
        Collection<List<?>> names = certificate.getSubjectAlternativeNames();
        return names == null
                ? List.of()
                : names.stream()
                        .filter(n -> n.get(0).equals(DNS_NAME) || n.get(0).equals(IP_ADDRESS))
                        .map(n -> String.valueOf(n.get(1)))
                        .toList();
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return authorities.getAcceptedIssuers();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type)
            throws CertificateException {
        throw new CertificateException("webhooks are called, they do not call");
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
            throws CertificateException {
        checkClientTrusted(chain, type);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
            throws CertificateException {
        checkClientTrusted(chain, type);
    }
}
