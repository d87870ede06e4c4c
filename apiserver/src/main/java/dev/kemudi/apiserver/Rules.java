package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.cel.ValidationRules;
import dev.kemudi.schema.Schema;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What the schema of one kind says. Built-in kinds have their defaults from their strategy, custom
 * ones from here.
 *
 * @param openApi what a CustomResourceDefinition says, missing for built-in kinds
 * @param expressions the schema's validation rules, compiled at first use; none for most kinds
 * @param lazy the schema, made at first use: schemas of kinds that nobody writes are never loaded
 */
record Rules(
        Supplier<Schema> lazy,
        boolean defaulting,
        JsonNode openApi,
        Optional<Supplier<ValidationRules>> expressions) {
    Schema schema() {
        return lazy.get();
    }

    List<String> unknownFields(ObjectNode tree) {
        return schema().unknownFields(tree);
    }

    ObjectNode pruned(ObjectNode tree) {
        return schema().prune(tree);
    }

    void applyDefaults(ObjectNode tree) {
        if (defaulting) {
            schema().applyDefaults(tree);
        }
    }

    /** Rules are asked about objects that fit the schema only, as in Kubernetes. */
    List<Cause> validate(ObjectNode tree, Optional<ApiObject> old) {
        List<Cause> causes = schema().validate(tree);
        return causes.isEmpty() && expressions.isPresent()
                ? expressions.get().get().validate(tree, old.map(ApiObject::tree))
                : causes;
    }
}
