package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.TreeSet;

/** What tells the elements of a list of type {@code map} apart. */
final class ListKeys {
    private ListKeys() {}

    /**
     * The key fields of {@code element}, in name order, with the schema's defaults for those left
     * out.
     */
    static ObjectNode of(JsonNode element, Schema list) {
        ObjectNode key = JsonNodeFactory.instance.objectNode();
        for (String name : new TreeSet<>(list.listMapKeys)) {
            JsonNode value = element.get(name);
            if (value != null && !value.isNull()) {
                key.set(name, value);
            } else {
                list.items()
                        .flatMap(items -> items.member(name))
                        .flatMap(Schema::defaultValue)
                        .ifPresent(value2 -> key.set(name, value2));
            }
        }
        return key;
    }
}
