package dev.kemudi.etcd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * Reads keys and certificates from PEM files (RFC 7468), also in the older forms that etcd's tools
 * write: PKCS #1 for RSA (RFC 8017) and SEC 1 for elliptic curves (RFC 5915), which the JDK cannot
 * read by itself.
 */
final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \\1-----");
    private static final byte[] RSA_ALGORITHM =
            Der.sequence(Der.oid("1.2.840.113549.1.1.1"), Der.NULL);
    private static final String EC_OID = "1.2.840.10045.2.1";

    private Pem() {}

    private record Block(String label, byte[] content) {}

    private static List<Block> blocks(Path file) throws IOException {
        List<Block> blocks = new ArrayList<>();
        Matcher matcher = BLOCK.matcher(Files.readString(file, StandardCharsets.ISO_8859_1));
        while (matcher.find()) {
            blocks.add(
                    new Block(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
        }
        return blocks;
    }

    static List<X509Certificate> certificates(Path file)
            throws IOException, GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        for (Block block : blocks(file)) {
            if (block.label().equals("CERTIFICATE")) {
                certificates.add(
                        (X509Certificate)
                                factory.generateCertificate(
                                        new java.io.ByteArrayInputStream(block.content())));
            }
        }
        if (certificates.isEmpty()) {
            throw new IOException(file + " should hold at least one BEGIN CERTIFICATE block");
        }
        return certificates;
    }

    static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        for (Block block : blocks(file)) {
            switch (block.label()) {
                case "PRIVATE KEY" -> {
                    return pkcs8(block.content());
                }
                case "RSA PRIVATE KEY" -> {
                    return pkcs8(wrapped(RSA_ALGORITHM, block.content()));
                }
                case "EC PRIVATE KEY" -> {
                    return pkcs8(wrapped(ecAlgorithm(file, block.content()), block.content()));
                }
                default -> {
                    // Parameters and certificates may stand in the same file.
                }
            }
        }
        throw new IOException(
                file + " should hold a BEGIN PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY block");
    }

    private static byte[] wrapped(byte[] algorithm, byte[] key) {
        return Der.sequence(Der.integer(0), algorithm, Der.octets(key));
    }

    /** RFC 5915: the curve's name is in the field tagged 0. */
    private static byte[] ecAlgorithm(Path file, byte[] key) throws IOException {
        for (int i = 0; i + 1 < key.length; i++) {
            boolean named =
                    (key[i] & 0xff) == 0xa0 && i + 2 < key.length && key[i + 2] == Der.OBJECT_ID;
            if (named) {
                int length = key[i + 1];
                return Der.sequence(
                        Der.oid(EC_OID), Arrays.copyOfRange(key, i + 2, i + 2 + length));
            }
        }
        throw new IOException(file + " should name its elliptic curve");
    }

    private static PrivateKey pkcs8(byte[] key) throws GeneralSecurityException {
        return factoryOf(key).generatePrivate(new PKCS8EncodedKeySpec(key));
    }

    private static KeyFactory factoryOf(byte[] key) throws GeneralSecurityException {
        byte[] ec = Der.oid(EC_OID);
        for (int i = 0; i + ec.length <= Math.min(key.length, 64); i++) {
            if (Arrays.equals(key, i, i + ec.length, ec, 0, ec.length)) {
                return KeyFactory.getInstance("EC");
            }
        }
        byte[] edwards = Der.oid("1.3.101.112");
        for (int i = 0; i + edwards.length <= Math.min(key.length, 16); i++) {
            if (Arrays.equals(key, i, i + edwards.length, edwards, 0, edwards.length)) {
                return KeyFactory.getInstance("Ed25519");
            }
        }
        return KeyFactory.getInstance("RSA");
    }

    /** A public key by itself, or that of a certificate. */
    static PublicKey publicKey(Path file) throws IOException, GeneralSecurityException {
        for (Block block : blocks(file)) {
            switch (block.label()) {
                case "PUBLIC KEY" -> {
                    return x509(block.content());
                }
                case "RSA PUBLIC KEY" -> {
                    return x509(Der.sequence(RSA_ALGORITHM, Der.bits(block.content())));
                }
                case "CERTIFICATE" -> {
                    return certificates(file).getFirst().getPublicKey();
                }
                default -> {
                    // Something else may stand before it.
                }
            }
        }
        throw new IOException(file + " should hold a BEGIN PUBLIC KEY or CERTIFICATE block");
    }

    /** The public half that a private key of RSA has in it. */
    static PublicKey publicOf(PrivateKey key) throws GeneralSecurityException {
        return switch (key) {
            case RSAPrivateCrtKey rsa ->
                    KeyFactory.getInstance("RSA")
                            .generatePublic(
                                    new RSAPublicKeySpec(
                                            rsa.getModulus(), rsa.getPublicExponent()));
            default ->
                    throw new GeneralSecurityException(
                            "the public key of a " + key.getAlgorithm() + " key must be given");
        };
    }

    private static PublicKey x509(byte[] key) throws GeneralSecurityException {
        return factoryOf(key).generatePublic(new X509EncodedKeySpec(key));
    }

    /** The subject's common name; empty when it has none. */
    static String commonName(X509Certificate certificate) {
        try {
            for (Rdn part :
                    new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
                if (part.getType().equalsIgnoreCase("CN")) {
                    return part.getValue().toString();
                }
            }
            return "";
        } catch (InvalidNameException e) {
            throw new IllegalStateException("the JDK's own form of a name", e);
        }
    }
}
