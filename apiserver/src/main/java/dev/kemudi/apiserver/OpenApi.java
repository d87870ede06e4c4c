package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import dev.kemudi.api.Resource;
import dev.kemudi.schema.BuiltinSchemas;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * {@code /openapi/v3}: an index with one document for each group-version, made when it is asked
 * for. A document's hash is made from what goes into it, so that the index costs nothing.
 */
final class OpenApi {
    private static final String REF = "#/components/schemas/";

    private final Discovery discovery;
    private final Registry registry;
    private final Supplier<BuiltinSchemas> schemas;

    OpenApi(Discovery discovery, Registry registry, Supplier<BuiltinSchemas> schemas) {
        this.discovery = discovery;
        this.registry = registry;
        this.schemas = schemas;
    }

    /**
     * @return whether there is such a document
     */
    boolean handle(Exchange exchange, List<String> segments) {
        if (segments.size() == 2 && segments.get(1).equals("v2")) {
            new OpenApiV2(registry, this, schemas).handle(exchange);
            return true;
        }
        if (segments.size() < 2 || !segments.get(1).equals("v3")) {
            return false;
        }
        if (segments.size() == 2) {
            Discovery.send(exchange, "application/json", index());
            return true;
        }
        boolean core = segments.get(2).equals("api") && segments.size() == 4;
        boolean group = segments.get(2).equals("apis") && segments.size() == 5;
        if (!core && !group) {
            return false;
        }
        String name = core ? "" : segments.get(3);
        String version = segments.getLast();
        if (!discovery.groups().getOrDefault(name, List.of()).contains(version)) {
            return false;
        }
        Discovery.send(exchange, "application/json", document(name, version));
        return true;
    }

    private ObjectNode index() {
        ObjectNode index = Json.MAPPER.createObjectNode();
        ObjectNode paths = index.putObject("paths");
        discovery
                .groups()
                .forEach((group, versions) -> {
                    for (String version : versions) {
                        String path =
                                group.isEmpty()
                                        ? "api/" + version
                                        : "apis/" + group + "/" + version;
                        paths.putObject(path)
                                .put(
                                        "serverRelativeURL",
                                        "/openapi/v3/" + path + "?hash=" + hash(group, version));
                    }
                });
        return index;
    }

    List<Kind> kinds(String group, String version) {
        return registry.all().stream()
                .filter(k ->
                        k.resource().group().equals(group)
                                && k.resource().version().equals(version))
                .toList();
    }

    private String hash(String group, String version) {
        StringBuilder content = new StringBuilder(Version.tree().toString());
        for (Kind kind : kinds(group, version)) {
            content.append(kind.resource())
                    .append(kind.definition().statusSubresource())
                    .append(kind.rules().openApi());
        }
        return Discovery.sha(content.toString().getBytes(StandardCharsets.UTF_8)).substring(0, 32);
    }

    private ObjectNode document(String group, String version) {
        ObjectNode document = Json.MAPPER.createObjectNode();
        document.put("openapi", "3.0.0");
        document.putObject("info")
                .put("title", "Kubernetes")
                .put("version", Version.tree().path("gitVersion").asText());
        ObjectNode paths = document.putObject("paths");
        List<Kind> kinds = kinds(group, version);
        List<String> builtin = new ArrayList<>();
        for (Kind kind : kinds) {
            paths(paths, kind);
            if (!kind.custom()) {
                schemas.get()
                        .definitionName(kind.resource().apiVersion(), kind.resource().kind())
                        .ifPresent(builtin::add);
            }
        }
        // what the parts of custom kinds refer to
        schemas.get().definitionName("v1", "Status").ifPresent(builtin::add);
        schemas.get().definitionName("v1", "DeleteOptions").ifPresent(builtin::add);
        builtin.add("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
        ObjectNode definitions = document.putObject("components").putObject("schemas");
        definitions.setAll(Definitions.closure(schemas.get(), builtin));
        for (Kind kind : kinds) {
            if (kind.custom()) {
                definitions.set(definitionName(kind), customSchema(kind, REF));
            }
        }
        return document;
    }

    String definitionName(Kind kind) {
        Resource resource = kind.resource();
        if (!kind.custom()) {
            return schemas.get().definitionName(resource.apiVersion(), resource.kind()).orElse("");
        }
        List<String> parts = new ArrayList<>(List.of(resource.group().split("\\.")));
        java.util.Collections.reverse(parts);
        return String.join(".", parts) + "." + resource.version() + "." + resource.kind();
    }

    static ObjectNode customSchema(Kind kind, String refPrefix) {
        ObjectNode schema =
                kind.rules().openApi() instanceof ObjectNode declared
                        ? declared.deepCopy()
                        : Json.MAPPER.createObjectNode();
        schema.put("type", "object");
        ObjectNode properties = schema.withObjectProperty("properties");
        properties
                .putObject("apiVersion")
                .put("type", "string")
                .put(
                        "description",
                        "APIVersion defines the versioned schema of this representation of an object.");
        properties
                .putObject("kind")
                .put("type", "string")
                .put(
                        "description",
                        "Kind is a string value representing the REST resource this object represents.");
        properties
                .putObject("metadata")
                .put("$ref", refPrefix + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
        schema.withArrayProperty("x-kubernetes-group-version-kind").add(gvk(kind));
        return schema;
    }

    static ObjectNode gvk(Kind kind) {
        Resource resource = kind.resource();
        return Json.MAPPER
                .createObjectNode()
                .put("group", resource.group())
                .put("version", resource.version())
                .put("kind", resource.kind());
    }

    private void paths(ObjectNode paths, Kind kind) {
        Resource resource = kind.resource();
        String collection = resource.path("{namespace}");
        ObjectNode list = paths.putObject(collection);
        operation(list, "get", "list", kind, false);
        operation(list, "post", "post", kind, true);
        ObjectNode object = paths.putObject(collection + "/{name}");
        operation(object, "get", "get", kind, false);
        operation(object, "put", "put", kind, true);
        operation(object, "patch", "patch", kind, true);
        operation(object, "delete", "delete", kind, false);
        if (resource.namespaced()) {
            operation(paths.putObject(resource.path("")), "get", "list", kind, false);
        }
    }

    private void operation(
            ObjectNode path, String method, String action, Kind kind, boolean writes) {
        ObjectNode operation = path.putObject(method);
        ArrayNode parameters = operation.putArray("parameters");
        if (writes || method.equals("delete")) {
            parameter(parameters, "dryRun");
        }
        if (writes) {
            parameter(parameters, "fieldManager");
            parameter(parameters, "fieldValidation");
        }
        JsonNode ref = Json.MAPPER.createObjectNode().put("$ref", REF + definitionName(kind));
        operation
                .putObject("responses")
                .putObject("200")
                .put("description", "OK")
                .putObject("content")
                .putObject("application/json")
                .set("schema", ref);
        operation.put("x-kubernetes-action", action);
        operation.set("x-kubernetes-group-version-kind", gvk(kind));
    }

    private static void parameter(ArrayNode parameters, String name) {
        parameters
                .addObject()
                .put("name", name)
                .put("in", "query")
                .put("description", name)
                .putObject("schema")
                .put("type", "string")
                .put("uniqueItems", true);
    }
}
