package dev.kemudi.apiserver;

import java.io.ByteArrayInputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;
import javax.security.auth.x500.X500Principal;

/** Makes X.509 v3 certificates (RFC 5280), signed with ECDSA on P-256 and SHA-256. */
final class Certificates {
    private static final byte[] ECDSA_SHA256 = Der.sequence(Der.oid("1.2.840.10045.4.3.2"));
    static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final int CLIENT_KEY_BITS = 2_048;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Who a certificate is for. */
    record Subject(String commonName, List<String> organizations) {
        /**
         * @throws IllegalArgumentException when it is no name that can be read
         */
        static Subject of(X500Principal principal) {
            String commonName = "";
            List<String> organizations = new ArrayList<>();
            try {
                for (Rdn rdn : new LdapName(principal.getName()).getRdns()) {
                    switch (rdn.getType()) {
                        case "CN" -> commonName = String.valueOf(rdn.getValue());
                        case "O" -> organizations.add(String.valueOf(rdn.getValue()));
                        default -> {}
                    }
                }
            } catch (InvalidNameException e) {
                throw new IllegalArgumentException("a name that cannot be read", e);
            }
            return new Subject(commonName, List.copyOf(organizations));
        }

        byte[] encoded() {
            List<byte[]> parts = new ArrayList<>();
            organizations.forEach(o -> parts.add(attribute("2.5.4.10", o)));
            parts.add(attribute("2.5.4.3", commonName));
            return Der.sequence(parts.toArray(byte[][]::new));
        }

        private static byte[] attribute(String oid, String value) {
            return Der.set(Der.sequence(Der.oid(oid), Der.utf8(value)));
        }
    }

    /** A certificate with its key. */
    record Identity(X509Certificate certificate, PrivateKey key) {}

    /**
     * What is to be certified.
     *
     * @param subject the encoded name
     * @param encipherment whether the key may also encipher keys, as RSA does in old TLS
     * @param purposes of the extended key usage, such as {@link #CLIENT_AUTH}
     * @param alternatives encoded GeneralNames
     */
    record Wanted(
            byte[] subject,
            PublicKey key,
            boolean encipherment,
            List<String> purposes,
            List<byte[]> alternatives) {}

    private record Request(
            byte[] subject,
            PublicKey key,
            byte[] issuer,
            byte[] issuerKeyId,
            Instant from,
            Instant until) {}

    private Certificates() {}

    static Identity authority(String commonName, Instant from, Instant until)
            throws GeneralSecurityException {
        KeyPair pair = newKeyPair();
        Subject subject = new Subject(commonName, List.of());
        byte[] keyId = keyId(pair.getPublic());
        Request request =
                new Request(
                        subject.encoded(), pair.getPublic(), subject.encoded(), keyId, from, until);
        // keyCertSign (bit 5) and cRLSign (bit 6)
        List<byte[]> extensions =
                List.of(
                        extension("2.5.29.19", true, Der.sequence(Der.bool(true))),
                        extension("2.5.29.15", true, Der.bits(1, new byte[] {0x06})));
        return new Identity(sign(request, extensions, pair.getPrivate()), pair.getPrivate());
    }

    /**
     * @param names host names and addresses; empty makes a client certificate
     */
    static Identity issue(
            Identity authority, Subject subject, List<String> names, Instant from, Instant until)
            throws GeneralSecurityException {
        KeyPair pair = names.isEmpty() ? newClientKeyPair() : newKeyPair();
        List<byte[]> general = names.stream().map(Certificates::generalName).toList();
        String purpose = names.isEmpty() ? CLIENT_AUTH : SERVER_AUTH;
        Wanted wanted =
                new Wanted(subject.encoded(), pair.getPublic(), false, List.of(purpose), general);
        return new Identity(certify(authority, wanted, from, until), pair.getPrivate());
    }

    /** A certificate for a key that may be somebody else's. */
    static X509Certificate certify(Identity authority, Wanted wanted, Instant from, Instant until)
            throws GeneralSecurityException {
        PublicKey issuerKey = authority.certificate().getPublicKey();
        byte[] issuer = authority.certificate().getSubjectX500Principal().getEncoded();
        Request request =
                new Request(wanted.subject(), wanted.key(), issuer, keyId(issuerKey), from, until);
        List<byte[]> extensions = new ArrayList<>();
        extensions.add(extension("2.5.29.19", true, Der.sequence()));
        // digitalSignature (bit 0) and keyEncipherment (bit 2)
        byte[] usage =
                wanted.encipherment()
                        ? Der.bits(5, new byte[] {(byte) 0xa0})
                        : Der.bits(7, new byte[] {(byte) 0x80});
        extensions.add(extension("2.5.29.15", true, usage));
        byte[][] purposes = wanted.purposes().stream().map(Der::oid).toArray(byte[][]::new);
        extensions.add(extension("2.5.29.37", false, Der.sequence(purposes)));
        if (!wanted.alternatives().isEmpty()) {
            byte[][] general = wanted.alternatives().toArray(byte[][]::new);
            extensions.add(extension("2.5.29.17", false, Der.sequence(general)));
        }
        return sign(request, extensions, authority.key());
    }

    private static byte[] generalName(String name) {
        if (name.indexOf(':') >= 0 || name.matches("[0-9.]+")) {
            try {
                return Der.implicit(7, InetAddress.getByName(name).getAddress());
            } catch (UnknownHostException e) {
                throw new IllegalArgumentException("expected an IP address, found: " + name, e);
            }
        }
        return Der.implicit(2, name.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    private static X509Certificate sign(
            Request request, List<byte[]> extensions, PrivateKey issuerKey)
            throws GeneralSecurityException {
        List<byte[]> all = new ArrayList<>(extensions);
        all.add(extension("2.5.29.14", false, Der.octets(keyId(request.key()))));
        all.add(
                extension(
                        "2.5.29.35", false, Der.sequence(Der.implicit(0, request.issuerKeyId()))));
        byte[] body =
                Der.sequence(
                        Der.explicit(0, Der.integer(BigInteger.TWO)),
                        Der.integer(new BigInteger(120, RANDOM).setBit(119)),
                        ECDSA_SHA256,
                        request.issuer(),
                        Der.sequence(Der.time(request.from()), Der.time(request.until())),
                        request.subject(),
                        request.key().getEncoded(),
                        Der.explicit(3, Der.sequence(all.toArray(byte[][]::new))));
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(issuerKey);
        signature.update(body);
        byte[] certificate = Der.sequence(body, ECDSA_SHA256, Der.bits(0, signature.sign()));
        return (X509Certificate)
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(new ByteArrayInputStream(certificate));
    }

    private static byte[] extension(String oid, boolean critical, byte[] value) {
        return critical
                ? Der.sequence(Der.oid(oid), Der.bool(true), Der.octets(value))
                : Der.sequence(Der.oid(oid), Der.octets(value));
    }

    private static KeyPair newKeyPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"), RANDOM);
        return generator.generateKeyPair();
    }

    // fabric8 reads elliptic-curve client keys only with BouncyCastle beside it: RSA is what every
    // client reads
    private static KeyPair newClientKeyPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(CLIENT_KEY_BITS, RANDOM);
        return generator.generateKeyPair();
    }

    private static byte[] keyId(PublicKey key) throws GeneralSecurityException {
        return java.util.Arrays.copyOf(
                MessageDigest.getInstance("SHA-256").digest(key.getEncoded()), 20);
    }
}
