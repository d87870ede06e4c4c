package dev.kemudi.admission;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.LabelSelector;
import dev.kemudi.api.Resource;
import java.util.List;
import java.util.Optional;

/**
 * The objects that a binding gives its policy to read: the policy is put to the request with each.
 */
final class PolicyParams {
    private PolicyParams() {}

    /**
     * @return one empty entry for a policy without parameters; no entries when there are none and
     *     that is allowed
     * @throws PolicyException when they cannot be found and must be
     */
    static List<Optional<ApiObject>> of(
            JsonNode kind, JsonNode ref, Attributes attributes, Cluster cluster, Limits limits)
            throws PolicyException {
        if (!kind.isObject() || !ref.isObject()) {
            return List.of(Optional.empty());
        }
        String apiVersion = kind.path("apiVersion").asText();
        String name = kind.path("kind").asText();
        Optional<Resource> resource = cluster.resource(apiVersion, name);
        if (resource.isEmpty()) {
            throw new PolicyException(
                    "failed to find resource referenced by paramKind: '%s, Kind=%s'"
                            .formatted(apiVersion, name));
        }
        List<Optional<ApiObject>> found =
                found(resource.get(), namespace(resource.get(), ref, attributes), ref, cluster);
        if (found.size() > limits.paramsMax()) {
            throw new PolicyException(
                    "paramRef selects %d objects, more than %d"
                            .formatted(found.size(), limits.paramsMax()));
        }
        if (found.isEmpty() && !ref.path("parameterNotFoundAction").asText().equals("Allow")) {
            throw new PolicyException(
                    "no params found for policy binding with `Deny` parameterNotFoundAction");
        }
        return found;
    }

    private static String namespace(Resource resource, JsonNode ref, Attributes attributes)
            throws PolicyException {
        String said = ref.path("namespace").asText("");
        if (!resource.namespaced()) {
            if (!said.isEmpty()) {
                throw new PolicyException(
                        "paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
            }
            return "";
        }
        String namespace = said.isEmpty() ? attributes.namespace() : said;
        if (namespace.isEmpty()) {
            throw new PolicyException(
                    "cannot use namespaced paramRef in policy binding that matches cluster-scoped"
                            + " resources");
        }
        return namespace;
    }

    private static List<Optional<ApiObject>> found(
            Resource resource, String namespace, JsonNode ref, Cluster cluster) {
        String name = ref.path("name").asText("");
        if (!name.isEmpty()) {
            return cluster.find(resource, namespace, name).stream().map(Optional::of).toList();
        }
        LabelSelector selector = new LabelSelector(ref.path("selector"));
        return cluster.all(resource).stream()
                .filter(o -> o.namespace().equals(namespace) && selector.matches(o.labels()))
                .map(Optional::of)
                .toList();
    }
}
