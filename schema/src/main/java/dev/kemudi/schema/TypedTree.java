package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/*
 * Trees seen through their schema
 * -------------------------------
 * Every value is one of:
 *   leaf     a scalar, a list or map declared atomic, and any list whose schema does not say map or set:
 *            owned whole
 *   granular an object: its members are owned one by one
 *   keyed    a list of type map: elements are told apart by their key fields, owned one by one
 *   set      a list of type set: values are owned one by one
 * A list that breaks its own declaration (a key missing or twice) is treated as a leaf, so that live objects
 * written before their schema was tightened can still be merged. Values without a schema (preserved unknown
 * fields) are deduced: objects granular, lists atomic.
 *
 * What a value's set of fields holds follows structured-merge-diff: leaves; elements of keyed lists and of
 * sets; keys of maps; declared struct fields only when they are leaves or empty. Filling or emptying a struct
 * changes what is in it, not the struct: who owned it while it was empty keeps it.
 */
/** Field sets, merging, comparing and removing over trees with their schemas. Pure functions. */
final class TypedTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private TypedTree() {}

    private enum Shape {
        LEAF,
        GRANULAR,
        KEYED,
        SET
    }

    private static Shape shape(JsonNode value, Optional<Schema> declared) {
        if (value.isObject()) {
            return declared.map(TypedTree::atomicMap).orElse(false) ? Shape.LEAF : Shape.GRANULAR;
        }
        if (!value.isArray() || declared.isEmpty()) {
            return Shape.LEAF;
        }
        Schema schema = declared.get().resolved();
        return switch (schema.listType) {
            case "map" -> elements(value, schema).isPresent() ? Shape.KEYED : Shape.LEAF;
            case "set" -> uniqueScalars(value) ? Shape.SET : Shape.LEAF;
            default -> Shape.LEAF;
        };
    }

    private static boolean atomicMap(Schema declared) {
        String mapType =
                declared.mapType.isEmpty() ? declared.resolved().mapType : declared.mapType;
        Schema body = declared.resolved();
        return mapType.equals("atomic") || (body.untyped() && !body.preserveUnknown);
    }

    private static boolean uniqueScalars(JsonNode list) {
        Set<String> seen = new HashSet<>();
        for (JsonNode value : list) {
            if (value.isContainerNode() || !seen.add(PathElements.value(value))) {
                return false;
            }
        }
        return true;
    }

    /**
     * The elements of a keyed list by their path elements, in order; empty when keys are missing or
     * not unique.
     */
    private static Optional<Map<String, JsonNode>> elements(JsonNode list, Schema schema) {
        Map<String, JsonNode> elements = new LinkedHashMap<>();
        for (JsonNode element : list) {
            if (!element.isObject()) {
                return Optional.empty();
            }
            ObjectNode key = ListKeys.of(element, schema);
            if (key.isEmpty() || elements.put(PathElements.key(key), element) != null) {
                return Optional.empty();
            }
        }
        return Optional.of(elements);
    }

    private static Map<String, JsonNode> keyed(JsonNode list, Optional<Schema> declared) {
        return elements(list, declared.orElseThrow().resolved()).orElseThrow();
    }

    private static Optional<Schema> member(Optional<Schema> declared, String name) {
        return declared.flatMap(s -> s.member(name));
    }

    private static Optional<Schema> items(Optional<Schema> declared) {
        return declared.flatMap(Schema::items);
    }

    /** The first list that breaks its own declaration, and how; empty when none does. */
    static Optional<String> misshapen(JsonNode value, Optional<Schema> declared, String path) {
        if (value.isArray() && declared.isPresent()) {
            Optional<String> wrong = misshapenList(value, declared.get().resolved(), path);
            if (wrong.isPresent()) {
                return wrong;
            }
        }
        int index = 0;
        for (JsonNode element : value.isArray() ? value : NODES.arrayNode()) {
            Optional<String> wrong =
                    misshapen(element, items(declared), path + "[" + index++ + "]");
            if (wrong.isPresent()) {
                return wrong;
            }
        }
        for (Map.Entry<String, JsonNode> e : value.properties()) {
            Optional<String> wrong =
                    misshapen(e.getValue(), member(declared, e.getKey()), path + "." + e.getKey());
            if (wrong.isPresent()) {
                return wrong;
            }
        }
        return Optional.empty();
    }

    private static Optional<String> misshapenList(JsonNode list, Schema schema, String path) {
        boolean keyed = schema.listType.equals("map");
        if (!keyed && !schema.listType.equals("set")) {
            return Optional.empty();
        }
        Set<String> seen = new HashSet<>();
        for (JsonNode element : list) {
            ObjectNode key = ListKeys.of(element, schema);
            if (keyed && key.isEmpty()) {
                return Optional.of(
                        ("%s: element %d: associative list with keys has an element that omits key field"
                                        + " %s (and doesn't have default value)")
                                .formatted(
                                        path, seen.size(), String.join(", ", schema.listMapKeys)));
            }
            String identity = keyed ? PathElements.key(key) : PathElements.value(element);
            if (!seen.add(identity)) {
                return Optional.of(
                        "%s: duplicate entries for key %s"
                                .formatted(path, PathElements.readable(identity)));
            }
        }
        return Optional.empty();
    }

    /** The set of all fields that {@code value} holds. */
    static FieldSet fields(JsonNode value, Optional<Schema> declared) {
        TreeMap<String, FieldSet> children = new TreeMap<>();
        switch (shape(value, declared)) {
            case LEAF -> {
                return FieldSet.LEAF;
            }
            case GRANULAR ->
                    value.properties()
                            .forEach(e ->
                                    children.put(
                                            PathElements.field(e.getKey()),
                                            memberFields(e.getKey(), e.getValue(), declared)));
            case KEYED ->
                    keyed(value, declared)
                            .forEach((key, element) ->
                                    children.put(key, fields(element, items(declared)).asMember()));
            case SET -> value.forEach(v -> children.put(PathElements.value(v), FieldSet.LEAF));
        }
        return FieldSet.of(false, children);
    }

    private static FieldSet memberFields(String name, JsonNode value, Optional<Schema> declared) {
        FieldSet below = fields(value, member(declared, name));
        boolean itself = isVoid(value) || !declared.map(s -> s.declares(name)).orElse(false);
        return itself ? below.asMember() : below;
    }

    private static boolean isVoid(JsonNode value) {
        return value.isNull() || (value.isObject() && value.isEmpty());
    }

    /** {@code applied} laid over {@code live}; a new tree. */
    static JsonNode merge(JsonNode live, JsonNode applied, Optional<Schema> declared) {
        Shape shape = shape(applied, declared);
        if (shape != shape(live, declared)) {
            return applied.deepCopy();
        }
        return switch (shape) {
            case LEAF -> applied.deepCopy();
            case GRANULAR -> mergeObjects((ObjectNode) live, (ObjectNode) applied, declared);
            case KEYED ->
                    mergeLists(keyed(live, declared), keyed(applied, declared), items(declared));
            case SET -> mergeLists(values(live), values(applied), items(declared));
        };
    }

    private static ObjectNode mergeObjects(
            ObjectNode live, ObjectNode applied, Optional<Schema> declared) {
        ObjectNode merged = live.deepCopy();
        applied.properties()
                .forEach(e -> {
                    JsonNode present = live.get(e.getKey());
                    JsonNode value =
                            present == null
                                    ? e.getValue().deepCopy()
                                    : merge(present, e.getValue(), member(declared, e.getKey()));
                    merged.set(e.getKey(), value);
                });
        return merged;
    }

    private static Map<String, JsonNode> values(JsonNode list) {
        Map<String, JsonNode> values = new LinkedHashMap<>();
        list.forEach(v -> values.put(PathElements.value(v), v));
        return values;
    }

    /**
     * The applied order rules among what both have; elements that only live has stay where they
     * were between those, and in front of what is new. Source: structured-merge-diff v4.
     */
    private static ArrayNode mergeLists(
            Map<String, JsonNode> live, Map<String, JsonNode> applied, Optional<Schema> items) {
        ArrayNode merged = NODES.arrayNode();
        List<Map.Entry<String, JsonNode>> before = new ArrayList<>(live.entrySet());
        Deque<String> shared =
                new ArrayDeque<>(applied.keySet().stream().filter(live::containsKey).toList());
        int next = 0;
        for (Map.Entry<String, JsonNode> e : applied.entrySet()) {
            JsonNode present = live.get(e.getKey());
            while (next < before.size()
                    && !(present == null && before.get(next).getKey().equals(shared.peek()))
                    && !before.get(next).getKey().equals(e.getKey())) {
                addUnlessApplied(merged, before.get(next++), applied);
            }
            if (present != null) {
                shared.poll();
            }
            merged.add(
                    present == null
                            ? e.getValue().deepCopy()
                            : merge(present, e.getValue(), items));
        }
        before.subList(next, before.size()).forEach(e -> addUnlessApplied(merged, e, applied));
        return merged;
    }

    private static void addUnlessApplied(
            ArrayNode merged, Map.Entry<String, JsonNode> element, Map<String, JsonNode> applied) {
        if (!applied.containsKey(element.getKey())) {
            merged.add(element.getValue().deepCopy());
        }
    }

    /**
     * {@code value} without the fields in {@code gone}; a new tree. Structs left empty go too,
     * unless in {@code kept}.
     */
    static JsonNode remove(
            JsonNode value, FieldSet gone, FieldSet kept, Optional<Schema> declared) {
        if (!gone.hasChildren()) {
            return value.deepCopy();
        }
        return switch (shape(value, declared)) {
            case LEAF -> value.deepCopy();
            case GRANULAR -> removeMembers(value, gone, kept, declared);
            case KEYED -> {
                ArrayNode rest = NODES.arrayNode();
                keyed(value, declared)
                        .forEach((key, element) -> {
                            FieldSet below = gone.child(key);
                            if (!below.member()) {
                                rest.add(remove(element, below, kept.child(key), items(declared)));
                            }
                        });
                yield rest;
            }
            case SET -> {
                ArrayNode rest = NODES.arrayNode();
                values(value)
                        .forEach((key, element) -> {
                            if (!gone.child(key).member()) {
                                rest.add(element.deepCopy());
                            }
                        });
                yield rest;
            }
        };
    }

    private static ObjectNode removeMembers(
            JsonNode value, FieldSet gone, FieldSet kept, Optional<Schema> declared) {
        ObjectNode rest = NODES.objectNode();
        value.properties()
                .forEach(e -> {
                    String element = PathElements.field(e.getKey());
                    FieldSet below = gone.child(element);
                    if (below.member()) {
                        return;
                    }
                    JsonNode left =
                            remove(
                                    e.getValue(),
                                    below,
                                    kept.child(element),
                                    member(declared, e.getKey()));
                    boolean emptied =
                            left.isEmpty() && left.isContainerNode() && !e.getValue().isEmpty();
                    if (!emptied || kept.child(element).member()) {
                        rest.set(e.getKey(), left);
                    }
                });
        return rest;
    }

    /** What changed from one tree to the next, as field sets. */
    record Comparison(FieldSet added, FieldSet modified, FieldSet removed) {
        private static final Comparison NONE =
                new Comparison(FieldSet.EMPTY, FieldSet.EMPTY, FieldSet.EMPTY);

        FieldSet changed() {
            return added.union(modified);
        }

        Comparison without(FieldSet ignored) {
            return new Comparison(
                    added.without(ignored), modified.without(ignored), removed.without(ignored));
        }
    }

    static Comparison compare(JsonNode before, JsonNode after, Optional<Schema> declared) {
        if (before == after) {
            return Comparison.NONE;
        }
        Shape shape = shape(after, declared);
        if (shape == Shape.LEAF || shape != shape(before, declared)) {
            boolean same = same(before, after);
            return same ? Comparison.NONE : replaced(before, after, declared);
        }
        return switch (shape) {
            case GRANULAR -> new Differences(declared).ofObjects(before, after);
            case KEYED ->
                    new Differences(declared)
                            .ofElements(keyed(before, declared), keyed(after, declared));
            case SET -> new Differences(declared).ofElements(values(before), values(after));
            case LEAF -> Comparison.NONE;
        };
    }

    private static Comparison replaced(JsonNode before, JsonNode after, Optional<Schema> declared) {
        FieldSet had = fields(before, declared);
        FieldSet has = fields(after, declared);
        FieldSet both = has.intersection(had);
        return new Comparison(has.difference(both), both, had.difference(both));
    }

    /** Gathers the differences of two granular values. */
    private static final class Differences {
        private final Optional<Schema> declared;
        private final TreeMap<String, FieldSet> added = new TreeMap<>();
        private final TreeMap<String, FieldSet> modified = new TreeMap<>();
        private final TreeMap<String, FieldSet> removed = new TreeMap<>();

        Differences(Optional<Schema> declared) {
            this.declared = declared;
        }

        Comparison ofObjects(JsonNode before, JsonNode after) {
            after.properties()
                    .forEach(e -> {
                        String element = PathElements.field(e.getKey());
                        JsonNode old = before.get(e.getKey());
                        if (old == null) {
                            added.put(element, memberFields(e.getKey(), e.getValue(), declared));
                        } else {
                            put(element, compare(old, e.getValue(), member(declared, e.getKey())));
                        }
                    });
            before.properties()
                    .forEach(e -> {
                        if (!after.has(e.getKey())) {
                            FieldSet gone = memberFields(e.getKey(), e.getValue(), declared);
                            removed.put(PathElements.field(e.getKey()), gone.wholly());
                        }
                    });
            return comparison();
        }

        Comparison ofElements(Map<String, JsonNode> before, Map<String, JsonNode> after) {
            after.forEach((key, element) -> {
                JsonNode old = before.get(key);
                if (old == null) {
                    added.put(key, fields(element, items(declared)).asMember());
                } else {
                    put(key, compare(old, element, items(declared)));
                }
            });
            before.forEach((key, element) -> {
                if (!after.containsKey(key)) {
                    removed.put(key, fields(element, items(declared)).wholly());
                }
            });
            return comparison();
        }

        private void put(String element, Comparison below) {
            added.put(element, below.added);
            modified.put(element, below.modified);
            removed.put(element, below.removed);
        }

        private Comparison comparison() {
            return new Comparison(
                    FieldSet.of(false, added),
                    FieldSet.of(false, modified),
                    FieldSet.of(false, removed));
        }
    }

    /** Equal as JSON values: numbers by value, whatever class holds them. */
    static boolean same(JsonNode a, JsonNode b) {
        return a.equals(
                (x, y) ->
                        x.isNumber() && y.isNumber()
                                ? x.decimalValue().compareTo(y.decimalValue())
                                : (x.equals(y) ? 0 : 1),
                b);
    }
}
