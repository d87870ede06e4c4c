package dev.kemudi.apiserver;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * A JSON Web Token in its compact form, taken apart but believed in nothing: whoever reads claims
 * checks the signature first. Source: RFC 7515 and RFC 7519.
 *
 * @param signed the bytes that {@code signature} is over
 */
record Jwt(String algorithm, String keyId, ObjectNode claims, byte[] signed, byte[] signature) {

    /** Empty when {@code token} is no such thing, or longer than {@code charactersMax}. */
    static Optional<Jwt> parse(String token, int charactersMax) {
        int first = token.indexOf('.');
        int last = token.lastIndexOf('.');
        boolean threeParts = first > 0 && last > first && token.indexOf('.', first + 1) == last;
        if (!threeParts || token.length() > charactersMax) {
            return Optional.empty();
        }
        try {
            JsonNode header = Json.MAPPER.readTree(decoded(token.substring(0, first)));
            JsonNode claims = Json.MAPPER.readTree(decoded(token.substring(first + 1, last)));
            // RFC 7515 §4.1.11: an extension that must be understood and is not voids the token
            if (!(claims instanceof ObjectNode object) || header.has("crit")) {
                return Optional.empty();
            }
            return Optional.of(
                    new Jwt(
                            header.path("alg").asText(""),
                            header.path("kid").asText(""),
                            object,
                            token.substring(0, last).getBytes(StandardCharsets.US_ASCII),
                            decoded(token.substring(last + 1))));
        } catch (IllegalArgumentException | IOException e) {
            return Optional.empty();
        }
    }

    /** {@code claims} as a token that {@code keys} vouch for. */
    static String signed(TokenKeys keys, ObjectNode claims) {
        ObjectNode header = Json.MAPPER.createObjectNode();
        header.put("alg", keys.algorithm()).put("kid", keys.keyId());
        String text = encoded(bytes(header)) + "." + encoded(bytes(claims));
        return text + "." + encoded(keys.sign(text.getBytes(StandardCharsets.US_ASCII)));
    }

    private static byte[] bytes(ObjectNode tree) {
        try {
            return Json.MAPPER.writeValueAsBytes(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a JSON tree cannot be written", e);
        }
    }

    private static byte[] decoded(String part) {
        return Base64.getUrlDecoder().decode(part);
    }

    static String encoded(byte[] part) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(part);
    }
}
