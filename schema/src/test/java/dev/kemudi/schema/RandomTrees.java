package dev.kemudi.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;

/** Seeded random JSON objects: free ones, and ones that fit the schema of {@link #SCHEMA}. */
final class RandomTrees {
    /** One of each shape that ownership tells apart. */
    static final Schema SCHEMA =
            Schema.compile(
                    Trees.node(
                            "{'type':'object','properties':{'apiVersion':{'type':'string'},"
                                    + "'kind':{'type':'string'},'metadata':{'type':'object',"
                                    + "'properties':{'name':{'type':'string'},'labels':{'type':"
                                    + "'object','additionalProperties':{'type':'string'}},"
                                    + "'managedFields':{'type':'array','items':{'type':'object',"
                                    + "'x-kubernetes-preserve-unknown-fields':true}}}},"
                                    + "'spec':{'type':'object','properties':{'n':{'type':'integer'},"
                                    + "'s':{'type':'string'},'deep':{'type':'object',"
                                    + "'properties':{'x':{'type':'string'},'y':{'type':'integer'}}},"
                                    + "'map':{'type':'object','additionalProperties':{'type':'string'}},"
                                    + "'atomic':{'type':'object',"
                                    + "'x-kubernetes-map-type':'atomic',"
                                    + "'additionalProperties':{'type':'string'}},'list':{'type':'array',"
                                    + "'items':{"
                                    + "'type':'integer'}},'set':{'type':'array',"
                                    + "'x-kubernetes-list-type':'set','items':{'type':'string'}},'items':{"
                                    + "'type':'array','x-kubernetes-list-type':'map',"
                                    + "'x-kubernetes-list-map-keys':['name'],'items':{'type':'object',"
                                    + "'properties':{'name':{'type':'string'},'v':{'type':'integer'},"
                                    + "'w':{'type':'string'}}}}}}}}"));

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String[] NAMES = {"a", "b", "c", "d"};

    private final Random random;

    RandomTrees(Random random) {
        this.random = random;
    }

    ObjectNode object(int depth) {
        ObjectNode object = NODES.objectNode();
        for (String name : new String[] {"a", "b", "l"}) {
            if (random.nextBoolean()) {
                object.set(name, value(depth - 1));
            }
        }
        return object;
    }

    private JsonNode value(int depth) {
        return switch (random.nextInt(depth > 0 ? 5 : 3)) {
            case 0 -> NODES.numberNode(random.nextInt(5));
            case 1 -> NODES.textNode(name());
            case 2 -> NODES.booleanNode(random.nextBoolean());
            case 3 -> object(depth);
            default -> {
                ArrayNode array = NODES.arrayNode();
                for (int i = random.nextInt(3); i > 0; i--) {
                    array.add(value(depth - 1));
                }
                yield array;
            }
        };
    }

    private String name() {
        return NAMES[random.nextInt(NAMES.length)];
    }

    /** An object that fits {@link #SCHEMA}, each part present half of the time. */
    ObjectNode fitting() {
        ObjectNode object = NODES.objectNode().put("apiVersion", "e.io/v1").put("kind", "E");
        ObjectNode metadata = object.putObject("metadata").put("name", "x");
        if (random.nextBoolean()) {
            strings(metadata.putObject("labels"));
        }
        ObjectNode spec = object.putObject("spec");
        if (random.nextBoolean()) {
            spec.put("n", random.nextInt(3));
        }
        if (random.nextBoolean()) {
            spec.put("s", name());
        }
        if (random.nextBoolean()) {
            spec.putObject("deep").put("x", name());
        }
        if (random.nextBoolean()) {
            strings(spec.putObject("map"));
        }
        if (random.nextBoolean()) {
            strings(spec.putObject("atomic"));
        }
        if (random.nextBoolean()) {
            spec.putArray("list").add(random.nextInt(3));
        }
        if (random.nextBoolean()) {
            subset().forEach(spec.putArray("set")::add);
        }
        if (random.nextBoolean()) {
            ArrayNode items = spec.putArray("items");
            subset().forEach(n -> items.addObject().put("name", n).put("v", random.nextInt(3)));
        }
        return object;
    }

    private void strings(ObjectNode map) {
        subset().forEach(n -> map.put(n, name()));
    }

    private java.util.List<String> subset() {
        return java.util.Arrays.stream(NAMES).filter(n -> random.nextBoolean()).toList();
    }

    /** The merge patch that leads from one object without nulls to another. */
    static ObjectNode mergePatch(ObjectNode from, ObjectNode to) {
        ObjectNode patch = NODES.objectNode();
        from.fieldNames()
                .forEachRemaining(n -> {
                    if (!to.has(n)) {
                        patch.putNull(n);
                    }
                });
        to.properties()
                .forEach(e -> {
                    JsonNode old = from.get(e.getKey());
                    if (old instanceof ObjectNode before
                            && e.getValue() instanceof ObjectNode after) {
                        patch.set(e.getKey(), mergePatch(before, after));
                    } else if (!e.getValue().equals(old)) {
                        patch.set(e.getKey(), e.getValue());
                    }
                });
        return patch;
    }
}
