package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Json;
import dev.kemudi.schema.BuiltinSchemas;
import dev.kemudi.schema.OpenApiDocuments;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * {@code /openapi/v3}: an index with one document for each group-version; {@code /openapi/v2}: one
 * document for everything, as JSON or as the protobuf that kubectl up to 1.27 reads. Made when they
 * are asked for. A v3 document's hash is made from what goes into it, so that the index costs
 * nothing.
 */
final class OpenApi {
    private static final String JSON = "application/json";

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
            v2(exchange);
            return true;
        }
        if (segments.size() < 2 || !segments.get(1).equals("v3")) {
            return false;
        }
        if (segments.size() == 2) {
            Discovery.send(exchange, JSON, index());
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
        Discovery.send(exchange, JSON, v3(documents(), name, version));
        return true;
    }

    private OpenApiDocuments documents() {
        return new OpenApiDocuments(schemas.get(), Version.tree().path("gitVersion").asText());
    }

    private ObjectNode v3(OpenApiDocuments documents, String group, String version) {
        return documents.v3(
                group.isEmpty() ? version : group + "/" + version,
                kinds(group, version).stream().map(OpenApi::served).toList());
    }

    private static OpenApiDocuments.Served served(Kind kind) {
        List<String> subresources = new ArrayList<>();
        if (kind.definition().statusSubresource()) {
            subresources.add("status");
        }
        kind.definition().scale().ifPresent(scale -> subresources.add("scale"));
        return new OpenApiDocuments.Served(
                kind.resource(),
                kind.custom() ? Optional.of(kind.rules().openApi()) : Optional.empty(),
                subresources);
    }

    private void v2(Exchange exchange) {
        OpenApiDocuments documents = documents();
        List<ObjectNode> parts = new ArrayList<>();
        discovery
                .groups()
                .forEach((group, versions) ->
                        versions.forEach(version -> parts.add(v3(documents, group, version))));
        ObjectNode document = documents.v2(parts);
        if (exchange.header("Accept").orElse("").contains("proto-openapi")) {
            exchange.send(
                    200, OpenApiDocuments.V2_PROTOBUF_CONTENT_TYPE, documents.v2Protobuf(document));
        } else {
            Discovery.send(exchange, JSON, document);
        }
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

    private List<Kind> kinds(String group, String version) {
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
                    .append(served(kind).subresources())
                    .append(kind.rules().openApi());
        }
        return Discovery.sha(content.toString().getBytes(StandardCharsets.UTF_8)).substring(0, 32);
    }
}
