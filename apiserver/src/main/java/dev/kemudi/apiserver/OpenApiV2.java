package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import dev.kemudi.schema.BuiltinSchemas;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * {@code /openapi/v2}: one document for everything, as JSON or as the protobuf of gnostic's {@code
 * openapi.v2.Document}, which is the only form kubectl reads (1.27 beside v3, older ones alone).
 */
final class OpenApiV2 {
    private static final String REF_V3 = "#/components/schemas/";
    private static final String REF = "#/definitions/";
    private static final String PROTOBUF =
            "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
    private static final String OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    private final Registry registry;
    private final OpenApi openApi;
    private final Supplier<BuiltinSchemas> schemas;

    OpenApiV2(Registry registry, OpenApi openApi, Supplier<BuiltinSchemas> schemas) {
        this.registry = registry;
        this.openApi = openApi;
        this.schemas = schemas;
    }

    void handle(Exchange exchange) {
        ObjectNode document = document();
        if (exchange.header("Accept").orElse("").contains("proto-openapi")) {
            exchange.send(200, PROTOBUF, OpenApiProto.document(document));
        } else {
            Discovery.send(exchange, "application/json", document);
        }
    }

    private ObjectNode document() {
        ObjectNode document = Json.MAPPER.createObjectNode();
        document.put("swagger", "2.0");
        document.putObject("info")
                .put("title", "Kubernetes")
                .put("version", Version.tree().path("gitVersion").asText());
        ObjectNode paths = document.putObject("paths");
        List<String> builtin = new ArrayList<>(List.of(OBJECT_META));
        schemas.get().definitionName("v1", "DeleteOptions").ifPresent(builtin::add);
        for (Kind kind : registry.all()) {
            path(paths, kind);
            if (!kind.custom()) {
                schemas.get()
                        .definitionName(kind.resource().apiVersion(), kind.resource().kind())
                        .ifPresent(builtin::add);
            }
        }
        ObjectNode definitions = document.putObject("definitions");
        definitions.setAll(Definitions.closure(schemas.get(), builtin));
        for (Kind kind : registry.all()) {
            if (kind.custom()) {
                definitions.set(openApi.definitionName(kind), OpenApi.customSchema(kind, REF));
            }
        }
        rewriteReferences(definitions);
        return document;
    }

    private static void path(ObjectNode paths, Kind kind) {
        ObjectNode patch =
                paths.putObject(kind.resource().path("{namespace}") + "/{name}").putObject("patch");
        ArrayNode parameters = patch.putArray("parameters");
        for (String name : List.of("dryRun", "fieldManager", "fieldValidation")) {
            parameters.addObject().put("name", name).put("in", "query").put("type", "string");
        }
        patch.putObject("responses").putObject("200").put("description", "OK");
        patch.put("x-kubernetes-action", "patch");
        patch.set("x-kubernetes-group-version-kind", OpenApi.gvk(kind));
    }

    // In v2 a reference stands alone: v3's allOf with one reference becomes just that.
    private static void rewriteReferences(JsonNode node) {
        if (node instanceof ObjectNode object) {
            JsonNode allOf = object.path("allOf");
            if (allOf.size() == 1 && allOf.path(0).has("$ref")) {
                object.set("$ref", allOf.path(0).get("$ref"));
                object.remove(List.of("allOf", "default"));
            }
            JsonNode ref = object.get("$ref");
            if (ref != null && ref.isTextual()) {
                object.put("$ref", ref.asText().replace(REF_V3, REF));
            }
        }
        node.forEach(OpenApiV2::rewriteReferences);
    }
}
