package dev.kemudi.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The object that this one belongs to; it is collected when its last owner is gone.
 *
 * @param controller whether this owner is the one that manages the object
 * @param blockOwnerDeletion whether foreground deletion of the owner waits for this object
 */
public record OwnerReference(
        String apiVersion,
        String kind,
        String name,
        String uid,
        boolean controller,
        boolean blockOwnerDeletion) {

    /** A controlling, blocking reference to {@code owner}. */
    public static OwnerReference controllerOf(ApiObject owner) {
        return new OwnerReference(
                owner.apiVersion(), owner.kind(), owner.name(), owner.uid(), true, true);
    }

    static OwnerReference from(JsonNode node) {
        return new OwnerReference(
                node.path("apiVersion").asText(),
                node.path("kind").asText(),
                node.path("name").asText(),
                node.path("uid").asText(),
                node.path("controller").asBoolean(),
                node.path("blockOwnerDeletion").asBoolean());
    }

    /** The reference as it stands in {@code metadata.ownerReferences}. */
    public ObjectNode toTree() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("apiVersion", apiVersion)
                .put("kind", kind)
                .put("name", name)
                .put("uid", uid)
                .put("controller", controller)
                .put("blockOwnerDeletion", blockOwnerDeletion);
    }
}
