package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** Patches that lead from one object without nulls to another. */
final class PatchDiffs {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final BuiltinObjects kinds;

    PatchDiffs(BuiltinObjects kinds) {
        this.kinds = kinds;
    }

    /** RFC 6902: members one by one, lists element by element from their beginning. */
    static ArrayNode json(JsonNode from, JsonNode to) {
        ArrayNode patch = NODES.arrayNode();
        json("", from, to, patch);
        return patch;
    }

    private static void json(String path, JsonNode from, JsonNode to, ArrayNode patch) {
        if (from.isObject() && to.isObject()) {
            from.properties()
                    .forEach(e -> {
                        if (!to.has(e.getKey())) {
                            patch.addObject()
                                    .put("op", "remove")
                                    .put("path", path + escaped(e.getKey()));
                        }
                    });
            to.properties()
                    .forEach(e -> {
                        String at = path + escaped(e.getKey());
                        if (from.has(e.getKey())) {
                            json(at, from.get(e.getKey()), e.getValue(), patch);
                        } else {
                            patch.addObject()
                                    .put("op", "add")
                                    .put("path", at)
                                    .set("value", e.getValue());
                        }
                    });
        } else if (from.isArray() && to.isArray()) {
            for (int i = from.size() - 1; i >= to.size(); i--) {
                patch.addObject().put("op", "remove").put("path", path + "/" + i);
            }
            for (int i = 0; i < to.size(); i++) {
                if (i < from.size()) {
                    json(path + "/" + i, from.get(i), to.get(i), patch);
                } else {
                    patch.addObject()
                            .put("op", "add")
                            .put("path", path + "/-")
                            .set("value", to.get(i));
                }
            }
        } else if (!from.equals(to)) {
            patch.addObject().put("op", "test").put("path", path).set("value", from);
            patch.addObject().put("op", "replace").put("path", path).set("value", to);
        }
    }

    private static String escaped(String name) {
        return "/" + name.replace("~", "~0").replace("/", "~1");
    }

    /** Strategic: as kubectl makes it, with what is deleted named and the order of lists given. */
    ObjectNode strategic(ObjectNode from, ObjectNode to, JsonNode schema) {
        ObjectNode patch = NODES.objectNode();
        from.fieldNames()
                .forEachRemaining(name -> {
                    if (!to.has(name)) {
                        patch.putNull(name);
                    }
                });
        to.properties().forEach(e -> member(from, e.getKey(), e.getValue(), schema, patch));
        return patch;
    }

    private void member(
            ObjectNode from, String name, JsonNode after, JsonNode schema, ObjectNode patch) {
        JsonNode before = from.path(name);
        JsonNode declared = kinds.resolved(schema).path("properties").path(name);
        if (declared.isMissingNode()) {
            declared = kinds.resolved(schema).path("additionalProperties");
        }
        if (before.equals(after)) {
            return;
        }
        String strategy = declared.path("x-kubernetes-patch-strategy").asText();
        boolean merged = strategy.contains("merge");
        boolean replaced = strategy.contains("replace");
        if (!replaced && before instanceof ObjectNode old && after instanceof ObjectNode now) {
            patch.set(name, strategic(old, now, declared));
        } else if (before.isArray() && merged) {
            String key = declared.path("x-kubernetes-patch-merge-key").asText("");
            if (key.isEmpty()) {
                scalars(name, before, after, patch);
            } else {
                elements(name, key, before, after, declared.path("items"), patch);
            }
        } else {
            patch.set(name, after);
        }
    }

    private static void scalars(String name, JsonNode before, JsonNode after, ObjectNode patch) {
        ArrayNode order = patch.putArray("$setElementOrder/" + name);
        ArrayNode added = patch.putArray(name);
        ArrayNode deleted = patch.putArray("$deleteFromPrimitiveList/" + name);
        after.forEach(order::add);
        after.forEach(added::add);
        before.forEach(value -> {
            if (!holds(after, value)) {
                deleted.add(value);
            }
        });
    }

    private static boolean holds(JsonNode list, JsonNode value) {
        for (JsonNode element : list) {
            if (element.equals(value)) {
                return true;
            }
        }
        return false;
    }

    private void elements(
            String name,
            String key,
            JsonNode before,
            JsonNode after,
            JsonNode items,
            ObjectNode patch) {
        Map<JsonNode, ObjectNode> old = new LinkedHashMap<>();
        before.forEach(element -> old.put(element.path(key), (ObjectNode) element));
        ArrayNode order = patch.putArray("$setElementOrder/" + name);
        ArrayNode changed = patch.putArray(name);
        for (JsonNode element : after) {
            JsonNode id = element.path(key);
            order.addObject().set(key, id);
            ObjectNode was = old.remove(id);
            if (was == null) {
                changed.add(element);
            } else if (!was.equals(element)) {
                ObjectNode difference = strategic(was, (ObjectNode) element, items);
                difference.set(key, id);
                changed.add(difference);
            }
        }
        old.keySet().forEach(id -> changed.addObject().put("$patch", "delete").set(key, id));
    }
}
