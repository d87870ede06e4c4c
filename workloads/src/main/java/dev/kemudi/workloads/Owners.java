package dev.kemudi.workloads;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kemudi.api.ApiObject;
import dev.kemudi.api.OwnerReference;
import java.util.function.Predicate;

/**
 * Changes to {@code metadata.ownerReferences} and {@code metadata.finalizers} of a tree that is
 * one's own copy.
 */
final class Owners {
    private Owners() {}

    static void remove(ObjectNode tree, Predicate<OwnerReference> which) {
        ObjectNode metadata = tree.withObjectProperty("metadata");
        ArrayNode kept = metadata.arrayNode();
        JsonNode references = metadata.path("ownerReferences");
        var owners = ApiObject.of(tree).ownerReferences();
        for (int i = 0; i < owners.size(); i++) {
            if (!which.test(owners.get(i))) {
                kept.add(references.get(i));
            }
        }
        if (kept.isEmpty()) {
            metadata.remove("ownerReferences");
        } else {
            metadata.set("ownerReferences", kept);
        }
    }

    static void removeFinalizer(ObjectNode tree, String finalizer) {
        ObjectNode metadata = tree.withObjectProperty("metadata");
        ArrayNode kept = metadata.arrayNode();
        metadata.path("finalizers")
                .forEach(f -> {
                    if (!f.asText().equals(finalizer)) {
                        kept.add(f);
                    }
                });
        metadata.set("finalizers", kept);
    }
}
