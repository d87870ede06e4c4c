package dev.kemudi.schema;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** The members that every API object has, wherever it is embedded. */
final class EmbeddedResource {
    static final String OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    private EmbeddedResource() {}

    static Optional<Schema> member(String name, Schema.Definitions definitions) {
        return switch (name) {
            case "apiVersion", "kind" -> Optional.of(Schema.compile(text(), definitions, false));
            case "metadata" -> Optional.of(definitions.definition(OBJECT_META));
            default -> Optional.empty();
        };
    }

    /** Stands in for ObjectMeta where the built-in definitions are not at hand. */
    static ObjectNode openObject() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("type", "object")
                .put("x-kubernetes-preserve-unknown-fields", true);
    }

    private static ObjectNode text() {
        return JsonNodeFactory.instance.objectNode().put("type", "string");
    }
}
