package dev.kemudi.kinds;

import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import dev.kemudi.api.ResourceDefinition.Column;
import dev.kemudi.api.ResourceDefinition.Scale;
import dev.kemudi.api.Strategy;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Puts a {@link ResourceDefinition} together by name instead of by position. */
record Kind(
        Resource resource,
        List<String> shortNames,
        List<String> categories,
        boolean status,
        Optional<Scale> scale) {
    static Kind of(Resource resource, String... shortNames) {
        return new Kind(resource, List.of(shortNames), List.of(), false, Optional.empty());
    }

    Kind categories(String... names) {
        return new Kind(resource, shortNames, List.of(names), status, scale);
    }

    Kind withStatus() {
        return new Kind(resource, shortNames, categories, true, scale);
    }

    Kind withScale() {
        Scale replicas = new Scale("/spec/replicas", "/status/replicas", "/spec/selector");
        return new Kind(resource, shortNames, categories, status, Optional.of(replicas));
    }

    ResourceDefinition columns(List<Column> columns, Strategy strategy) {
        String singular = resource.kind().toLowerCase(Locale.ROOT);
        return new ResourceDefinition(
                resource, singular, shortNames, categories, status, scale, columns, strategy);
    }
}
