package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Brings trees into the shape that a schema gives: unknown fields found or cut off, defaults filled
 * in.
 */
final class Shaping {
    private Shaping() {}

    static void collectUnknown(
            JsonNode value, Schema declared, FieldPath path, List<String> unknown) {
        Schema schema = declared.resolved();
        if (value.isObject()) {
            value.properties()
                    .forEach(e -> {
                        String name = e.getKey();
                        var member = schema.member(name);
                        if (member.isPresent()) {
                            FieldPath where =
                                    schema.declares(name) ? path.child(name) : path.key(name);
                            collectUnknown(e.getValue(), member.get(), where, unknown);
                        } else if (!schema.open()) {
                            unknown.add(path.child(name).toString());
                        }
                    });
        } else if (value.isArray()) {
            schema.items()
                    .ifPresent(items -> {
                        for (int i = 0; i < value.size(); i++) {
                            collectUnknown(value.get(i), items, path.index(i), unknown);
                        }
                    });
        }
    }

    static void prune(JsonNode value, Schema declared) {
        Schema schema = declared.resolved();
        if (value instanceof ObjectNode object) {
            for (String name : names(object)) {
                var member = schema.member(name);
                JsonNode child = object.path(name);
                if (member.isPresent()) {
                    boolean absent = child.isNull() && schema.nullsAbsent;
                    if (absent) {
                        object.remove(name);
                    } else {
                        prune(child, member.get());
                    }
                } else if (!schema.open()) {
                    object.remove(name);
                }
            }
        } else if (value.isArray()) {
            schema.items().ifPresent(items -> value.forEach(element -> prune(element, items)));
        }
    }

    static void applyDefaults(JsonNode value, Schema declared) {
        Schema schema = declared.resolved();
        if (value instanceof ObjectNode object) {
            for (Map.Entry<String, Schema> property : schema.properties().entrySet()) {
                JsonNode present = object.get(property.getKey());
                Schema target = property.getValue();
                // A null where null may not stand is what defaulting replaces (Kubernetes prunes
                // it, then defaults).
                boolean fill = present == null || (present.isNull() && !nullable(target));
                if (fill) {
                    target.defaultValue()
                            .ifPresent(d -> object.set(property.getKey(), d.deepCopy()));
                }
            }
            for (String name : names(object)) {
                schema.member(name).ifPresent(member -> applyDefaults(object.path(name), member));
            }
        } else if (value.isArray()) {
            schema.items()
                    .ifPresent(items -> value.forEach(element -> applyDefaults(element, items)));
        }
    }

    private static boolean nullable(Schema schema) {
        return schema.nullable || schema.resolved().nullable;
    }

    private static List<String> names(ObjectNode object) {
        List<String> names = new ArrayList<>(object.size());
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
