package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Resource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * OpenAPI documents of what a server serves: v3 per group-version, v2 for everything, as JSON and
 * as the protobuf that older kubectls ask for. Each call builds a fresh tree of up to some
 * megabytes: callers cache the bytes. Safe for use by many threads.
 */
public final class OpenApiDocuments {
    /**
     * The word in the Accept header by which kubectl up to 1.27 asks for the v2 document in
     * protobuf.
     */
    public static final String V2_PROTOBUF_ACCEPTED =
            "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

    /**
     * The Content-Type to answer {@link #V2_PROTOBUF_ACCEPTED} with: Go's parser refuses the
     * {@code @} that the same clients send.
     */
    public static final String V2_PROTOBUF_CONTENT_TYPE =
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String REF = "#/components/schemas/";
    private static final List<String> CUSTOM_PATCH_TYPES =
            List.of(
                    "application/apply-patch+yaml",
                    "application/json-patch+json",
                    "application/merge-patch+json");
    private static final List<String> PATCH_TYPES =
            Stream.concat(
                            CUSTOM_PATCH_TYPES.stream(),
                            Stream.of("application/strategic-merge-patch+json"))
                    .toList();

    private final BuiltinSchemas builtin;
    private final String version;

    /**
     * One served kind.
     *
     * @param customSchema the {@code openAPIV3Schema} of a custom resource's version, empty for a
     *     built-in kind
     * @param subresources such as {@code status} and {@code scale}
     */
    public record Served(
            Resource resource, Optional<JsonNode> customSchema, List<String> subresources) {}

    /**
     * @param version the server's version, as in {@code /version}
     */
    public OpenApiDocuments(BuiltinSchemas builtin, String version) {
        this.builtin = builtin;
        this.version = version;
    }

    /**
     * The OpenAPI v3 document of one group-version: {@code components} and {@code paths} with the
     * parameters by which kubectl finds out that dry run and field validation are supported.
     *
     * @param groupVersion such as {@code v1} or {@code apps/v1}
     * @param served the kinds of that group-version
     */
    public ObjectNode v3(String groupVersion, List<Served> served) {
        ObjectNode document = NODES.objectNode().put("openapi", "3.0.0");
        document.putObject("info").put("title", "Kubernetes").put("version", version);
        ObjectNode paths = document.putObject("paths");
        List<String> roots = new ArrayList<>(builtin.kinds(groupVersion).values());
        for (String kind : List.of("Status", "DeleteOptions")) {
            builtin.definitionName("v1", kind).ifPresent(roots::add);
        }
        roots.add(EmbeddedResource.OBJECT_META);
        ObjectNode components = builtin.components(roots);
        ObjectNode schemas = (ObjectNode) components.path("schemas");
        for (Served kind : served) {
            String name =
                    kind.customSchema().isPresent()
                            ? customName(kind.resource())
                            : builtin.definitionName(
                                            kind.resource().apiVersion(), kind.resource().kind())
                                    .orElse("");
            kind.customSchema()
                    .ifPresent(schema -> schemas.set(name, custom(kind.resource(), schema)));
            addPaths(paths, kind, name);
        }
        document.set("components", components);
        return document;
    }

    /** {@code example.com/v1 Widget} is {@code com.example.v1.Widget}. */
    private static String customName(Resource resource) {
        List<String> labels = new ArrayList<>(List.of(resource.group().split("\\.")));
        Collections.reverse(labels);
        return String.join(".", labels) + "." + resource.version() + "." + resource.kind();
    }

    private static ObjectNode custom(Resource resource, JsonNode schema) {
        ObjectNode definition =
                schema instanceof ObjectNode object ? object.deepCopy() : NODES.objectNode();
        definition.put("type", "object");
        ObjectNode properties = definition.withObjectProperty("properties");
        properties
                .putObject("apiVersion")
                .put("type", "string")
                .put("description", "The version of the schema that this object follows.");
        properties
                .putObject("kind")
                .put("type", "string")
                .put("description", "The kind of this object.");
        ObjectNode metadata =
                properties.putObject("metadata").put("description", "Standard object's metadata.");
        metadata.putArray("allOf").addObject().put("$ref", REF + EmbeddedResource.OBJECT_META);
        definition.set(
                "x-kubernetes-group-version-kind",
                NODES.arrayNode().add(groupVersionKind(resource)));
        return definition;
    }

    private static ObjectNode groupVersionKind(Resource resource) {
        return NODES.objectNode()
                .put("group", resource.group())
                .put("kind", resource.kind())
                .put("version", resource.version());
    }

