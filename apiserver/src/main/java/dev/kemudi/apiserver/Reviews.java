package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import java.util.ArrayList;
import java.util.List;

/**
 * Who am I and what may I do: answered, never stored. Whoever is authenticated may ask about
 * themselves; about others, who may create such reviews.
 */
final class Reviews {
    private static final String AUTHORIZATION = "authorization.k8s.io";

    private final RequestBodies bodies;
    private final Rbac rbac;
    private final Authenticator authenticator;

    Reviews(RequestBodies bodies, Rbac rbac, Authenticator authenticator) {
        this.bodies = bodies;
        this.rbac = rbac;
        this.authenticator = authenticator;
    }

    /**
     * @return whether the request was a review and has been answered
     */
    boolean handle(Exchange exchange, List<String> segments, User user) {
        if (!exchange.method().equals("POST") || !segments.getFirst().equals("apis")) {
            return false;
        }
        String namespace = "";
        if (segments.size() == 6 && segments.get(3).equals("namespaces")) {
            namespace = segments.get(4);
        } else if (segments.size() != 4) {
            return false;
        }
        String groupVersion = segments.get(1) + "/" + segments.get(2);
        String kind = kind(groupVersion + "/" + segments.getLast(), !namespace.isEmpty());
        if (kind.isEmpty()) {
            return false;
        }
        rbac.require(
                new Access(
                        user,
                        "create",
                        segments.get(1),
                        segments.getLast(),
                        "",
                        namespace,
                        "",
                        ""));
        ObjectNode review = bodies.read(exchange);
        review.put("apiVersion", groupVersion).put("kind", kind);
        JsonNode spec = review.path("spec");
        switch (kind) {
            case "SelfSubjectReview" -> user.into(review.putObject("status").putObject("userInfo"));
            case "TokenReview" -> token(review, spec);
            case "SelfSubjectRulesReview" ->
                    rules(review, rbac.rulesOf(user, spec.path("namespace").asText("")));
            case "SelfSubjectAccessReview" -> decide(review, spec, user);
            default -> decide(review, spec, subject(spec, namespace));
        }
        exchange.send(201, "application/json", Render.tree(review));
        return true;
    }

    private static String kind(String resource, boolean namespaced) {
        if (namespaced) {
            return resource.equals(AUTHORIZATION + "/v1/localsubjectaccessreviews")
                    ? "LocalSubjectAccessReview"
                    : "";
        }
        return switch (resource) {
            case "authentication.k8s.io/v1/selfsubjectreviews" -> "SelfSubjectReview";
            case "authentication.k8s.io/v1/tokenreviews" -> "TokenReview";
            case AUTHORIZATION + "/v1/selfsubjectaccessreviews" -> "SelfSubjectAccessReview";
            case AUTHORIZATION + "/v1/selfsubjectrulesreviews" -> "SelfSubjectRulesReview";
            case AUTHORIZATION + "/v1/subjectaccessreviews" -> "SubjectAccessReview";
            default -> "";
        };
    }

    private void token(ObjectNode review, JsonNode spec) {
        String token = spec.path("token").asText("");
        if (token.isEmpty()) {
            throw new ApiException(
                    Status.badRequest("token is required for TokenReview in authentication"));
        }
        List<String> audiences = new ArrayList<>();
        spec.path("audiences").forEach(audience -> audiences.add(audience.asText()));
        ObjectNode status = review.putObject("status");
        switch (authenticator.verdict(token, audiences)) {
            case Verdict.Known known -> {
                status.put("authenticated", true);
                known.user().into(status.putObject("user"));
                known.audiences().forEach(status.putArray("audiences")::add);
            }
            case Verdict.Unknown unknown -> {
                status.putObject("user");
                status.put(
                        "error",
                        unknown.why().isEmpty()
                                ? "invalid bearer token"
                                : "[invalid bearer token, " + unknown.why() + "]");
            }
        }
    }

    private static User subject(JsonNode spec, String namespace) {
        if (!namespace.isEmpty()
                && !namespace.equals(spec.path("resourceAttributes").path("namespace").asText())) {
            throw new ApiException(
                    Status.badRequest(
                            "spec.resourceAttributes.namespace: expected \"%s\" as in the path"
                                    .formatted(namespace)));
        }
        List<String> groups = new ArrayList<>();
        spec.path("groups").forEach(group -> groups.add(group.asText()));
        String name = spec.path("user").asText("");
        if (name.isEmpty() && groups.isEmpty()) {
            throw new ApiException(
                    Status.badRequest(
                            "spec.user: at least one of user or groups must be specified"));
        }
        return new User(name, groups);
    }

    private void decide(ObjectNode review, JsonNode spec, User user) {
        JsonNode object = spec.path("resourceAttributes");
        JsonNode path = spec.path("nonResourceAttributes");
        if (object.isObject() == path.isObject()) {
            throw new ApiException(
                    Status.badRequest(
                            "spec: exactly one of resourceAttributes and nonResourceAttributes must "
                                    + "be specified"));
        }
        Access access =
                path.isObject()
                        ? Access.toPath(
                                user, path.path("verb").asText(), path.path("path").asText())
                        : new Access(
                                user,
                                object.path("verb").asText(),
                                object.path("group").asText(),
                                object.path("resource").asText(),
                                object.path("subresource").asText(),
                                object.path("namespace").asText(),
                                object.path("name").asText(),
                                "");
        Rbac.Decision decision = rbac.decide(access);
        ObjectNode status = review.putObject("status").put("allowed", decision.allowed());
        if (!decision.reason().isEmpty()) {
            status.put("reason", decision.reason());
        }
    }

    private static void rules(ObjectNode review, List<PolicyRule> held) {
        ObjectNode status = Json.MAPPER.createObjectNode();
        var resources = status.putArray("resourceRules");
        var others = status.putArray("nonResourceRules");
        for (PolicyRule rule : held) {
            rule.into(rule.paths().isEmpty() ? resources.addObject() : others.addObject());
        }
        status.put("incomplete", false);
        review.set("status", status);
    }
}
