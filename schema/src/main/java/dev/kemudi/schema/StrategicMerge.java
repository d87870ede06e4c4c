package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/*
 * How a strategic merge goes
 * --------------------------
 * Objects merge member by member, null removes. A list whose schema has patch strategy "merge" merges by its
 * merge key (lists of objects) or as a set (lists of scalars); every other list is replaced. Directives
 * inside the patch:
 *   $patch: replace | merge | delete   on an object, or as an element of a merging list
 *   $retainKeys: [a, b]                members of the target not named are dropped
 *   $deleteFromPrimitiveList/x: […]    values to take out of list x
 *   $setElementOrder/x: […]            the order wanted for list x; elements it does not name keep their
 *                                      place relative to their old neighbours
 * No directive survives into the result.
 */
/** Kubernetes' strategic merge patch. */
final class StrategicMerge {
    private static final String DIRECTIVE = "$patch";
    private static final String RETAIN = "$retainKeys";
    private static final String ORDER = "$setElementOrder/";
    private static final String DELETE = "$deleteFromPrimitiveList/";
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private StrategicMerge() {}

    static ObjectNode merge(ObjectNode target, ObjectNode patch, Schema schema) {
        return mergeObject(target, patch, Optional.of(schema));
    }

    private static ObjectNode mergeObject(
            ObjectNode target, ObjectNode patch, Optional<Schema> schema) {
        switch (directive(patch)) {
            case "replace" -> {
                return addition(patch, schema);
            }
            case "delete" -> {
                return NODES.objectNode();
            }
            default -> {}
        }
        ObjectNode result = target.deepCopy();
        retain(result, patch);
        for (Map.Entry<String, JsonNode> e : patch.properties()) {
            String name = e.getKey();
            if (!isDirective(name)) {
                mergeMember(result, name, e.getValue(), patch, schema);
            } else if (name.startsWith(DELETE) && !patch.has(name.substring(DELETE.length()))) {
                mergeMember(
                        result, name.substring(DELETE.length()), NODES.arrayNode(), patch, schema);
            } else if (name.startsWith(ORDER)
                    && !patch.has(name.substring(ORDER.length()))
                    && !patch.has(DELETE + name.substring(ORDER.length()))) {
                mergeMember(
                        result, name.substring(ORDER.length()), NODES.arrayNode(), patch, schema);
            }
        }
        return result;
    }

    private static void mergeMember(
            ObjectNode result,
            String name,
            JsonNode change,
            ObjectNode patch,
            Optional<Schema> schema) {
        JsonNode present = result.get(name);
        Optional<Schema> member = schema.flatMap(s -> s.member(name));
        if (change.isNull()) {
            result.remove(name);
        } else if (change instanceof ObjectNode object) {
            boolean replace = member.map(m -> m.patchStrategy.contains("replace")).orElse(false);
            if (present instanceof ObjectNode old && !replace) {
                result.set(name, mergeObject(old, object, member));
            } else if (!directive(object).equals("delete")) {
                result.set(name, addition(object, member));
            }
        } else if (change instanceof ArrayNode list && merges(member)) {
            ArrayNode old = present instanceof ArrayNode array ? array : NODES.arrayNode();
            ListChange listChange =
                    new ListChange(
                            name,
                            list,
                            array(patch.get(DELETE + name)),
                            array(patch.get(ORDER + name)),
                            patch.has(ORDER + name));
            ArrayNode merged = mergeList(old, listChange, member.orElseThrow());
            if (present != null || !merged.isEmpty() || patch.has(name)) {
                result.set(name, merged);
            }
        } else if (patch.has(name)) {
            result.set(name, change.deepCopy());
        }
    }

    /** What comes in new: directives, nulls and elements to delete are left out. */
    private static ObjectNode addition(ObjectNode patch, Optional<Schema> schema) {
        return mergeObject(NODES.objectNode(), withoutDirective(patch), schema);
    }

    private static ObjectNode withoutDirective(ObjectNode patch) {
        ObjectNode copy = NODES.objectNode();
        patch.properties()
                .forEach(e -> {
                    if (!e.getKey().equals(DIRECTIVE)) {
                        copy.set(e.getKey(), e.getValue());
                    }
                });
        return copy;
    }

    /** One list's part of the patch. */
    private record ListChange(
            String name,
            ArrayNode elements,
            ArrayNode toDelete,
            ArrayNode order,
            boolean ordered) {}

    private static ArrayNode mergeList(ArrayNode old, ListChange change, Schema schema) {
        Optional<Schema> items = schema.items();
        String mergeKey = schema.patchMergeKey;
        ArrayNode sample =
                !change.elements.isEmpty() ? change.elements : !old.isEmpty() ? old : change.order;
        if (mergeKey.isEmpty() || (!sample.isEmpty() && !sample.get(0).isObject())) {
            return mergeScalars(old, change);
        }
        boolean replace = false;
        for (JsonNode element : change.elements) {
            replace |= element instanceof ObjectNode object && directive(object).equals("replace");
        }
        Keyed merged = new Keyed(mergeKey);
        if (!replace) {
            old.forEach(merged::add);
        }
        for (JsonNode element : change.elements) {
            if (!(element instanceof ObjectNode object)) {
                throw PatchException.malformed(
                        "element of \"" + change.name + "\" must be an object, found: " + element);
            }
            mergeElement(merged, object, change.name, items);
        }
        List<JsonNode> elements = merged.elements();
        return arrayOf(change.ordered ? ordered(elements, old, change.order, mergeKey) : elements);
    }

