package dev.kemudi.etcd;

import java.security.NoSuchAlgorithmException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLContext;

/**
 * The names of ciphers: etcd takes Go's, which are the registry's but for two that Go once cut
 * short; the JDK calls its oldest ones SSL.
 */
final class CipherSuites {
    private static final Set<String> CUT_SHORT =
            Set.of(
                    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
                    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305");
    private static final List<String> OF_TLS_1_3 =
            List.of(
                    "TLS_AES_256_GCM_SHA384",
                    "TLS_AES_128_GCM_SHA256",
                    "TLS_CHACHA20_POLY1305_SHA256");

    private CipherSuites() {}

    /**
     * @return the JDK's names, those of TLS 1.3 with them; empty when none was named
     * @throws IllegalArgumentException naming the one that is not served
     */
    static List<String> ofJdk(List<String> named) {
        if (named.isEmpty()) {
            return List.of();
        }
        Set<String> served = served();
        Set<String> suites = new LinkedHashSet<>(OF_TLS_1_3);
        for (String name : named) {
            String whole = CUT_SHORT.contains(name) ? name + "_SHA256" : name;
            String old = whole.replaceFirst("^TLS_", "SSL_");
            if (!served.contains(whole) && !served.contains(old)) {
                throw new IllegalArgumentException(
                        "unexpected TLS cipher suite \"%s\": served are %s"
                                .formatted(name, String.join(", ", served)));
            }
            suites.add(served.contains(whole) ? whole : old);
        }
        return List.copyOf(suites);
    }

    private static Set<String> served() {
        try {
            return new LinkedHashSet<>(
                    List.of(SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has TLS", e);
        }
    }
}
