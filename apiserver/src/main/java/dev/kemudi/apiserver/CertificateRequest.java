package dev.kemudi.apiserver;

import dev.kemudi.apiserver.Certificates.Subject;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.security.auth.x500.X500Principal;

/**
 * What somebody wants to have certified, with proof that they hold the key. Source: RFC 2986 (PKCS
 * #10).
 *
 * @param name the subject as it was encoded
 * @param alternatives the subject's other names as they were encoded, each a GeneralName
 */
record CertificateRequest(byte[] name, Subject subject, PublicKey key, List<byte[]> alternatives) {
    private static final Pattern PEM =
            Pattern.compile(
                    "\\s*-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----.*",
                    Pattern.DOTALL);
    private static final String EXTENSIONS = "1.2.840.113549.1.9.14";
    private static final String ALTERNATIVES = "2.5.29.17";
    private static final int ATTRIBUTES = 0xa0;

    /** Kinds of other names: the tag of a GeneralName. */
    static final int EMAIL = 0x81;

    static final int DNS = 0x82;
    static final int URI = 0x86;
    static final int ADDRESS = 0x87;

    private static final Set<Integer> USUAL = Set.of(EMAIL, DNS, URI, ADDRESS);

    /**
     * @throws IllegalArgumentException that says what is wrong with it
     */
    static CertificateRequest parse(String pem) {
        Matcher block = PEM.matcher(pem);
        if (!block.matches() || !block.group(1).equals("CERTIFICATE REQUEST")) {
            throw new IllegalArgumentException("PEM block type must be CERTIFICATE REQUEST");
        }
        DerReader whole = new DerReader(Base64.getMimeDecoder().decode(block.group(2)));
        DerReader request = whole.inside(DerReader.SEQUENCE);
        whole.requireEnd();
        byte[] signed = request.element();
        String algorithm = request.inside(DerReader.SEQUENCE).oid();
        DerReader bits = request.inside(DerReader.BITS);
        request.requireEnd();
        byte[] signature = bits.rest();

        DerReader content = new DerReader(signed).inside(DerReader.SEQUENCE);
        content.inside(DerReader.INTEGER);
        byte[] name = content.element();
        byte[] keyInfo = content.element();
        List<byte[]> alternatives = new ArrayList<>();
        if (content.tag() == ATTRIBUTES) {
            attributes(content.inside(ATTRIBUTES), alternatives);
        }
        content.requireEnd();
        try {
            PublicKey key = key(keyInfo);
            Signature check = Signature.getInstance(algorithm(algorithm));
            check.initVerify(key);
            check.update(signed);
            byte[] unpadded =
                    java.util.Arrays.copyOfRange(
                            signature, Math.min(1, signature.length), signature.length);
            if (!check.verify(unpadded)) {
                throw new IllegalArgumentException("its signature is not of its key");
            }
            Subject subject = Subject.of(new X500Principal(name));
            return new CertificateRequest(name, subject, key, List.copyOf(alternatives));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("its key or signature: " + e.getMessage(), e);
        }
    }

    private static void attributes(DerReader attributes, List<byte[]> alternatives) {
        while (attributes.more()) {
            DerReader attribute = attributes.inside(DerReader.SEQUENCE);
            if (!attribute.oid().equals(EXTENSIONS)) {
                continue;
            }
            DerReader extensions = attribute.inside(DerReader.SET).inside(DerReader.SEQUENCE);
            while (extensions.more()) {
                DerReader extension = extensions.inside(DerReader.SEQUENCE);
                String oid = extension.oid();
                if (extension.tag() == DerReader.BOOLEAN) {
                    extension.element(); // whether it is critical
                }
                if (oid.equals(ALTERNATIVES)) {
                    DerReader names = extension.inside(DerReader.OCTETS).inside(DerReader.SEQUENCE);
                    while (names.more()) {
                        boolean usual = USUAL.contains(names.tag());
                        byte[] name = names.element();
                        if (usual) { // what no client looks at is not certified
                            alternatives.add(name);
                        }
                    }
                }
            }
        }
    }

    private static PublicKey key(byte[] keyInfo) throws GeneralSecurityException {
        String oid =
                new DerReader(keyInfo).inside(DerReader.SEQUENCE).inside(DerReader.SEQUENCE).oid();
        String algorithm =
                switch (oid) {
                    case "1.2.840.113549.1.1.1" -> "RSA";
                    case "1.2.840.10045.2.1" -> "EC";
                    case "1.3.101.112" -> "Ed25519";
                    default ->
                            throw new IllegalArgumentException(
                                    "expected a key of RSA, EC or Ed25519, found " + oid);
                };
        return KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(keyInfo));
    }

    private static String algorithm(String oid) {
        return switch (oid) {
            case "1.2.840.113549.1.1.11" -> "SHA256withRSA";
            case "1.2.840.113549.1.1.12" -> "SHA384withRSA";
            case "1.2.840.113549.1.1.13" -> "SHA512withRSA";
            case "1.2.840.10045.4.3.2" -> "SHA256withECDSA";
            case "1.2.840.10045.4.3.3" -> "SHA384withECDSA";
            case "1.2.840.10045.4.3.4" -> "SHA512withECDSA";
            case "1.3.101.112" -> "Ed25519";
            default ->
                    throw new IllegalArgumentException(
                            "expected a signature with SHA-256, SHA-384 or SHA-512, found " + oid);
        };
    }

    /** Whether there is another name of this kind. */
    boolean names(int kind) {
        return alternatives.stream().anyMatch(name -> (name[0] & 0xff) == kind);
    }
}
