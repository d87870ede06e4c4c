package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** What somebody without the key can make of a good token. */
final class Forgeries {
    private Forgeries() {}

    /**
     * By what is wrong with them.
     *
     * @param elsewhere an empty folder
     */
    static Map<String, String> of(String good, Path pki, Path elsewhere) {
        String[] parts = good.split("\\.");
        byte[] claims = Base64.getUrlDecoder().decode(parts[1]);
        try {
            ObjectNode header =
                    (ObjectNode) Json.MAPPER.readTree(Base64.getUrlDecoder().decode(parts[0]));
            String kid = header.path("kid").asText();
            String symmetric =
                    encoded("{\"alg\":\"HS256\",\"kid\":\"" + kid + "\"}") + "." + parts[1];
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Files.readAllBytes(pki.resolve("sa.pub")), "HmacSHA256"));
            String other =
                    new String(claims, StandardCharsets.UTF_8)
                            .replaceFirst("\"name\":\"[a-z]+\"", "\"name\":\"default\"");
            ObjectNode same = (ObjectNode) Json.MAPPER.readTree(claims);
            Map<String, String> bad = new LinkedHashMap<>();
            bad.put("no signature", encoded("{\"alg\":\"none\"}") + "." + parts[1] + ".");
            bad.put(
                    "the public key as a secret",
                    symmetric
                            + "."
                            + Jwt.encoded(mac.doFinal(symmetric.getBytes(StandardCharsets.UTF_8))));
            bad.put("other claims", parts[0] + "." + encoded(other) + "." + parts[2]);
            bad.put("another key", Jwt.signed(TokenKeys.open(elsewhere), same));
            bad.put(
                    "a signature of zeros",
                    parts[0] + "." + parts[1] + "." + Jwt.encoded(new byte[64]));
            bad.put(
                    "an extension that must be understood",
                    encoded("{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"kid\":\"" + kid + "\"}")
                            + "."
                            + parts[1]
                            + "."
                            + parts[2]);
            bad.put("a longer signature", good + "A");
            bad.put("two parts", parts[0] + "." + parts[1]);
            bad.put("nothing between dots", "..");
            bad.put("no JSON", "a.b.c");
            return bad;
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    private static String encoded(String json) {
        return Jwt.encoded(json.getBytes(StandardCharsets.UTF_8));
    }
}
