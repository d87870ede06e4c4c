package dev.kemudi.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * How the API says no: the {@code metav1.Status} of the Kubernetes API conventions.
 *
 * @param code the HTTP status code
 * @param reason the machine-readable reason, such as {@code NotFound}
 * @param message for people: what was expected, what came, what to do
 * @param details the {@code details} member: kind, name, causes; empty when there is nothing to add
 */
public record Status(int code, String reason, String message, ObjectNode details) {
    /** One thing wrong with one field. */
    public record Cause(String reason, String message, String field) {}

    public static Status of(int code, String reason, String message) {
        return new Status(code, reason, message, JsonNodeFactory.instance.objectNode());
    }

    public static Status notFound(Resource resource, String name) {
        return about(
                404,
                "NotFound",
                resource,
                name,
                "%s \"%s\" not found".formatted(resource.qualifiedName(), name));
    }

    public static Status alreadyExists(Resource resource, String name) {
        return about(
                409,
                "AlreadyExists",
                resource,
                name,
                "%s \"%s\" already exists".formatted(resource.qualifiedName(), name));
    }

    public static Status conflict(Resource resource, String name, String why) {
        return about(
                409,
                "Conflict",
                resource,
                name,
                "Operation cannot be fulfilled on %s \"%s\": %s"
                        .formatted(resource.qualifiedName(), name, why));
    }

    public static Status badRequest(String message) {
        return of(400, "BadRequest", message);
    }

    public static Status forbidden(Resource resource, String name, String why) {
        return about(
                403,
                "Forbidden",
                resource,
                name,
                "%s \"%s\" is forbidden: %s".formatted(resource.qualifiedName(), name, why));
    }

    public static Status expired(String message) {
        return of(410, "Expired", message);
    }

    /** 422 with one cause per wrong field, worded as Kubernetes words it. */
    public static Status invalid(Resource resource, String name, List<Cause> causes) {
        String kind =
                resource.group().isEmpty()
                        ? resource.kind()
                        : resource.kind() + "." + resource.group();
        List<String> lines = causes.stream().map(c -> c.field() + ": " + c.message()).toList();
        String all = lines.size() == 1 ? lines.getFirst() : "[" + String.join(", ", lines) + "]";
        Status status =
                about(
                        422,
                        "Invalid",
                        resource,
                        name,
                        "%s \"%s\" is invalid: %s".formatted(kind, name, all));
        status.details.put("kind", resource.kind());
        var array = status.details.putArray("causes");
        causes.forEach(c ->
                array.addObject()
                        .put("reason", c.reason())
                        .put("message", c.message())
                        .put("field", c.field()));
        return status;
    }

    private static Status about(
            int code, String reason, Resource resource, String name, String message) {
        ObjectNode details = JsonNodeFactory.instance.objectNode().put("name", name);
        if (!resource.group().isEmpty()) {
            details.put("group", resource.group());
        }
        details.put("kind", resource.plural());
        return new Status(code, reason, message, details);
    }

    /** Reads a status off the wire. */
    public static Status from(ObjectNode tree) {
        return new Status(
                tree.path("code").asInt(500),
                tree.path("reason").asText(),
                tree.path("message").asText(),
                tree.path("details") instanceof ObjectNode details
                        ? details
                        : JsonNodeFactory.instance.objectNode());
    }

    /** The status as it goes over the wire. */
    public ObjectNode toTree() {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        tree.put("kind", "Status").put("apiVersion", "v1").putObject("metadata");
        tree.put("status", code < 400 ? "Success" : "Failure");
        tree.put("message", message).put("reason", reason);
        if (!details.isEmpty()) {
            tree.set("details", details);
        }
        return tree.put("code", code);
    }
}