    private static void mergeElement(
            Keyed merged, ObjectNode element, String listName, Optional<Schema> items) {
        String directive = directive(element);
        JsonNode key = element.get(merged.mergeKey);
        if (directive.equals("replace") && key == null) {
            return; // a bare {$patch: replace} only says that the list starts empty
        }
        if (key == null || key.isNull()) {
            throw PatchException.malformed(
                    "element of \"%s\" does not contain its merge key \"%s\": %s"
                            .formatted(listName, merged.mergeKey, element));
        }
        if (directive.equals("delete")) {
            merged.delete(key);
        } else if (merged.find(key) instanceof ObjectNode present) {
            merged.replace(key, mergeObject(present, element, items));
        } else {
            merged.add(addition(element, items));
        }
    }

    /**
     * A list with its elements found by merge key; where live has a key twice, the first one
     * counts.
     */
    private static final class Keyed {
        private final String mergeKey;
        private final List<JsonNode> slots = new ArrayList<>();
        private final Map<JsonNode, List<Integer>> places = new HashMap<>();

        Keyed(String mergeKey) {
            this.mergeKey = mergeKey;
        }

        void add(JsonNode element) {
            places.computeIfAbsent(element.path(mergeKey), k -> new ArrayList<>(1))
                    .add(slots.size());
            slots.add(element);
        }

        JsonNode find(JsonNode key) {
            List<Integer> found = places.getOrDefault(key, List.of());
            return found.isEmpty() ? MissingNode.getInstance() : slots.get(found.getFirst());
        }

        void replace(JsonNode key, JsonNode element) {
            slots.set(places.getOrDefault(key, List.of()).getFirst(), element);
        }

        void delete(JsonNode key) {
            places.getOrDefault(key, List.of())
                    .forEach(place -> slots.set(place, MissingNode.getInstance()));
            places.remove(key);
        }

        List<JsonNode> elements() {
            return slots.stream().filter(slot -> !slot.isMissingNode()).toList();
        }
    }

    private static ArrayNode mergeScalars(ArrayNode old, ListChange change) {
        Set<JsonNode> gone = new HashSet<>();
        change.toDelete.forEach(gone::add);
        Set<JsonNode> union = new LinkedHashSet<>();
        old.forEach(union::add);
        union.removeAll(gone);
        change.elements.forEach(union::add);
        List<JsonNode> merged = List.copyOf(union);
        return arrayOf(change.ordered ? ordered(merged, old, change.order, "") : merged);
    }

    /**
     * Elements named by {@code order} stand in its order; the others keep their old order and stand
     * before the first ordered element that used to follow them.
     */
    private static List<JsonNode> ordered(
            List<JsonNode> merged, ArrayNode old, ArrayNode order, String mergeKey) {
        Map<JsonNode, Integer> wanted = places(order, mergeKey);
        Map<JsonNode, Integer> before = places(old, mergeKey);
        List<JsonNode> named = new ArrayList<>();
        List<JsonNode> others = new ArrayList<>();
        merged.forEach(m -> (wanted.containsKey(identity(m, mergeKey)) ? named : others).add(m));
        named.sort(Comparator.comparingInt(m -> wanted.getOrDefault(identity(m, mergeKey), 0)));
        List<JsonNode> result = new ArrayList<>(merged.size());
        int next = 0;
        for (JsonNode element : named) {
            int place = before.getOrDefault(identity(element, mergeKey), -1);
            while (next < others.size()
                    && before.getOrDefault(identity(others.get(next), mergeKey), Integer.MAX_VALUE)
                            < place) {
                result.add(others.get(next++));
            }
            result.add(element);
        }
        result.addAll(others.subList(next, others.size()));
        return result;
    }

    private static Map<JsonNode, Integer> places(ArrayNode elements, String mergeKey) {
        Map<JsonNode, Integer> places = new HashMap<>();
        for (int i = 0; i < elements.size(); i++) {
            places.putIfAbsent(identity(elements.get(i), mergeKey), i);
        }
        return places;
    }

    private static JsonNode identity(JsonNode element, String mergeKey) {
        return mergeKey.isEmpty() ? element : element.path(mergeKey);
    }

    private static void retain(ObjectNode result, ObjectNode patch) {
        if (!patch.has(RETAIN)) {
            return;
        }
        if (!(patch.get(RETAIN) instanceof ArrayNode keys)) {
            throw PatchException.malformed(
                    "$retainKeys must be an array, found: " + patch.get(RETAIN));
        }
        List<String> retained = Schema.texts(keys);
        for (Map.Entry<String, JsonNode> e : patch.properties()) {
            boolean sets = !isDirective(e.getKey()) && !e.getValue().isNull();
            if (sets && !retained.contains(e.getKey())) {
                throw PatchException.malformed(
                        "$retainKeys "
                                + keys
                                + " does not name \""
                                + e.getKey()
                                + "\", which the patch sets");
            }
        }
        result.retain(retained);
    }

    private static String directive(ObjectNode patch) {
        JsonNode directive = patch.get(DIRECTIVE);
        if (directive == null) {
            return "merge";
        }
        String word = directive.asText();
        if (!Set.of("merge", "replace", "delete").contains(word)) {
            throw PatchException.malformed(
                    "$patch must be replace, delete or merge, found: " + directive);
        }
        return word;
    }

    private static boolean isDirective(String name) {
        return name.equals(DIRECTIVE)
                || name.equals(RETAIN)
                || name.startsWith(ORDER)
                || name.startsWith(DELETE);
    }

    private static boolean merges(Optional<Schema> list) {
        return list.map(l -> l.patchStrategy.contains("merge")).orElse(false);
    }

    private static ArrayNode array(@org.jspecify.annotations.Nullable JsonNode node) {
        return node instanceof ArrayNode array ? array : NODES.arrayNode();
    }

    private static ArrayNode arrayOf(List<JsonNode> elements) {
        ArrayNode array = NODES.arrayNode();
        elements.forEach(e -> array.add(e.deepCopy()));
        return array;
    }
}
