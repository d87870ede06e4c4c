package dev.kemudi.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kemudi.api.ApiClient;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.ListOptions;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which kinds are served now: the built-in ones and those of the CustomResourceDefinitions in the
 * store.
 */
final class Discovery {
    private final List<Resource> builtIn;
    private final List<Resource> kept;
    private final ApiClient client;

    Discovery(List<ResourceDefinition> builtIn, ApiClient client) {
        this.builtIn = builtIn.stream().map(ResourceDefinition::resource).toList();
        this.kept =
                builtIn.stream()
                        .filter(k -> k.strategy().storedForm().isEmpty())
                        .map(ResourceDefinition::resource)
                        .toList();
        this.client = client;
    }

    /** Every served kind, each at one version: no object comes up twice. */
    List<Resource> served() {
        List<Resource> all = new ArrayList<>(kept);
        for (ApiObject definition : definitions()) {
            versions(definition)
                    .findFirst()
                    .ifPresent(version -> all.add(resource(definition, version)));
        }
        return all;
    }

    /**
     * The resource that serves objects which call themselves {@code apiVersion} and {@code kind}.
     */
    Optional<Resource> of(String apiVersion, String kind) {
        return builtIn.stream()
                .filter(r -> r.apiVersion().equals(apiVersion) && r.kind().equals(kind))
                .findFirst()
                .or(() ->
                        definitions().stream()
                                .flatMap(d -> versions(d).map(v -> resource(d, v)))
                                .filter(r ->
                                        r.apiVersion().equals(apiVersion) && r.kind().equals(kind))
                                .findFirst());
    }

    private List<ApiObject> definitions() {
        return client.list(Resource.CUSTOM_RESOURCE_DEFINITIONS, "", ListOptions.ALL).items();
    }

    private static java.util.stream.Stream<String> versions(ApiObject definition) {
        List<String> served = new ArrayList<>();
        for (JsonNode version : definition.at("/spec/versions")) {
            if (version.path("served").asBoolean()) {
                served.add(version.path("name").asText());
            }
        }
        return served.stream();
    }

    static Resource resource(ApiObject definition, String version) {
        return new Resource(
                definition.text("/spec/group"),
                version,
                definition.text("/spec/names/plural"),
                definition.text("/spec/names/kind"),
                definition.text("/spec/scope").equals("Namespaced"));
    }
}
