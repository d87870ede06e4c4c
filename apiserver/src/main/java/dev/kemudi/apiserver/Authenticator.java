package dev.kemudi.apiserver;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * Tells who a request comes from: a client certificate signed by our authority (CN is the user, O
 * its groups) or a bearer token. TLS has checked the certificate already; nothing at all is the
 * anonymous user, a wrong token is refused.
 */
final class Authenticator {
    private final byte[] adminToken;

    Authenticator(String adminToken) {
        this.adminToken = adminToken.getBytes(StandardCharsets.UTF_8);
    }

    /** Empty when what was presented is wrong. */
    Optional<User> authenticate(
            Optional<String> authorization, Optional<Certificate[]> certificates) {
        if (certificates.isPresent() && certificates.get().length > 0) {
            return fromCertificate((X509Certificate) certificates.get()[0]);
        }
        if (authorization.isEmpty()) {
            return Optional.of(User.ANONYMOUS);
        }
        String value = authorization.get();
        if (!value.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return Optional.empty();
        }
        byte[] token = value.substring(7).strip().getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(token, adminToken)
                ? Optional.of(
                        new User("kubernetes-admin", List.of(User.MASTERS, "system:authenticated")))
                : Optional.empty();
    }

    private static Optional<User> fromCertificate(X509Certificate certificate) {
        String name = "";
        List<String> groups = new ArrayList<>();
        try {
            for (Rdn rdn :
                    new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                switch (rdn.getType()) {
                    case "CN" -> name = String.valueOf(rdn.getValue());
                    case "O" -> groups.add(String.valueOf(rdn.getValue()));
                    default -> {}
                }
            }
        } catch (InvalidNameException e) {
            return Optional.empty();
        }
        if (name.isEmpty()) {
            return Optional.empty();
        }
        groups.add("system:authenticated");
        return Optional.of(new User(name, List.copyOf(groups)));
    }
}
