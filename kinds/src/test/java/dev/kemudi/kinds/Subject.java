package dev.kemudi.kinds;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Resource;
import dev.kemudi.api.ResourceDefinition;
import dev.kemudi.api.ResourceDefinition.Column;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One kind under test, driven the way the API server drives it. JSON is written with single quotes.
 */
record Subject(ResourceDefinition kind) {
    static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");

    static Subject of(Resource resource) {
        return new Subject(
                BuiltinKinds.all().stream()
                        .filter(k -> k.resource().equals(resource))
                        .findFirst()
                        .orElseThrow());
    }

    static ApiObject json(String text) {
        return ApiObject.parse(text.replace('\'', '"'));
    }

    ApiObject defaulted(String text) {
        return json(text).edit(kind.strategy()::applyDefaults);
    }

    /** As stored by a create: defaults, then what a creator may not choose. */
    ApiObject created(String text) {
        return defaulted(text).edit(kind.strategy()::prepareForCreate);
    }

    List<String> wrong(String text) {
        return wrong(created(text), Optional.empty());
    }

    List<String> wrongChange(ApiObject old, ApiObject changed) {
        ObjectNode copy = changed.tree().deepCopy();
        kind.strategy().applyDefaults(copy);
        kind.strategy().prepareForUpdate(copy, old);
        return wrong(ApiObject.of(copy), Optional.of(old));
    }

    private List<String> wrong(ApiObject object, Optional<ApiObject> old) {
        return kind.strategy().validate(object, old).stream()
                .map(c -> c.field() + ": " + c.message())
                .toList();
    }

    /** The row of the table, as {@code kubectl get} shows it. */
    List<Object> row(ApiObject object) {
        return cells(object, 0);
    }

    List<Object> wideRow(ApiObject object) {
        return cells(object, 1);
    }

    List<String> header(int priorityMax) {
        return kind.columns().stream()
                .filter(c -> c.priority() <= priorityMax)
                .map(c -> c.name().toUpperCase(Locale.ROOT))
                .toList();
    }

    private List<Object> cells(ApiObject object, int priorityMax) {
        return kind.columns().stream()
                .filter(c -> c.priority() <= priorityMax)
                .map((Column c) -> c.value().apply(object, NOW))
                .toList();
    }
}
