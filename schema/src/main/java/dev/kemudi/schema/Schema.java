package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What an object of one kind may look like: a structural schema compiled from OpenAPI v3 JSON with
 * the {@code x-kubernetes-*} extensions. Immutable and safe for use by many threads; nothing blocks
 * except the first touch of a definition that its source loads lazily.
 *
 * <p>Source: Kubernetes API concepts "structural schema", OpenAPI 3.0 schema object.
 */
public final class Schema {
    /** Answers the compiled definition behind a {@code $ref} name. */
    interface Definitions {
        Schema definition(String name);
    }

    /** Set on definitions in memory only; it is in no document. */
    static final String ZERO_WHEN_ABSENT = "x-kemudi-zero-when-absent";

    private static final String REF_PREFIX_V3 = "#/components/schemas/";
    private static final String REF_PREFIX_V2 = "#/definitions/";

    final String type;
    final String format;
    final boolean nullable;

    /** JSON null means absent, as Go's decoder has it for the built-in kinds. */
    final boolean nullsAbsent;

    final boolean preserveUnknown;
    final boolean embeddedResource;
    final boolean intOrString;
    final String listType;
    final List<String> listMapKeys;
    final String mapType;
    final String patchMergeKey;
    final Set<String> patchStrategy;
    final Set<String> required;

    /**
     * Absence of a required member means its zero value, as Go's decoder has it; nobody refuses it.
     */
    final boolean zeroWhenAbsent;

    final @Nullable JsonNode defaultValue;
    final Constraints constraints;
    private final Map<String, Schema> properties;
    private final @Nullable Schema items;
    private final @Nullable Schema additionalProperties;
    private final String ref;
    private final Definitions definitions;

    /** The definition behind {@code ref} once looked up; a race only looks it up twice. */
    private volatile @Nullable Schema target;

    private Schema(JsonNode spec, Definitions definitions, boolean nullsAbsent) {
        this.definitions = definitions;
        this.nullsAbsent = nullsAbsent;
        ref = refOf(spec);
        type = spec.path("type").asText("");
        format = spec.path("format").asText("");
        nullable = spec.path("nullable").asBoolean(false);
        preserveUnknown =
                spec.path("x-kubernetes-preserve-unknown-fields").asBoolean(false)
                        || spec.path("additionalProperties").asBoolean(false);
        embeddedResource = spec.path("x-kubernetes-embedded-resource").asBoolean(false);
        intOrString =
                spec.path("x-kubernetes-int-or-string").asBoolean(false)
                        || format.equals("int-or-string");
        listType = spec.path("x-kubernetes-list-type").asText("");
        listMapKeys = texts(spec.path("x-kubernetes-list-map-keys"));
        mapType = spec.path("x-kubernetes-map-type").asText("");
        patchMergeKey = spec.path("x-kubernetes-patch-merge-key").asText("");
        String strategy = spec.path("x-kubernetes-patch-strategy").asText("");
        patchStrategy = strategy.isEmpty() ? Set.of() : Set.of(strategy.split(","));
        required = Set.copyOf(texts(spec.path("required")));
        zeroWhenAbsent = spec.path(ZERO_WHEN_ABSENT).asBoolean(false);
        defaultValue = spec.has("default") ? spec.get("default") : null;
        constraints =
                ref.isEmpty()
                        ? Constraints.of(spec, child -> new Schema(child, definitions, nullsAbsent))
                        : Constraints.NONE;
        items =
                spec.path("items").isObject()
                        ? new Schema(spec.get("items"), definitions, nullsAbsent)
                        : null;
        additionalProperties =
                spec.path("additionalProperties").isObject()
                        ? new Schema(spec.get("additionalProperties"), definitions, nullsAbsent)
                        : null;
        properties = compiledProperties(spec);
    }

    private Map<String, Schema> compiledProperties(JsonNode spec) {
        Map<String, Schema> compiled = new HashMap<>();
        spec.path("properties")
                .properties()
                .forEach(e ->
                        compiled.put(
                                e.getKey(), new Schema(e.getValue(), definitions, nullsAbsent)));
        return Map.copyOf(compiled);
    }

    /**
     * Compiles a schema that stands alone.
     *
     * @throws IllegalArgumentException when a pattern is no regular expression
     */
    public static Schema compile(JsonNode openApi) {
        return compile(
                openApi,
                name -> {
                    if (name.equals(EmbeddedResource.OBJECT_META)) {
                        return EmbeddedResource.openObject();
                    }
                    throw new IllegalArgumentException(
                            "schema has a $ref to \"" + name + "\", but $ref is not allowed here");
                });
    }

