package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.Status;
import dev.kemudi.apiserver.ServiceAccountTokens.Bond;
import dev.kemudi.apiserver.ServiceAccountTokens.Issued;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code POST …/serviceaccounts/NAME/token}, what {@code kubectl create token} asks. */
final class TokenRequests {
    private static final Resource REQUESTS =
            new Resource("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest", true);
    private static final long SECONDS_DEFAULT = 3_600;
    private static final long SECONDS_MIN = 600;
    private static final long SECONDS_MAX = 1L << 32;

    private final Registry registry;
    private final Reads reads;
    private final ServiceAccountTokens tokens;

    TokenRequests(Registry registry, Reads reads, ServiceAccountTokens tokens) {
        this.registry = registry;
        this.reads = reads;
        this.tokens = tokens;
    }

    /** {@code request}, answered. */
    ObjectNode answer(String namespace, String name, ObjectNode request) {
        ApiObject account = reads.get(registry.get(Resource.SERVICE_ACCOUNTS), namespace, name);
        ObjectNode spec = request.withObjectProperty("spec");
        List<String> audiences = new ArrayList<>();
        spec.path("audiences").forEach(audience -> audiences.add(audience.asText()));
        if (audiences.isEmpty()) {
            audiences.add(ServiceAccountTokens.ISSUER);
        }
        long seconds = spec.path("expirationSeconds").asLong(SECONDS_DEFAULT);
        requireLife(seconds);
        Optional<Bond> bond =
                spec.path("boundObjectRef").isObject()
                        ? Optional.of(bond(account, spec.path("boundObjectRef")))
                        : Optional.empty();
        Issued issued = tokens.issue(account, audiences, seconds, bond);
        request.put("apiVersion", REQUESTS.apiVersion()).put("kind", REQUESTS.kind());
        ObjectMeta.of(request)
                .put("name", name)
                .put("namespace", namespace)
                .put(
                        "creationTimestamp",
                        ObjectMeta.timestamp(issued.expires().minusSeconds(seconds)));
        spec.remove("audiences");
        audiences.forEach(spec.putArray("audiences")::add);
        spec.put("expirationSeconds", seconds);
        request.putObject("status")
                .put("token", issued.token())
                .put("expirationTimestamp", ObjectMeta.timestamp(issued.expires()));
        return request;
    }

    private static void requireLife(long seconds) {
        String wrong =
                seconds < SECONDS_MIN
                        ? "may not specify a duration less than 10 minutes"
                        : seconds > SECONDS_MAX
                                ? "may not specify a duration larger than 2^32 seconds"
                                : "";
        if (!wrong.isEmpty()) {
            throw new ApiException(
                    Status.invalid(
                            REQUESTS,
                            "",
                            List.of(
                                    new Status.Cause(
                                            "FieldValueInvalid",
                                            "Invalid value: " + seconds + ": " + wrong,
                                            "spec.expirationSeconds"))));
        }
    }

    private Bond bond(ApiObject account, JsonNode reference) {
        String kind = reference.path("kind").asText();
        String version = reference.path("apiVersion").asText("v1");
        if (!version.equals("v1") || !List.of("Pod", "Secret", "Node").contains(kind)) {
            throw new ApiException(
                    Status.badRequest(
                            "cannot bind token for serviceaccount \"%s\" to type %s, Kind=%s"
                                    .formatted(account.name(), version, kind)));
        }
        Resource resource =
                switch (kind) {
                    case "Pod" -> Resource.PODS;
                    case "Secret" -> Resource.SECRETS;
                    default -> Resource.NODES;
                };
        String namespace = resource.namespaced() ? account.namespace() : "";
        String name = reference.path("name").asText();
        ApiObject object = reads.get(registry.get(resource), namespace, name);
        String uid = reference.path("uid").asText("");
        if (!uid.isEmpty() && !uid.equals(object.uid())) {
            throw new ApiException(
                    Status.conflict(
                            resource,
                            name,
                            ("the UID in the bound object reference (%s) does not match the UID in"
                                            + " record. The object might have been deleted and then"
                                            + " recreated")
                                    .formatted(uid)));
        }
        boolean pod = resource.equals(Resource.PODS);
        if (pod && !object.text("/spec/serviceAccountName").equals(account.name())) {
            throw new ApiException(
                    Status.badRequest(
                            ("cannot bind token for serviceaccount \"%s\" to pod running with "
                                            + "different serviceaccount name.")
                                    .formatted(account.name())));
        }
        String node = pod ? object.text("/spec/nodeName") : "";
        return new Bond(
                kind.toLowerCase(java.util.Locale.ROOT),
                object,
                node.isEmpty() ? Optional.empty() : find(node));
    }

    private Optional<ApiObject> find(String node) {
        try {
            return Optional.of(reads.get(registry.get(Resource.NODES), "", node));
        } catch (ApiException e) {
            if (e.notFound()) {
                return Optional.empty(); // bound to a node that has not registered itself yet
            }
            throw e;
        }
    }
}
