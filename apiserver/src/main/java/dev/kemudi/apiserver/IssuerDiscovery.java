package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import java.util.List;
import java.util.function.Supplier;

/**
 * How others check our ServiceAccount tokens by themselves: who issues them, and the keys. Source:
 * OpenID Connect Discovery 1.0.
 */
final class IssuerDiscovery {
    private static final String KEYS = "/openid/v1/jwks";

    private final ServiceAccountTokens tokens;
    private final Supplier<String> url;

    /**
     * @param url where this server is reached
     */
    IssuerDiscovery(ServiceAccountTokens tokens, Supplier<String> url) {
        this.tokens = tokens;
        this.url = url;
    }

    /**
     * @return whether there is such a document
     */
    boolean handle(Exchange exchange, List<String> segments) {
        if (!exchange.method().equals("GET") && !exchange.method().equals("HEAD")) {
            return false;
        }
        return switch (String.join("/", segments)) {
            case "openid/v1/jwks" -> {
                exchange.send(200, "application/jwk-set+json", Render.tree(tokens.keys().keySet()));
                yield true;
            }
            case ".well-known/openid-configuration" -> {
                ObjectNode body = Json.MAPPER.createObjectNode();
                body.put("issuer", ServiceAccountTokens.ISSUER);
                body.put("jwks_uri", url.get() + KEYS);
                body.putArray("response_types_supported").add("id_token");
                body.putArray("subject_types_supported").add("public");
                body.putArray("id_token_signing_alg_values_supported")
                        .add(tokens.keys().algorithm());
                exchange.send(200, "application/json", Render.tree(body));
                yield true;
            }
            default -> false;
        };
    }
}
