package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The schemas of the built-in kinds, made at build time from the published Kubernetes model (see
 * {@link BuiltinSchemaGenerator}). Each definition is read when it is first touched and kept
 * compiled, without its descriptions. Safe for use by many threads; calls block only for reading
 * the class path.
 */
public final class BuiltinSchemas {
    static final String INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
    static final String QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";

    /**
     * Types whose required members nobody refuses when they are absent, besides all status types:
     * the model calls every member without Go's omitempty required, and Go decodes an absent one to
     * its zero value.
     */
    private static final Set<String> ZERO_WHEN_ABSENT =
            Set.of(
                    "NodeSystemInfo",
                    "ContainerStateTerminated",
                    "EndpointSlice",
                    "Event",
                    "EventSeries",
                    "TokenRequestSpec",
                    "UserInfo");

    private static final String REF = "$ref";
    private static final String REF_PREFIX = "#/components/schemas/";

    private final Map<String, Schema> compiled = new ConcurrentHashMap<>();
    private final Schema.Definitions definitions = this::definition;
    private final ObjectNode index = (ObjectNode) read("index");

    /**
     * The schema of a built-in kind, such as {@code apps/v1} {@code Deployment}; empty when it is
     * not built in.
     */
    public Optional<Schema> of(String apiVersion, String kind) {
        return definitionName(apiVersion, kind).map(this::definition);
    }

    /**
     * The schema of a custom resource: {@code openApiV3Schema} with apiVersion, kind and metadata
     * as every object has them.
     *
     * @throws IllegalArgumentException when a pattern in it is no regular expression
     */
    public Schema customResource(JsonNode openApiV3Schema) {
        ObjectNode root =
                openApiV3Schema instanceof ObjectNode object
                        ? object.deepCopy()
                        : JsonNodeFactory.instance
                                .objectNode()
                                .put("x-kubernetes-preserve-unknown-fields", true);
        root.put("type", "object");
        ObjectNode properties = root.withObjectProperty("properties");
        properties.set("apiVersion", JsonNodeFactory.instance.objectNode().put("type", "string"));
        properties.set("kind", JsonNodeFactory.instance.objectNode().put("type", "string"));
        properties.set(
                "metadata",
                JsonNodeFactory.instance
                        .objectNode()
                        .put(REF, REF_PREFIX + EmbeddedResource.OBJECT_META));
        return Schema.compile(root, definitions, false);
    }

    /**
     * The group-versions that have built-in kinds, such as {@code v1} and {@code apps/v1}, sorted.
     */
    public List<String> groupVersions() {
        List<String> groupVersions = new ArrayList<>();
        index.fieldNames().forEachRemaining(groupVersions::add);
        groupVersions.sort(null);
        return groupVersions;
    }

    /**
     * The built-in kinds of one group-version by name, each with its definition's name; empty for
     * an unknown one.
     */
    public Map<String, String> kinds(String groupVersion) {
        Map<String, String> kinds = new TreeMap<>();
        index.path(groupVersion)
                .properties()
                .forEach(e -> kinds.put(e.getKey(), e.getValue().asText()));
        return kinds;
    }

    /** The name under which {@link #components} and OpenAPI documents know a kind. */
    public Optional<String> definitionName(String apiVersion, String kind) {
        String name = index.path(apiVersion).path(kind).asText("");
        if (name.isEmpty() && !apiVersion.equals("v1") && isMeta(kind)) {
            return definitionName("v1", kind);
        }
        return name.isEmpty() ? Optional.empty() : Optional.of(name);
    }

    /**
     * The {@code components} member of an OpenAPI v3 document for {@code groupVersion}: its kinds
     * and all that they refer to. A fresh tree for the caller to extend.
     */
    public ObjectNode components(String groupVersion) {
        List<String> roots = new ArrayList<>(kinds(groupVersion).values());
        List.of("Status", "DeleteOptions")
                .forEach(k -> definitionName("v1", k).ifPresent(roots::add));
        return components(roots);
    }

    /** {@code components} with the named definitions and all that they refer to. */
    public ObjectNode components(List<String> definitionNames) {
        Map<String, JsonNode> reached = new TreeMap<>();
        Deque<String> open = new ArrayDeque<>(definitionNames);
        while (!open.isEmpty()) {
            String name = open.pop();
            if (!reached.containsKey(name)) {
                JsonNode definition = read(name);
                definition.findValuesAsText(REF).stream()
                        .filter(ref ->
                                ref.startsWith(
                                        REF_PREFIX)) // JSONSchemaProps has a property of that name
                        .forEach(ref -> open.push(ref.substring(REF_PREFIX.length())));
                reached.put(name, documented(definition));
            }
        }
        ObjectNode components = JsonNodeFactory.instance.objectNode();
        components.putObject("schemas").setAll(reached);
        return components;
    }

    /**
     * OpenAPI 3.0 ignores what stands beside a {@code $ref}; Kubernetes therefore wraps it in
     * {@code allOf}.
     */
    private static ObjectNode documented(JsonNode definition) {
        ObjectNode document = (ObjectNode) definition;
        document.path("properties")
                .properties()
                .forEach(e -> {
                    if (e.getValue() instanceof ObjectNode property
                            && property.has(REF)
                            && property.size() > 1) {
                        JsonNode ref = property.remove(REF);
                        property.putArray("allOf").addObject().set(REF, ref);
                    }
                });
        return document;
    }

    /**
     * The schema of any built-in definition, such as {@code io.k8s.api.core.v1.PodSpec}; empty when
     * there is none.
     */
    Optional<Schema> byDefinition(String name) {
        boolean known =
                compiled.containsKey(name)
                        || BuiltinSchemas.class.getResource("builtin/" + name + ".json") != null;
        return known ? Optional.of(definition(name)) : Optional.empty();
    }

    private static boolean isMeta(String kind) {
        return kind.equals("DeleteOptions") || kind.equals("Status");
    }

    private Schema definition(String name) {
        Schema known = compiled.get(name);
        if (known == null) {
            ObjectNode definition = (ObjectNode) read(name);
            String type = name.substring(name.lastIndexOf('.') + 1);
            if (type.contains("Status") || ZERO_WHEN_ABSENT.contains(type)) {
                definition.put(Schema.ZERO_WHEN_ABSENT, true);
            }
            known = Schema.compile(definition, definitions, true);
            compiled.put(name, known);
        }
        return known;
    }

    private static JsonNode read(String name) {
        try (InputStream in =
                BuiltinSchemas.class.getResourceAsStream("builtin/" + name + ".json")) {
            if (in == null) {
                throw new IllegalArgumentException(
                        "no built-in schema definition \"" + name + "\"");
            }
            return Json.MAPPER.readTree(in);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "built-in schema definition \"" + name + "\" cannot be read", e);
        }
    }
}
