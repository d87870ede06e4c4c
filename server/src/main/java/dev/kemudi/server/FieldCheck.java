package dev.kemudi.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.gateway.GatewayKinds;
import dev.kemudi.schema.BuiltinSchemas;
import dev.kemudi.schema.Schema;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Refuses manifests with fields that do not exist before anything is started. Kinds whose
 * definitions are only in the store are left to the API server.
 */
final class FieldCheck {
    private final BuiltinSchemas builtIn = new BuiltinSchemas();
    private final Map<String, JsonNode> custom = new HashMap<>();

    private FieldCheck() {}

    /**
     * @throws UsageException naming the first unknown field, its file and its line
     */
    static void check(List<Manifest> manifests) {
        FieldCheck check = new FieldCheck();
        Stream.concat(GatewayKinds.definitions().stream(), manifests.stream().map(Manifest::object))
                .filter(object -> object.kind().equals("CustomResourceDefinition"))
                .forEach(check::learn);
        manifests.forEach(check::check);
    }

    private void learn(ApiObject definition) {
        String group = definition.text("/spec/group");
        String kind = definition.text("/spec/names/kind");
        for (JsonNode version : definition.at("/spec/versions")) {
            custom.put(
                    group + "/" + version.path("name").asText() + " " + kind,
                    version.path("schema").path("openAPIV3Schema"));
        }
    }

    private void check(Manifest manifest) {
        ApiObject object = manifest.object();
        schema(object.apiVersion(), object.kind())
                .flatMap(schema -> schema.unknownFields(object.tree()).stream().findFirst())
                .ifPresent(field -> {
                    throw new UsageException(
                            "%s: unknown field \"%s\" in %s %s; remove it or mend its spelling"
                                    .formatted(
                                            manifest.where(field),
                                            field,
                                            object.kind(),
                                            object.name()));
                });
    }

    private Optional<Schema> schema(String apiVersion, String kind) {
        return builtIn.of(apiVersion, kind)
                .or(() ->
                        Optional.ofNullable(custom.get(apiVersion + " " + kind))
                                .map(builtIn::customResource));
    }
}
