package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiException;
import dev.kemudi.api.Json;
import dev.kemudi.api.Status;
import java.util.List;

/**
 * Who am I and what may I do: answered, never stored. Whoever is authenticated may ask about
 * themselves.
 */
final class Reviews {
    private final RequestBodies bodies;

    Reviews(RequestBodies bodies) {
        this.bodies = bodies;
    }

    /**
     * @return whether the request was a review and has been answered
     */
    boolean handle(Exchange exchange, List<String> segments, User user) {
        if (segments.size() != 4
                || !segments.getFirst().equals("apis")
                || !exchange.method().equals("POST")) {
            return false;
        }
        String groupVersion = segments.get(1) + "/" + segments.get(2);
        String kind =
                switch (groupVersion + "/" + segments.get(3)) {
                    case "authentication.k8s.io/v1/selfsubjectreviews" -> "SelfSubjectReview";
                    case "authorization.k8s.io/v1/selfsubjectaccessreviews" ->
                            "SelfSubjectAccessReview";
                    case "authorization.k8s.io/v1/selfsubjectrulesreviews" ->
                            "SelfSubjectRulesReview";
                    case "authorization.k8s.io/v1/subjectaccessreviews" -> "SubjectAccessReview";
                    default -> "";
                };
        if (kind.isEmpty()) {
            return false;
        }
        ObjectNode review = bodies.read(exchange);
        review.put("apiVersion", groupVersion).put("kind", kind);
        switch (kind) {
            case "SelfSubjectReview" -> self(review, user);
            case "SelfSubjectRulesReview" -> rules(review, user);
            case "SelfSubjectAccessReview" -> access(review, user);
            default -> subject(review, user);
        }
        exchange.send(201, "application/json", Render.tree(review));
        return true;
    }

    private static void self(ObjectNode review, User user) {
        ObjectNode info = review.putObject("status").putObject("userInfo");
        info.put("username", user.name());
        user.groups().forEach(info.putArray("groups")::add);
    }

    private static void access(ObjectNode review, User user) {
        boolean asked =
                review.path("spec").has("resourceAttributes")
                        || review.path("spec").has("nonResourceAttributes");
        if (!asked) {
            throw new ApiException(
                    Status.badRequest(
                            "spec: exactly one of resourceAttributes and nonResourceAttributes must "
                                    + "be specified"));
        }
        decide(review, user.master());
    }

    private static void subject(ObjectNode review, User user) {
        if (!user.master()) {
            throw new ApiException(
                    Status.of(403, "Forbidden", "only " + User.MASTERS + " may ask about others"));
        }
        boolean master = false;
        for (var group : review.path("spec").path("groups")) {
            master |= group.asText().equals(User.MASTERS);
        }
        decide(review, master);
    }

    private static void decide(ObjectNode review, boolean allowed) {
        ObjectNode status = review.putObject("status").put("allowed", allowed);
        status.put(
                "reason",
                allowed ? "member of " + User.MASTERS : "not a member of " + User.MASTERS);
    }

    private static void rules(ObjectNode review, User user) {
        ObjectNode status = Json.MAPPER.createObjectNode();
        var resources = status.putArray("resourceRules");
        var others = status.putArray("nonResourceRules");
        if (user.master()) {
            ObjectNode all = resources.addObject();
            all.putArray("verbs").add("*");
            all.putArray("apiGroups").add("*");
            all.putArray("resources").add("*");
            ObjectNode paths = others.addObject();
            paths.putArray("verbs").add("*");
            paths.putArray("nonResourceURLs").add("*");
        }
        status.put("incomplete", false);
        review.set("status", status);
    }
}
