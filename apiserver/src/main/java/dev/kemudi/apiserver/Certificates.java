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

/** Makes X.509 v3 certificates (RFC 5280), signed with ECDSA on P-256 and SHA-256. */
final class Certificates {
    private static final byte[] ECDSA_SHA256 = Der.sequence(Der.oid("1.2.840.10045.4.3.2"));
    private static final String SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    private static final String CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    private static final int CLIENT_KEY_BITS = 2_048;
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Who a certificate is for. */
    record Subject(String commonName, List<String> organizations) {
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

    private record Request(
            Subject subject,
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
                new Request(subject, pair.getPublic(), subject.encoded(), keyId, from, until);
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
        PublicKey issuerKey = authority.certificate().getPublicKey();
        byte[] issuer = authority.certificate().getSubjectX500Principal().getEncoded();
        Request request =
                new Request(subject, pair.getPublic(), issuer, keyId(issuerKey), from, until);
        List<byte[]> extensions = new ArrayList<>();
        extensions.add(extension("2.5.29.19", true, Der.sequence()));
        // digitalSignature (bit 0)
        extensions.add(extension("2.5.29.15", true, Der.bits(7, new byte[] {(byte) 0x80})));
        String purpose = names.isEmpty() ? CLIENT_AUTH : SERVER_AUTH;
        extensions.add(extension("2.5.29.37", false, Der.sequence(Der.oid(purpose))));
        if (!names.isEmpty()) {
            byte[][] general = names.stream().map(Certificates::generalName).toArray(byte[][]::new);
            extensions.add(extension("2.5.29.17", false, Der.sequence(general)));
        }
        return new Identity(sign(request, extensions, authority.key()), pair.getPrivate());
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
                        request.subject().encoded(),
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
