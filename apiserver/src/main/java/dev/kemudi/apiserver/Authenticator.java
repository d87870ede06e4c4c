package dev.kemudi.apiserver;

import dev.kemudi.apiserver.Certificates.Subject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tells who a request comes from: a client certificate signed by our authority (CN is the user, O
 * its groups) or a bearer token, the admin's or a ServiceAccount's. TLS has checked the certificate
 * already; nothing at all is the anonymous user, a wrong token is refused.
 */
final class Authenticator {
    private static final String CREDENTIAL = "authentication.kubernetes.io/credential-id";
    private static final List<String> OURS = List.of(ServiceAccountTokens.ISSUER);

    private final byte[] adminToken;
    private final ServiceAccountTokens tokens;

    Authenticator(String adminToken, ServiceAccountTokens tokens) {
        this.adminToken = adminToken.getBytes(StandardCharsets.UTF_8);
        this.tokens = tokens;
    }

    /** Empty when what was presented is wrong. */
    Optional<User> authenticate(
            Optional<String> authorization, Optional<Certificate[]> certificates) {
        if (certificates.isPresent() && certificates.get().length > 0) {
            return fromCertificate((X509Certificate) certificates.get()[0]);
        }
        String value = authorization.orElse("");
        if (!value.regionMatches(true, 0, "Bearer ", 0, 7)) {
            return Optional.of(User.ANONYMOUS); // as Kubernetes: other schemes say nothing
        }
        return switch (verdict(value.substring(7).strip(), OURS)) {
            case Verdict.Known known -> Optional.of(known.user());
            case Verdict.Unknown unknown -> Optional.empty();
        };
    }

    /**
     * What a token is worth for {@code audiences}.
     *
     * @param audiences empty for this server
     */
    Verdict verdict(String token, List<String> audiences) {
        List<String> wanted = audiences.isEmpty() ? OURS : audiences;
        if (MessageDigest.isEqual(token.getBytes(StandardCharsets.UTF_8), adminToken)) {
            User admin = new User("kubernetes-admin", List.of(User.MASTERS, User.AUTHENTICATED));
            return wanted.containsAll(OURS)
                    ? new Verdict.Known(admin, OURS)
                    : new Verdict.Unknown("");
        }
        return tokens.check(token, wanted);
    }

    private static Optional<User> fromCertificate(X509Certificate certificate) {
        Subject subject;
        String print;
        try {
            subject = Subject.of(certificate.getSubjectX500Principal());
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            print = HexFormat.of().formatHex(digest.digest(certificate.getEncoded()));
        } catch (IllegalArgumentException | GeneralSecurityException e) {
            return Optional.empty();
        }
        if (subject.commonName().isEmpty()) {
            return Optional.empty();
        }
        List<String> groups = new ArrayList<>(subject.organizations());
        groups.add(User.AUTHENTICATED);
        return Optional.of(
                new User(
                        subject.commonName(),
                        "",
                        List.copyOf(groups),
                        Map.of(CREDENTIAL, List.of("X509SHA256=" + print))));
    }
}
