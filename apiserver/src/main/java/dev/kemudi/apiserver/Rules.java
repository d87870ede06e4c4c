package dev.kemudi.apiserver;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.Status.Cause;
import dev.kemudi.schema.Schema;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What the schema of one kind says, if it has one. Built-in kinds keep unknown fields out as custom ones do; they have
 * their defaults from their strategy.
 *
 * @param schema made at first use: schemas of kinds that nobody writes are never loaded
 */
record Rules(Supplier<Optional<Schema>> schema, boolean custom) {
    /** A kind without a schema: anything goes. */
    static final Rules OPEN = new Rules(Optional::empty, false);

    List<String> unknownFields(ObjectNode tree) {
        return schema.get().map(s -> s.unknownFields(tree)).orElse(List.of());
    }

    ObjectNode pruned(ObjectNode tree) {
        return schema.get().map(s -> s.prune(tree)).orElse(tree);
    }

    void applyDefaults(ObjectNode tree) {
        schema.get().ifPresent(s -> s.applyDefaults(tree));
    }

    List<Cause> validate(ObjectNode tree) {
        return schema.get().map(s -> s.validate(tree)).orElse(List.of());
    }
}
