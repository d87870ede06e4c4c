package dev.kemudi.etcd;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * Makes a certificate that signs itself, as etcd's {@code --auto-tls} does: it hides what is said,
 * it does not prove who says it. The JDK can read certificates but has no public way to build one
 * (RFC 5280).
 */
public final class SelfSigned {
    private static final Duration LIFETIME = Duration.ofDays(365);
    private static final int SERIAL_BITS = 127;
    private static final int LINE_CHARS = 64;
    private static final byte[] SIGNED_BY = Der.sequence(Der.oid("1.2.840.10045.4.3.2"));

    private SelfSigned() {}

    /** Writes both as PEM, the key for its owner only; {@code hosts} are the names it goes by. */
    public static void write(Path certificate, Path key, List<String> hosts) throws IOException {
        write(certificate, key, hosts, "");
    }

    /**
     * @param commonName empty for none
     */
    static void write(Path certificate, Path key, List<String> hosts, String commonName)
            throws IOException {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair pair = generator.generateKeyPair();
            Files.deleteIfExists(key);
            Files.createFile(
                    key,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.writeString(key, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
            Files.writeString(
                    certificate, pem("CERTIFICATE", certificate(pair, hosts, commonName)));
        } catch (GeneralSecurityException e) {
            throw new IOException("a certificate cannot be made: " + e.getMessage(), e);
        }
    }

    private static String pem(String label, byte[] content) {
        return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
                .formatted(
                        label,
                        Base64.getMimeEncoder(LINE_CHARS, new byte[] {'\n'})
                                .encodeToString(content),
                        label);
    }

    private static byte[] certificate(KeyPair pair, List<String> hosts, String commonName)
            throws GeneralSecurityException, IOException {
        byte[] organization = attribute("2.5.4.10", "Kemudi etcd");
        byte[] name =
                commonName.isEmpty()
                        ? Der.sequence(organization)
                        : Der.sequence(organization, attribute("2.5.4.3", commonName));
        Instant now = Instant.now();
        byte[] validity =
                Der.sequence(
                        Der.time(now.minus(Duration.ofHours(1))), Der.time(now.plus(LIFETIME)));
        byte[] body =
                Der.sequence(
                        Der.tagged(0xa0, Der.integer(2)),
                        Der.integer(new BigInteger(SERIAL_BITS, new SecureRandom())),
                        SIGNED_BY,
                        name,
                        validity,
                        name,
                        pair.getPublic().getEncoded(),
                        Der.tagged(0xa3, Der.sequence(extensions(hosts))));
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(pair.getPrivate());
        signature.update(body);
        return Der.sequence(body, SIGNED_BY, Der.bits(signature.sign()));
    }

    private static byte[] attribute(String oid, String value) {
        return Der.set(Der.sequence(Der.oid(oid), Der.utf8(value)));
    }

    private static byte[][] extensions(List<String> hosts) throws IOException {
        List<byte[]> names = new ArrayList<>();
        for (String host : hosts) {
            boolean address =
                    host.contains(":") || Character.isDigit(host.charAt(host.length() - 1));
            names.add(
                    address
                            ? Der.tagged(0x87, InetAddress.getByName(host).getAddress())
                            : Der.tagged(0x82, host.getBytes(StandardCharsets.US_ASCII)));
        }
        return new byte[][] {
            extension("2.5.29.17", Der.sequence(names.toArray(byte[][]::new))),
            // It is its own authority, so that clients can be given it as the one to trust.
            extension("2.5.29.19", Der.sequence(Der.bool(true)))
        };
    }

    private static byte[] extension(String oid, byte[] value) {
        return Der.sequence(Der.oid(oid), Der.octets(value));
    }
}
