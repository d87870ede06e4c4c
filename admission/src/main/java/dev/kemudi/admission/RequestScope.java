package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.cel.Authorizer;
import dev.kemudi.cel.RequestExpressions;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What expressions may name, and what it stands for in one request. */
final class RequestScope {
    /** What match conditions of webhooks may name. */
    static final Set<String> VARIABLES =
            Set.of("object", "oldObject", "request", "authorizer", "authorizer.requestResource");

    private RequestScope() {}

    static Map<String, Object> of(
            Attributes asked, Attributes seen, RequestExpressions language, Cluster cluster) {
        Authorizer authorizer = cluster.authorizer(asked.user());
        Map<String, Object> scope = new HashMap<>();
        scope.put("object", language.value(tree(seen.object())));
        scope.put("oldObject", language.value(tree(seen.old())));
        scope.put("request", language.value(RequestTree.of(asked, seen)));
        scope.put("authorizer", authorizer);
        scope.put(
                "authorizer.requestResource",
                authorizer.about(
                        seen.resource().group(),
                        seen.resource().plural(),
                        seen.subresource(),
                        seen.namespace(),
                        seen.name()));
        return scope;
    }

    static JsonNode tree(Optional<ApiObject> object) {
        return object.<JsonNode>map(ApiObject::tree).orElse(MissingNode.getInstance());
    }
}
