package dev.kemudi.gateway;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * One listener of a Gateway while a snapshot is built: what it allows, and what is to be said about
 * it.
 */
final class Listener {
    private final ApiObject gateway;
    private final JsonNode spec;
    final Conditions conditions = new Conditions();
    int attached;
    int key;

    Listener(ApiObject gateway, JsonNode spec) {
        this.gateway = gateway;
        this.spec = spec;
    }

    String name() {
        return spec.path("name").asText();
    }

    int port() {
        return spec.path("port").asInt();
    }

    String host() {
        return spec.path("hostname").asText("").toLowerCase(Locale.ROOT);
    }

    boolean http() {
        return spec.path("protocol").asText().equals("HTTP");
    }

    String protocol() {
        return spec.path("protocol").asText();
    }

    ApiObject gateway() {
        return gateway;
    }

    /** Whether only kinds are allowed that this gateway serves. */
    boolean kindsSupported() {
        for (JsonNode kind : spec.at("/allowedRoutes/kinds")) {
            if (!routes(kind)) {
                return false;
            }
        }
        return true;
    }

    boolean allowsRoutes() {
        JsonNode kinds = spec.at("/allowedRoutes/kinds");
        boolean allowed = kinds.isEmpty();
        for (JsonNode kind : kinds) {
            allowed |= routes(kind);
        }
        return allowed;
    }

    private static boolean routes(JsonNode kind) {
        return kind.path("kind").asText().equals("HTTPRoute")
                && kind.path("group").asText(GatewayKinds.GROUP).equals(GatewayKinds.GROUP);
    }

    /**
     * @param labels of a namespace by its name
     */
    boolean allowsNamespace(
            String namespace, Function<String, Optional<Map<String, String>>> labels) {
        return switch (spec.at("/allowedRoutes/namespaces/from").asText("Same")) {
            case "All" -> true;
            case "Same" -> namespace.equals(gateway.namespace());
            case "Selector" -> labels.apply(namespace).filter(namespaces()::matches).isPresent();
            default -> false;
        };
    }

    private LabelSelector namespaces() {
        return new LabelSelector(spec.at("/allowedRoutes/namespaces/selector"));
    }
}
