package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * The three patch formats besides apply, as pure functions: neither target nor patch is ever
 * changed, and the result shares no mutable node with either. Safe for use by many threads.
 */
public final class Patches {
    private Patches() {}

    /**
     * JSON patch (RFC 6902).
     *
     * @param patch an array of operations
     * @throws PatchException naming the failing operation by its index
     */
    public static JsonNode json(JsonNode target, JsonNode patch, Limits limits) {
        return new JsonPatch(target.deepCopy(), limits).run(patch);
    }

    /** {@link #json(JsonNode, JsonNode, Limits)} within the default limits. */
    public static JsonNode json(JsonNode target, JsonNode patch) {
        return json(target, patch, Limits.defaults());
    }

    /** JSON merge patch (RFC 7386). */
    public static JsonNode merge(JsonNode target, JsonNode patch) {
        if (!(patch instanceof ObjectNode changes)) {
            return patch.deepCopy();
        }
        ObjectNode result =
                target instanceof ObjectNode object
                        ? object.deepCopy()
                        : JsonNodeFactory.instance.objectNode();
        mergeInto(result, changes);
        return result;
    }

    private static void mergeInto(ObjectNode target, ObjectNode changes) {
        changes.properties()
                .forEach(e -> {
                    if (e.getValue().isNull()) {
                        target.remove(e.getKey());
                    } else if (e.getValue() instanceof ObjectNode nested) {
                        if (!(target.get(e.getKey()) instanceof ObjectNode)) {
                            target.set(e.getKey(), JsonNodeFactory.instance.objectNode());
                        }
                        mergeInto((ObjectNode) target.path(e.getKey()), nested);
                    } else {
                        target.set(e.getKey(), e.getValue().deepCopy());
                    }
                });
    }

    /**
     * Kubernetes' strategic merge patch: lists merge by key where {@code schema} says so, and
     * {@code $patch}, {@code $retainKeys}, {@code $setElementOrder/…}, {@code
     * $deleteFromPrimitiveList/…} direct it.
     *
     * @throws PatchException when a directive is unknown, misplaced, or an element lacks its merge
     *     key
     */
    public static ObjectNode strategic(ObjectNode target, ObjectNode patch, Schema schema) {
        return StrategicMerge.merge(target, patch, schema);
    }
}
