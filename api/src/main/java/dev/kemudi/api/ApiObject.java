package dev.kemudi.api;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An API object as every part of the process sees it: one JSON tree, shared without copies and
 * never changed once wrapped. To change an object, {@link #edit} a copy. Safe for use by many
 * threads as long as that rule is kept.
 *
 * <p>Accessors answer empty strings, empty lists or {@code MissingNode} for what is absent, never
 * null.
 */
public final class ApiObject {
    private final ObjectNode tree;
    private final JsonNode metadata;

    private ApiObject(ObjectNode tree) {
        this.tree = tree;
        this.metadata = tree.path("metadata");
    }

    /** Wraps {@code tree} without copying; the caller gives up the right to change it. */
    public static ApiObject of(ObjectNode tree) {
        return new ApiObject(tree);
    }

    /**
     * Reads one JSON object.
     *
     * @throws IllegalArgumentException when {@code json} is not one JSON object; the message says
     *     where it went wrong
     */
    public static ApiObject parse(String json) {
        try {
            if (Json.MAPPER.readTree(json) instanceof ObjectNode object) {
                return of(object);
            }
            throw new IllegalArgumentException(
                    "expected a JSON object, found: " + abbreviated(json));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "expected a JSON object: " + e.getOriginalMessage(), e);
        }
    }

    /** An object of kind {@code resource} with a name and nothing else. */
    public static ApiObject named(Resource resource, String namespace, String name) {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        tree.put("apiVersion", resource.apiVersion()).put("kind", resource.kind());
        ObjectNode metadata = tree.putObject("metadata").put("name", name);
        if (resource.namespaced()) {
            metadata.put("namespace", namespace);
        }
        return of(tree);
    }

    /** The tree itself: for reading only. */
    public ObjectNode tree() {
        return tree;
    }

    /** A changed copy: {@code change} works on a deep copy of this object's tree. */
    public ApiObject edit(Consumer<ObjectNode> change) {
        ObjectNode copy = tree.deepCopy();
        change.accept(copy);
        return of(copy);
    }

    public String apiVersion() {
        return tree.path("apiVersion").asText();
    }

    public String kind() {
        return tree.path("kind").asText();
    }

    public String name() {
        return metadata.path("name").asText();
    }

    /** The namespace, empty for cluster-scoped objects. */
    public String namespace() {
        return metadata.path("namespace").asText();
    }

    public ObjectKey key() {
        return new ObjectKey(namespace(), name());
    }

    public String uid() {
        return metadata.path("uid").asText();
    }

    /** Opaque to clients; empty on objects that were never stored. */
    public String resourceVersion() {
        return metadata.path("resourceVersion").asText();
    }

    public long generation() {
        return metadata.path("generation").asLong();
    }

    public Map<String, String> labels() {
        return textMap("/metadata/labels");
    }

    public Map<String, String> annotations() {
        return textMap("/metadata/annotations");
    }

    public List<String> finalizers() {
        List<String> finalizers = new ArrayList<>();
        metadata.path("finalizers").forEach(f -> finalizers.add(f.asText()));
        return finalizers;
    }

    /** Whether deletion was asked for and finalizers or a grace period still hold the object. */
    public boolean deleting() {
        return metadata.has("deletionTimestamp");
    }

    public Optional<Instant> creationTimestamp() {
        String text = metadata.path("creationTimestamp").asText("");
        return text.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(text));
    }

    public List<OwnerReference> ownerReferences() {
        List<OwnerReference> owners = new ArrayList<>();
        metadata.path("ownerReferences").forEach(o -> owners.add(OwnerReference.from(o)));
        return owners;
    }

    /** The owner that manages this object, if any. */
    public Optional<OwnerReference> controller() {
        return ownerReferences().stream().filter(OwnerReference::controller).findFirst();
    }

    /**
     * What stands at an RFC 6901 pointer such as {@code /spec/replicas}; a missing node when
     * nothing does.
     */
    public JsonNode at(String pointer) {
        return tree.at(JsonPointer.compile(pointer));
    }

    public String text(String pointer) {
        return at(pointer).asText("");
    }

    public int integer(String pointer, int absent) {
        return at(pointer).asInt(absent);
    }

    public boolean bool(String pointer) {
        return at(pointer).asBoolean(false);
    }

    /** The string members of the object at {@code pointer}, in document order. */
    public Map<String, String> textMap(String pointer) {
        Map<String, String> map = new LinkedHashMap<>();
        at(pointer).properties().forEach(e -> map.put(e.getKey(), e.getValue().asText()));
        return map;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ApiObject object && tree.equals(object.tree);
    }

    @Override
    public int hashCode() {
        return tree.hashCode();
    }

    /** The object as compact JSON. */
    @Override
    public String toString() {
        return tree.toString();
    }

    private static String abbreviated(String text) {
        return text.length() <= 80 ? text : text.substring(0, 80) + "…";
    }
}
