package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.ECKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.KeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The keys of ServiceAccount tokens in the folder of certificates, as kubeadm names them: {@code
 * sa.key} (PKCS #8) signs, {@code sa.pub} is its other half, and whatever else is called {@code
 * sa-*.pub} verifies as well. To change keys, rename {@code sa.pub} to {@code sa-old.pub}, remove
 * {@code sa.key} and start again; once old tokens have expired, remove {@code sa-old.pub}. A new
 * key is for ES256; an RSA key put there is used for RS256. Safe for use by many threads.
 */
final class TokenKeys {
    private static final String P_256 = "secp256r1";
    private static final int P_256_BITS = 256;
    private static final int P_256_BYTES = 32;

    private final PrivateKey signing;
    private final String keyId;
    private final Map<String, PublicKey> verifying;

    private TokenKeys(PrivateKey signing, String keyId, Map<String, PublicKey> verifying) {
        this.signing = signing;
        this.keyId = keyId;
        this.verifying = verifying;
    }

    /** Opens {@code directory}, making a key when it has none. */
    static TokenKeys open(Path directory) {
        Path secret = directory.resolve("sa.key");
        Path shared = directory.resolve("sa.pub");
        try {
            if (!Files.exists(secret)) {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                generator.initialize(new ECGenParameterSpec(P_256), new SecureRandom());
                KeyPair pair = generator.generateKeyPair();
                Pki.secret(shared, Pki.pem("PUBLIC KEY", pair.getPublic().getEncoded()));
                Pki.secret(secret, Pki.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
            }
            Map<String, PublicKey> verifying = new TreeMap<>();
            try (DirectoryStream<Path> older = Files.newDirectoryStream(directory, "sa-*.pub")) {
                for (Path file : older) {
                    PublicKey key = publicKey(file);
                    verifying.put(id(key), key);
                }
            }
            PublicKey own = publicKey(shared);
            verifying.put(id(own), own);
            PrivateKey signing = privateKey(secret);
            TokenKeys keys = new TokenKeys(signing, id(own), Map.copyOf(verifying));
            if (!signing.getAlgorithm().equals(own.getAlgorithm()) || !keys.vouchForThemselves()) {
                throw new GeneralSecurityException(shared + " does not belong to " + secret);
            }
            return keys;
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(
                    "cannot use " + directory + " for the keys of ServiceAccount tokens: " + e, e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(
                    "a key of ServiceAccount tokens is damaged: " + e.getMessage(), e);
        }
    }

    private static PublicKey publicKey(Path file) throws IOException, GeneralSecurityException {
        return read(file, X509EncodedKeySpec::new, KeyFactory::generatePublic);
    }

    private static PrivateKey privateKey(Path file) throws IOException, GeneralSecurityException {
        return read(file, PKCS8EncodedKeySpec::new, KeyFactory::generatePrivate);
    }

    private interface Reading<K> {
        K of(KeyFactory factory, KeySpec spec) throws InvalidKeySpecException;
    }

    private static <K> K read(
            Path file, java.util.function.Function<byte[], KeySpec> spec, Reading<K> reading)
            throws IOException, GeneralSecurityException {
        String text =
                Files.readString(file).replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
        byte[] der;
        try {
            der = Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new GeneralSecurityException(file + " is not a PEM file", e);
        }
        for (String algorithm : List.of("EC", "RSA")) {
            try {
                K key = reading.of(KeyFactory.getInstance(algorithm), spec.apply(der));
                if (key instanceof ECKey curve
                        && curve.getParams().getOrder().bitLength() != P_256_BITS) {
                    throw new GeneralSecurityException(
                            file + ": expected an RSA key or one on the curve P-256");
                }
                return key;
            } catch (InvalidKeySpecException e) {
                continue; // the other kind, then
            }
        }
        throw new GeneralSecurityException(
                file + ": expected a PKCS #8 or X.509 key of the kind EC (P-256) or RSA");
    }

    private static String id(PublicKey key) throws GeneralSecurityException {
        return Jwt.encoded(MessageDigest.getInstance("SHA-256").digest(key.getEncoded()));
    }

    String keyId() {
        return keyId;
    }

    String algorithm() {
        return algorithm(signing.getAlgorithm());
    }

    private static String algorithm(String keyAlgorithm) {
        return keyAlgorithm.equals("RSA") ? "RS256" : "ES256";
    }

    private static Signature signature(String keyAlgorithm) throws GeneralSecurityException {
        return Signature.getInstance(
                keyAlgorithm.equals("RSA") ? "SHA256withRSA" : "SHA256withECDSAinP1363Format");
    }

    byte[] sign(byte[] text) {
        try {
            Signature signature = signature(signing.getAlgorithm());
            signature.initSign(signing);
            signature.update(text);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("cannot sign with sa.key: " + e.getMessage(), e);
        }
    }

    /** Whether one of our keys made this signature, with the algorithm that the key is for. */
    boolean vouchesFor(Jwt token) {
        PublicKey key = verifying.get(token.keyId());
        if (key == null || !token.algorithm().equals(algorithm(key.getAlgorithm()))) {
            return false;
        }
        try {
            Signature signature = signature(key.getAlgorithm());
            signature.initVerify(key);
            signature.update(token.signed());
            return signature.verify(token.signature());
        } catch (GeneralSecurityException e) {
            return false; // a signature of the wrong length, for one
        }
    }

    private boolean vouchForThemselves() {
        byte[] probe = {1};
        return vouchesFor(
                new Jwt(algorithm(), keyId, Json.MAPPER.createObjectNode(), probe, sign(probe)));
    }

    /** The keys to verify with, for others: a JSON Web Key Set (RFC 7517). */
    ObjectNode keySet() {
        ObjectNode set = Json.MAPPER.createObjectNode();
        var keys = set.putArray("keys");
        new TreeMap<>(verifying)
                .forEach((id, key) -> {
                    ObjectNode entry = keys.addObject().put("use", "sig");
                    if (key instanceof ECPublicKey curve) {
                        entry.put("kty", "EC").put("kid", id).put("crv", "P-256");
                        entry.put("alg", "ES256");
                        entry.put("x", Jwt.encoded(padded(curve.getW().getAffineX())));
                        entry.put("y", Jwt.encoded(padded(curve.getW().getAffineY())));
                    } else if (key instanceof RSAPublicKey rsa) {
                        entry.put("kty", "RSA").put("kid", id).put("alg", "RS256");
                        entry.put("n", Jwt.encoded(unsigned(rsa.getModulus())));
                        entry.put("e", Jwt.encoded(unsigned(rsa.getPublicExponent())));
                    }
                });
        return set;
    }

    private static byte[] unsigned(BigInteger value) {
        byte[] bytes = value.toByteArray();
        return bytes[0] == 0 ? java.util.Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    /** RFC 7518 §6.2.1.2: coordinates are as long as the curve's field. */
    private static byte[] padded(BigInteger coordinate) {
        byte[] bytes = unsigned(coordinate);
        byte[] full = new byte[P_256_BYTES];
        System.arraycopy(bytes, 0, full, P_256_BYTES - bytes.length, bytes.length);
        return full;
    }
}
