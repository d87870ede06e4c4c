package dev.kemudi.admission;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import java.util.Optional;

/**
 * Every pod runs as a service account: {@code default} unless it says otherwise. One that is named
 * must exist, and lends the pod its image pull secrets. {@code default} itself may be missing: not
 * every control plane runs the controller that makes it.
 */
final class ServiceAccountPlugin implements Plugin {
    private static final String DEFAULT = "default";

    private final Cluster cluster;

    ServiceAccountPlugin(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public ObjectNode mutate(Attributes attributes, ObjectNode object) {
        if (!attributes.creates(Resource.PODS)) {
            return object;
        }
        String named = object.path("spec").path("serviceAccountName").asText("");
        String name = named.isEmpty() ? DEFAULT : named;
        Optional<ApiObject> account =
                cluster.find(Resource.SERVICE_ACCOUNTS, attributes.namespace(), name);
        if (account.isEmpty() && !name.equals(DEFAULT)) {
            account =
                    cluster.client().find(Resource.SERVICE_ACCOUNTS, attributes.namespace(), name);
            if (account.isEmpty()) {
                throw new ApiException(
                        attributes.forbidden(
                                "error looking up service account %s/%s: serviceaccount \"%s\" not found"
                                        .formatted(attributes.namespace(), name, name)));
            }
        }
        boolean secrets =
                account.isPresent()
                        && !account.get().at("/imagePullSecrets").isEmpty()
                        && object.path("spec").path("imagePullSecrets").isEmpty();
        if (!named.isEmpty() && !secrets) {
            return object;
        }
        ObjectNode copy = object.deepCopy();
        ObjectNode spec = copy.withObjectProperty("spec");
        spec.put("serviceAccountName", name).put("serviceAccount", name);
        if (secrets) {
            spec.set("imagePullSecrets", account.get().at("/imagePullSecrets").deepCopy());
        }
        return copy;
    }
}