    /**
     * Compiles a schema whose {@code $ref}s name definitions. These are asked for when first
     * touched, so they may be recursive.
     *
     * @param definitions answers the OpenAPI JSON of a definition by its bare name
     */
    public static Schema compile(JsonNode openApi, Function<String, JsonNode> definitions) {
        Map<String, Schema> compiled = new ConcurrentHashMap<>();
        Definitions lazy =
                new Definitions() {
                    @Override
                    public Schema definition(String name) {
                        Schema known = compiled.get(name);
                        if (known == null) {
                            known = new Schema(definitions.apply(name), this, false);
                            compiled.put(name, known);
                        }
                        return known;
                    }
                };
        return new Schema(openApi, lazy, false);
    }

    static Schema compile(JsonNode openApi, Definitions definitions, boolean nullsAbsent) {
        return new Schema(openApi, definitions, nullsAbsent);
    }

    /**
     * What breaks the rules for structural schemas in a CustomResourceDefinition's {@code
     * openAPIV3Schema}; empty when nothing does. Field names start at {@code openAPIV3Schema}.
     */
    public static List<Status.Cause> check(JsonNode openApiV3Schema) {
        return StructuralRules.check(openApiV3Schema);
    }

    /** What is wrong with {@code object}, worded as Kubernetes words it; empty when nothing is. */
    public List<Status.Cause> validate(JsonNode object) {
        List<Status.Cause> causes = new ArrayList<>();
        new Validation(causes).validate(object, this, FieldPath.ROOT);
        return causes;
    }

    /**
     * Paths of fields that this schema does not know, such as {@code spec.containers[0].foo}, in
     * document order.
     */
    public List<String> unknownFields(JsonNode object) {
        List<String> unknown = new ArrayList<>();
        Shaping.collectUnknown(object, this, FieldPath.ROOT, unknown);
        return unknown;
    }

    /** A copy of {@code object} without the fields that this schema does not know. */
    public ObjectNode prune(ObjectNode object) {
        ObjectNode copy = object.deepCopy();
        Shaping.prune(copy, this);
        return copy;
    }

    /** Fills in this schema's defaults, in place. */
    public void applyDefaults(ObjectNode object) {
        Shaping.applyDefaults(object, this);
    }

    /** This schema, or the definition it refers to. */
    Schema resolved() {
        if (ref.isEmpty()) {
            return this;
        }
        Schema known = target;
        if (known == null) {
            known = definitions.definition(ref).resolved();
            target = known;
        }
        return known;
    }

    /** The default written here, or else at the definition. */
    Optional<JsonNode> defaultValue() {
        return Optional.ofNullable(defaultValue != null ? defaultValue : resolved().defaultValue);
    }

    Map<String, Schema> properties() {
        return resolved().properties;
    }

    /** The schema of a named member: a property, or the value of a map. */
    Optional<Schema> member(String name) {
        Schema body = resolved();
        Schema property = body.properties.get(name);
        if (property == null && body.embeddedResource) {
            property = EmbeddedResource.member(name, definitions).orElse(null);
        }
        return Optional.ofNullable(property != null ? property : body.additionalProperties);
    }

    /** Whether {@code name} is a declared property rather than a map's key. */
    boolean declares(String name) {
        Schema body = resolved();
        return body.properties.containsKey(name)
                || (body.embeddedResource
                        && EmbeddedResource.member(name, definitions).isPresent());
    }

    Optional<Schema> items() {
        return Optional.ofNullable(resolved().items);
    }

    Optional<Schema> additionalProperties() {
        return Optional.ofNullable(resolved().additionalProperties);
    }

    /** Whether members that are not declared may stay. */
    boolean open() {
        Schema body = resolved();
        return body.preserveUnknown || body.additionalProperties != null || body.untyped();
    }

    /** Says nothing of its members: any JSON object fits, as in {@code runtime.RawExtension}. */
    boolean untyped() {
        return properties.isEmpty()
                && additionalProperties == null
                && !embeddedResource
                && nullsAbsent;
    }

    private static String refOf(JsonNode spec) {
        String ref = spec.path("$ref").asText("");
        JsonNode allOf = spec.path("allOf");
        if (ref.isEmpty() && allOf.size() == 1) {
            ref = allOf.get(0).path("$ref").asText("");
        }
        if (ref.startsWith(REF_PREFIX_V3)) {
            return ref.substring(REF_PREFIX_V3.length());
        }
        return ref.startsWith(REF_PREFIX_V2) ? ref.substring(REF_PREFIX_V2.length()) : ref;
    }

    static List<String> texts(JsonNode array) {
        Set<String> texts = new LinkedHashSet<>();
        array.forEach(t -> texts.add(t.asText()));
        return List.copyOf(texts);
    }
}