    private static void addPaths(ObjectNode paths, Served kind, String definition) {
        Resource resource = kind.resource();
        String collection = resource.path(resource.namespaced() ? "{namespace}" : "");
        ObjectNode many = paths.putObject(collection);
        ObjectNode one = paths.putObject(collection + "/{name}");
        operation(many, "get", "list", resource, definition, List.of());
        operation(many, "post", "post", resource, definition, List.of("application/json"));
        itemOperations(one, kind, definition);
        operation(one, "delete", "delete", resource, definition, List.of());
        pathParameters(many, resource, false);
        pathParameters(one, resource, true);
        if (resource.namespaced()) {
            operation(
                    paths.putObject(resource.path("")),
                    "get",
                    "list",
                    resource,
                    definition,
                    List.of());
        }
        for (String subresource : kind.subresources()) {
            ObjectNode item = paths.putObject(collection + "/{name}/" + subresource);
            itemOperations(item, kind, definition);
            pathParameters(item, resource, true);
        }
    }

    private static void itemOperations(ObjectNode item, Served kind, String definition) {
        Resource resource = kind.resource();
        operation(item, "get", "get", resource, definition, List.of());
        operation(item, "put", "put", resource, definition, List.of("application/json"));
        // kubectl chooses how it patches by what is listed here
        operation(
                item,
                "patch",
                "patch",
                resource,
                definition,
                kind.customSchema().isPresent() ? CUSTOM_PATCH_TYPES : PATCH_TYPES);
    }

    private static void operation(
            ObjectNode path,
            String method,
            String action,
            Resource resource,
            String definition,
            List<String> bodyTypes) {
        ObjectNode operation = path.putObject(method);
        ObjectNode reference = NODES.objectNode();
        if (!definition.isEmpty()) {
            reference.put("$ref", REF + definition);
        }
        if (!bodyTypes.isEmpty()) {
            ObjectNode content =
                    operation.putObject("requestBody").put("required", true).putObject("content");
            JsonNode body =
                    method.equals("patch") ? NODES.objectNode().put("type", "object") : reference;
            bodyTypes.forEach(type -> content.putObject(type).set("schema", body));
            List.of("dryRun", "fieldManager", "fieldValidation")
                    .forEach(p -> queryParameter(operation, p, "string"));
        }
        if (method.equals("patch")) {
            queryParameter(operation, "force", "boolean");
        } else if (method.equals("delete")) {
            queryParameter(operation, "dryRun", "string");
        }
        operation
                .putObject("responses")
                .putObject("200")
                .put("description", "OK")
                .putObject("content")
                .putObject("application/json")
                .set("schema", reference);
        operation.put("x-kubernetes-action", action);
        operation.set("x-kubernetes-group-version-kind", groupVersionKind(resource));
    }

    private static void queryParameter(ObjectNode operation, String name, String type) {
        ObjectNode parameter =
                operation
                        .withArrayProperty("parameters")
                        .addObject()
                        .put("name", name)
                        .put("in", "query");
        parameter.putObject("schema").put("type", type).put("uniqueItems", true);
    }

    private static void pathParameters(ObjectNode path, Resource resource, boolean named) {
        List<String> names = new ArrayList<>();
        if (named) {
            names.add("name");
        }
        if (resource.namespaced()) {
            names.add("namespace");
        }
        for (String name : names) {
            ObjectNode parameter = path.withArrayProperty("parameters").addObject();
            parameter.put("name", name).put("in", "path").put("required", true);
            parameter.putObject("schema").put("type", "string").put("uniqueItems", true);
        }
    }

    /** The OpenAPI v2 document that says the same as the given v3 documents. */
    public ObjectNode v2(List<ObjectNode> v3Documents) {
        ObjectNode document = NODES.objectNode().put("swagger", "2.0");
        document.putObject("info").put("title", "Kubernetes").put("version", version);
        Map<String, JsonNode> paths = new TreeMap<>();
        Map<String, JsonNode> definitions = new TreeMap<>();
        for (ObjectNode v3 : v3Documents) {
            v3.path("paths")
                    .properties()
                    .forEach(e -> paths.put(e.getKey(), OpenApiV2.path(e.getValue())));
            v3.at("/components/schemas")
                    .properties()
                    .forEach(e ->
                            definitions.computeIfAbsent(
                                    e.getKey(), name -> OpenApiV2.definition(name, e.getValue())));
        }
        document.putObject("paths").setAll(paths);
        document.putObject("definitions").setAll(definitions);
        return document;
    }

    /** A v2 document in the protobuf form of {@link #V2_PROTOBUF_CONTENT_TYPE}. */
    public byte[] v2Protobuf(ObjectNode v2) {
        return OpenApiV2Protobuf.encode(v2);
    }
}
